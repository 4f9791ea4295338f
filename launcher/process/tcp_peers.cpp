// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/tcp_peers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view established = "01";
constexpr std::size_t word_digits = 8;

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return words;
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// "0200120C6:0016" -> the address: words of 32 bits, each as this machine holds it in memory.
std::optional<std::string> parse_address(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find(':'));
  std::array<std::uint32_t, 4> words{};
  if (digits.size() != word_digits && digits.size() != word_digits * words.size()) return {};
  for (std::size_t i = 0; i * word_digits < digits.size(); ++i) {
    const char* begin = digits.data() + i * word_digits;
    const auto [end, error] = std::from_chars(begin, begin + word_digits, words[i], 16);
    if (error != std::errc() || end != begin + word_digits) return {};
  }
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (digits.size() == word_digits)
    return inet_ntop(AF_INET, words.data(), shown.data(), shown.size()) == nullptr
               ? std::optional<std::string>()
               : shown.data();
  in6_addr address{};
  std::memcpy(&address, words.data(), sizeof address);
  const bool is_four = IN6_IS_ADDR_V4MAPPED(&address);
  const void* from = is_four ? static_cast<const void*>(&words[3]) : &address;
  if (inet_ntop(is_four ? AF_INET : AF_INET6, from, shown.data(), shown.size()) == nullptr) return {};
  return shown.data();
}

}  // namespace

std::map<std::string, std::string> parse_tcp_table(std::string_view text) {
  constexpr std::size_t remote = 2;
  constexpr std::size_t state = 3;
  constexpr std::size_t inode = 9;
  std::map<std::string, std::string> peers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = columns_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() <= inode || words[state] != established) continue;
    if (auto address = parse_address(words[remote])) peers[std::string(words[inode])] = std::move(*address);
  }
  return peers;
}

std::set<std::string> probe_tcp_peers(int pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::map<std::string, std::string> all = parse_tcp_table(read_small_file(process + "/net/tcp"));
  all.merge(parse_tcp_table(read_small_file(process + "/net/tcp6")));
  std::set<std::string> peers;
  std::error_code error;
  for (const auto& descriptor : std::filesystem::directory_iterator(process + "/fd", error)) {
    constexpr std::string_view begin = "socket:[";
    const std::string target = std::filesystem::read_symlink(descriptor.path(), error);
    if (error || !target.starts_with(begin) || !target.ends_with(']')) continue;
    const auto found = all.find(target.substr(begin.size(), target.size() - begin.size() - 1));
    if (found != all.end()) peers.insert(found->second);
  }
  return peers;
}

}  // namespace smlaunch
