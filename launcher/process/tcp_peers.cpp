// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/tcp_peers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

enum class End { own, other };

// At that end of a connection of ours; nothing where it has none, or is no TCP.
std::optional<std::string> address_of(int socket, End end) {
  int kind = 0;
  socklen_t kind_size = sizeof kind;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &kind_size) != 0 || kind != SOCK_STREAM ||
      (end == End::own ? getsockname : getpeername)(socket, reinterpret_cast<sockaddr*>(&address), &size) !=
          0)
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

// Uses a copy of each of its sockets, as the kernel allows for our children. False: it does not.
template <class Use>
bool use_sockets(int pid, const std::string& process, Use use) {
  const UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd.valid()) return false;
  bool is_allowed = true;
  for_each_socket(process, [&](const std::string& name, const std::string&) {
    int number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    const UniqueFd ours(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), number, 0)));
    // It may have closed the socket meanwhile.
    if (!ours.valid())
      is_allowed = is_allowed && errno == EBADF;
    else
      use(ours.get());
  });
  return is_allowed;
}

TcpSending sending_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return {.unacknowledged = info.tcpi_unacked,
          .repeats = info.tcpi_backoff,
          .next_repeat = std::chrono::milliseconds(info.tcpi_rto / 1000),
          .since_sent = std::chrono::milliseconds(info.tcpi_last_data_sent),
          .since_acknowledged = std::chrono::milliseconds(info.tcpi_last_ack_recv)};
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
  std::set<std::string> peers;
  const bool is_allowed = use_sockets(pid, process, [&](int socket) {
    if (auto peer = address_of(socket, End::other)) peers.insert(std::move(*peer));
  });
  return is_allowed ? peers : look_up_tcp_peers(pid);
}

std::vector<TcpConnection> probe_tcp_connections(int pid) {
  std::vector<TcpConnection> connections;
  use_sockets(pid, "/proc/" + std::to_string(pid), [&](int socket) {
    auto own = address_of(socket, End::own);
    auto peer = address_of(socket, End::other);
    if (own && peer)
      connections.push_back({.own = std::move(*own),
                             .peer = std::move(*peer),
                             .unanswered = find_unanswered_time(sending_of(socket))});
  });
  return connections;
}

// The last repeat came after half of the time to the next one, the repeat before it after a quarter, and so on.
std::chrono::milliseconds find_unanswered_time(const TcpSending& sending) {
  if (sending.unacknowledged == 0 || sending.repeats == 0) return {};
  const std::chrono::milliseconds first = sending.next_repeat / (1L << std::min(sending.repeats, 30U));
  return std::min(sending.next_repeat - first + sending.since_sent, sending.since_acknowledged);
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
