// SPDX-License-Identifier: Apache-2.0
// Takes the token of a rank's agent and speaks in that rank's name. usage: rogue_agent PID RANK WORD
// PID: the agent; WORD: what is said: endless, million, deep, minus. Ends with 0 when the leader has hung up.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "launcher/channel/frame.hpp"
#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/tls_session.hpp"
#include "launcher/process/agent_variables.hpp"

using namespace smlaunch;

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "rogue_agent: %s\n", why.c_str());
  std::exit(1);
}

std::string variable_of(const std::string& pid, const std::string& name) {
  std::ifstream file("/proc/" + pid + "/environ", std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string wanted = name + "=";
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    if (all.compare(at, wanted.size(), wanted) == 0)
      return all.substr(at + wanted.size(), end - at - wanted.size());
    at = end + 1;
  }
  die("no " + name);
}

class Connection {
 public:
  Connection(const std::string& channel, const std::string& token)
      : tls_(TlsSession::End::connecting, {make_channel_key(token)}) {
    const std::size_t colon = channel.rfind(':');
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(static_cast<std::uint16_t>(std::stoi(channel.substr(colon + 1))));
    inet_pton(AF_INET, channel.substr(0, colon).c_str(), &there.sin_addr);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) die("cannot connect");
    while (!tls_.is_open())
      if (!receive()) die("the leader does not take the token: " + tls_.error());
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const std::string& bytes) {
    tls_.send(bytes);
    flush();
  }
  // Nothing: the leader has hung up.
  std::optional<Frame> next() {
    while (true) {
      if (auto frame = reader_.next()) return frame;
      if (!receive()) return {};
    }
  }

 private:
  void flush() {
    const std::string bytes = tls_.take_outgoing();
    if (!bytes.empty() && write(fd_, bytes.data(), bytes.size()) < 0) die("cannot write");
  }
  bool receive() {
    flush();
    std::string bytes(65536, '\0');
    const ssize_t got = read(fd_, bytes.data(), bytes.size());
    if (got <= 0) return false;
    const bool goes_on = tls_.receive(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)),
                                      [this](std::string_view text) { reader_.feed(text); });
    flush();
    return goes_on;
  }

  int fd_ = socket(AF_INET, SOCK_STREAM, 0);
  TlsSession tls_;
  FrameReader reader_{1U << 20U};
};

std::string say(const std::string& word, std::uint64_t next) {
  if (word == "endless")
    return encode_data_frame(FrameKind::output, next, encode_output({false, 1, "a line without an end"}));
  if (word == "million")
    return encode_data_frame(FrameKind::output, 1'000'000, encode_output({false, 1, "a\n"}));
  if (word == "deep") return encode_frame(FrameKind::pong, std::string(200, '\x91') + '\xc0');
  if (word == "minus")
    return encode_data_frame(FrameKind::ended, next,
                             pack({{"signal", -5},
                                   {"core_dumped", false},
                                   {"time_ns", 1},
                                   {"waited_ns", 0},
                                   {"traceback_ns", 0},
                                   {"told_to_stop", false},
                                   {"last_lines", nlohmann::json::array()},
                                   {"oom_kills", 0},
                                   {"earlier_oom_kills", 0}}));
  die("no such word: " + word);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) die("usage: rogue_agent PID RANK WORD");
  const std::string channel = variable_of(argv[1], agent_channel_variable);
  const std::string token = variable_of(argv[1], agent_token_variable);
  Hello hello;
  hello.version = SMLAUNCH_VERSION;
  hello.peer = std::stoi(argv[2]);
  const std::string greeting = encode_frame(FrameKind::hello, encode(hello));
  std::uint64_t received = 0;
  {
    Connection first(channel, token);
    first.send(greeting);
    const auto welcome = first.next();
    if (!welcome || welcome->kind != FrameKind::welcome) die("no welcome");
    received = decode_welcome(welcome->payload)->received;
  }
  // At once: the agent takes its connection up again as soon as it is lost.
  Connection second(channel, token);
  second.send(greeting + say(argv[3], received + 1));
  while (second.next()) {
  }
  return 0;
}
