// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/tcp_peers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/read_file.hpp"
#include "launcher/process/child_process.hpp"

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

std::optional<std::string> text_of(const in6_addr& address) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  const bool is_four = IN6_IS_ADDR_V4MAPPED(&address);
  const void* from = is_four ? static_cast<const void*>(address.s6_addr + 12) : &address;
  if (inet_ntop(is_four ? AF_INET : AF_INET6, from, shown.data(), shown.size()) == nullptr) return {};
  return shown.data();
}

std::optional<std::string> text_of(const in_addr& address) {
  std::array<char, INET_ADDRSTRLEN> shown{};
  if (inet_ntop(AF_INET, &address, shown.data(), shown.size()) == nullptr) return {};
  return shown.data();
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
  if (digits.size() == word_digits) return text_of(in_addr{words[0]});
  in6_addr address{};
  std::memcpy(&address, words.data(), sizeof address);
  return text_of(address);
}

// At the other end of a connection of ours; nothing where it has none, or is no TCP.
std::optional<std::string> peer_of(int socket) {
  int kind = 0;
  socklen_t kind_size = sizeof kind;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &kind_size) != 0 || kind != SOCK_STREAM ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return {};
  if (address.ss_family == AF_INET) return text_of(reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (address.ss_family == AF_INET6) return text_of(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
  return {};
}

template <class Use>
void for_each_socket(const std::string& process, Use use) {
  constexpr std::string_view begin = "socket:[";
  std::error_code error;
  for (const auto& descriptor : std::filesystem::directory_iterator(process + "/fd", error)) {
    const std::string target = std::filesystem::read_symlink(descriptor.path(), error);
    if (!error && target.starts_with(begin) && target.ends_with(']'))
      use(descriptor.path().filename().string(),
          target.substr(begin.size(), target.size() - begin.size() - 1));
  }
}

// Asks its sockets, as the kernel allows for our children. Nothing: it does not.
std::optional<std::set<std::string>> ask_sockets(int pid, const std::string& process) {
  const UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd.valid()) return {};
  std::set<std::string> peers;
  bool is_allowed = true;
  for_each_socket(process, [&](const std::string& name, const std::string&) {
    int number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    const UniqueFd ours(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), number, 0)));
    // It may have closed the socket meanwhile.
    if (!ours.valid()) is_allowed = is_allowed && errno == EBADF;
    if (auto peer = ours.valid() ? peer_of(ours.get()) : std::nullopt) peers.insert(std::move(*peer));
  });
  return is_allowed ? std::optional(std::move(peers)) : std::nullopt;
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
  if (auto asked = ask_sockets(pid, process)) return std::move(*asked);
  return look_up_tcp_peers(pid);
}

// The kernel goes through all that may be connections, some milliseconds.
std::set<std::string> look_up_tcp_peers(int pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::map<std::string, std::string> all = parse_tcp_table(read_small_file(process + "/net/tcp"));
  all.merge(parse_tcp_table(read_small_file(process + "/net/tcp6")));
  std::set<std::string> peers;
  for_each_socket(process, [&](const std::string&, const std::string& inode) {
    if (const auto found = all.find(inode); found != all.end()) peers.insert(found->second);
  });
  return peers;
}

}  // namespace smlaunch
