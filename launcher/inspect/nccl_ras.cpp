// SPDX-License-Identifier: Apache-2.0
// Policy: nobody is spoken to but a process of the rank's own. NCCL's processes of one user share the port, so another
// job of the user's may answer: whoever reads the answer looks for the job's processes in it.
#include "launcher/inspect/nccl_ras.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "base/read_file.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int default_port = 28028;
constexpr milliseconds answer_bound{5000};
constexpr milliseconds longest_poll{100};
// How long NCCL waits for each of its ranks, in seconds. It may take twice as long.
constexpr const char* timeout_line = "TIMEOUT 2\n";
constexpr std::size_t longest_line = 256;

int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65536 ? port : 0;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// "0100007F:6D7C": groups of four bytes, each as the processor keeps a number.
std::optional<std::string> parse_address(std::string_view hex) {
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = hex.size() / 8;
  if (hex.size() % 8 != 0 || (count != 1 && count != 4)) return {};
  for (std::size_t i = 0; i < count; ++i) {
    const char* begin = hex.data() + 8 * i;
    if (const auto [end, error] = std::from_chars(begin, begin + 8, words[i], 16);
        error != std::errc() || end != begin + 8)
      return {};
  }
  const bool is_any = std::all_of(words.begin(), words.end(), [](std::uint32_t word) { return word == 0; });
  if (is_any) return count == 1 ? "127.0.0.1" : "::1";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(count == 1 ? AF_INET : AF_INET6, words.data(), text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

// Their inodes.
std::set<std::string> sockets_of(const std::vector<int>& pids) {
  constexpr std::string_view prefix = "socket:[";
  std::set<std::string> found;
  for (const int pid : pids) {
    std::error_code error;
    for (std::filesystem::directory_iterator each("/proc/" + std::to_string(pid) + "/fd", error), end;
         !error && each != end; each.increment(error)) {
      std::error_code gone;
      const std::string target = std::filesystem::read_symlink(each->path(), gone).string();
      if (target.starts_with(prefix))
        found.insert(target.substr(prefix.size(), target.size() - prefix.size() - 1));
    }
  }
  return found;
}

class Conversation {
 public:
  Conversation(Clock::time_point deadline, const std::atomic<bool>& is_over)
      : deadline_(deadline), is_over_(is_over) {}

  bool connect_to(const std::string& address, int port) {
    sockaddr_in6 six{};
    sockaddr_in four{};
    const bool is_four = inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) != 1) return false;
    four.sin_family = AF_INET;
    six.sin6_family = AF_INET6;
    four.sin_port = six.sin6_port = htons(static_cast<std::uint16_t>(port));
    socket_ = UniqueFd(socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.valid()) return false;
    const int connected = is_four ? connect(socket_.get(), reinterpret_cast<sockaddr*>(&four), sizeof four)
                                  : connect(socket_.get(), reinterpret_cast<sockaddr*>(&six), sizeof six);
    return connected == 0 || errno == EINPROGRESS;
  }

  bool write_line(std::string_view line) {
    while (!line.empty()) {
      if (!wait_for(POLLOUT)) return false;
      const ssize_t sent = send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (sent > 0) line.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Without its end; nothing: there is none.
  std::optional<std::string> read_line() {
    while (true) {
      if (const std::size_t end = kept_.find('\n'); end != std::string::npos) {
        std::string line = kept_.substr(0, end);
        kept_.erase(0, end + 1);
        return line;
      }
      if (kept_.size() > longest_line || !read_some()) return {};
    }
  }

  // Until its end; `is_whole`: it came to that.
  std::string read_all(bool& is_whole) {
    while (kept_.size() <= most_ras && read_some()) {
    }
    is_whole = is_at_end_ && kept_.size() <= most_ras;
    kept_.resize(std::min(kept_.size(), most_ras));
    return std::move(kept_);
  }

 private:
  bool wait_for(short events) {
    while (!is_over_) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
      if (left.count() <= 0) return false;
      pollfd polled{.fd = socket_.get(), .events = events, .revents = 0};
      if (poll(&polled, 1, static_cast<int>(std::min(left, longest_poll).count())) > 0) return true;
    }
    return false;
  }

  // False: nothing more comes.
  bool read_some() {
    if (!wait_for(POLLIN)) return false;
    std::array<char, 64U << 10U> bytes{};
    const ssize_t got = read(socket_.get(), bytes.data(), bytes.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    is_at_end_ = got == 0;
    kept_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  Clock::time_point deadline_;
  const std::atomic<bool>& is_over_;
  UniqueFd socket_;
  std::string kept_;
  bool is_at_end_ = false;
};

// `has_json` becomes false where this NCCL does not know JSON; then the answer is text.
std::string ask(Conversation& nccl, bool& has_json, bool& is_whole) {
  if (!nccl.write_line("CLIENT PROTOCOL 2\n")) return "";
  const auto version = nccl.read_line();
  if (!version || !version->starts_with("SERVER PROTOCOL ")) return "";
  if (!nccl.write_line(timeout_line) || nccl.read_line() != "OK") return "";
  if (has_json) {
    if (!nccl.write_line("SET FORMAT json\n")) return "";
    const auto answer = nccl.read_line();
    if (!answer) return "";
    has_json = *answer == "OK";
  }
  // As text only the longer answer names a late rank of a few.
  if (!nccl.write_line(has_json ? "STATUS\n" : "VERBOSE STATUS\n")) return "";
  return nccl.read_all(is_whole);
}

}  // namespace

int find_ras_port(const std::map<std::string, std::string>& variables) {
  const auto enabled = variables.find("NCCL_RAS_ENABLE");
  if (enabled != variables.end() && enabled->second == "0") return 0;
  const auto address = variables.find("NCCL_RAS_ADDR");
  if (address == variables.end() || address->second.empty()) return default_port;
  const std::size_t colon = address->second.rfind(':');
  return colon == std::string::npos ? 0 : parse_port(std::string_view(address->second).substr(colon + 1));
}

std::vector<ListeningSocket> parse_listening(std::string_view text, int port) {
  constexpr std::string_view listens = "0A";
  constexpr int words_before_inode = 5;  // queues, timer, retransmissions, user, timeout
  std::vector<ListeningSocket> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    take_word(line);
    const std::string_view local = take_word(line);
    take_word(line);
    const std::size_t colon = local.find(':');
    if (take_word(line) != listens || colon == std::string_view::npos) continue;
    unsigned own_port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), own_port, 16);
    if (own_port != static_cast<unsigned>(port)) continue;
    for (int i = 0; i < words_before_inode; ++i) take_word(line);
    const std::string_view inode = take_word(line);
    const auto address = parse_address(local.substr(0, colon));
    if (address && !inode.empty()) found.push_back({.inode = std::string(inode), .address = *address});
  }
  return found;
}

std::string ask_nccl(const std::vector<int>& pids, int port, const std::atomic<bool>& is_over) {
  if (port == 0) return "";
  std::vector<ListeningSocket> listening;
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"})
    for (ListeningSocket& each : parse_listening(read_small_file(file), port))
      listening.push_back(std::move(each));
  if (listening.empty()) return "";
  const std::set<std::string> own = sockets_of(pids);
  const auto found = std::find_if(listening.begin(), listening.end(),
                                  [&](const ListeningSocket& each) { return own.contains(each.inode); });
  if (found == listening.end()) return "";
  const Clock::time_point deadline = Clock::now() + answer_bound;
  bool has_json = true;
  for (int i = 0; i < 2; ++i) {
    Conversation nccl(deadline, is_over);
    if (!nccl.connect_to(found->address, port)) return "";
    bool is_whole = false;
    std::string answer = ask(nccl, has_json, is_whole);
    if (!has_json || is_whole || answer.empty()) return answer;
    has_json = false;  // JSON that is cut off says nothing; text is shorter
  }
  return "";
}

}  // namespace smlaunch
