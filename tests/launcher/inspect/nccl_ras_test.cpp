// SPDX-License-Identifier: Apache-2.0
// With a server of our own in NCCL's place: it knows the commands of NVIDIA's src/ras/client_support.cc.
#include "launcher/inspect/nccl_ras.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Ras {
  bool knows_json = true;
  bool is_another_server = false;  // answers otherwise
  bool closes_at_once = false;
  std::string json = "{\"nccl_version\": \"2.28.9\"}\n";
  std::string text = "NCCL version 2.27.5\n";
};

class Server {
 public:
  explicit Server(const Ras& ras) : ras_(ras), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 4), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Asked by a client that takes the processes for the rank's.
  std::string ask(const std::vector<int>& pids) {
    const std::atomic<bool> is_over = false;
    return ask_nccl(pids, port, is_over);
  }

  int port = 0;
  std::vector<std::string> heard = {};  // to be read when it has answered

 private:
  void serve() {
    while (true) {
      UniqueFd client(accept(listener_.get(), nullptr, nullptr));
      if (!client.valid()) return;
      if (!ras_.closes_at_once) answer(client.get());
    }
  }
  void answer(int client) {
    bool as_json = false;
    std::string kept;
    std::array<char, 512> bytes{};
    while (true) {
      const std::size_t end = kept.find('\n');
      if (end == std::string::npos) {
        const ssize_t got = read(client, bytes.data(), bytes.size());
        if (got <= 0) return;
        kept.append(bytes.data(), static_cast<std::size_t>(got));
        continue;
      }
      const std::string line = kept.substr(0, end);
      kept.erase(0, end + 1);
      heard.push_back(line);
      if (line == "STATUS" || line == "VERBOSE STATUS") return say(client, as_json ? ras_.json : ras_.text);
      if (line == "SET FORMAT json" && ras_.knows_json) as_json = true;
      if (ras_.is_another_server)
        say(client, "HTTP/1.1 400 Bad Request\n");
      else if (line == "CLIENT PROTOCOL 2")
        say(client, "SERVER PROTOCOL 2\n");
      else if (line.starts_with("SET FORMAT") && !ras_.knows_json)
        say(client, "ERROR: Unknown command " + line + "\n");
      else
        say(client, "OK\n");
    }
  }
  static void say(int client, std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(client, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  Ras ras_;
  UniqueFd listener_;
  std::thread thread_;
};

TEST(NcclRas, IsAskedInItsOwnProtocolAndAnswersAsJson) {
  Server server(Ras{});
  EXPECT_EQ(server.ask({getpid()}), Ras().json);
  EXPECT_THAT(server.heard, ElementsAre("CLIENT PROTOCOL 2", "TIMEOUT 2", "SET FORMAT json", "STATUS"));
}

TEST(NcclRas, AnswersAsTextWhereItKnowsNoJson) {
  Server server({.knows_json = false});
  EXPECT_EQ(server.ask({getpid()}), Ras().text);
  EXPECT_THAT(server.heard,
              ElementsAre("CLIENT PROTOCOL 2", "TIMEOUT 2", "SET FORMAT json", "VERBOSE STATUS"));
}

TEST(NcclRas, AnswersAsTextWhereItsJsonIsTooLong) {
  Server server({.json = std::string(most_ras + 1, 'x')});
  EXPECT_EQ(server.ask({getpid()}), Ras().text);
}

TEST(NcclRas, TextThatIsTooLongIsCut) {
  Server server({.knows_json = false, .text = std::string(most_ras + 100'000, 'x')});
  EXPECT_EQ(server.ask({getpid()}).size(), most_ras);
}

TEST(NcclRas, NobodyElseIsSpokenTo) {
  Server server(Ras{});
  EXPECT_EQ(server.ask({}), "");
  EXPECT_EQ(server.ask({getppid()}), "") << "it is none of the rank's processes that listens there";
  EXPECT_THAT(server.heard, IsEmpty());
}

TEST(NcclRas, WhoAnswersOtherwiseIsLeftAlone) {
  Server server({.is_another_server = true});
  EXPECT_EQ(server.ask({getpid()}), "");
  EXPECT_THAT(server.heard, ElementsAre("CLIENT PROTOCOL 2"));
}

TEST(NcclRas, AConnectionThatEndsIsNoAnswer) {
  Server server({.closes_at_once = true});
  EXPECT_EQ(server.ask({getpid()}), "");
}

TEST(NcclRas, IsNotWaitedForWhenAllIsOver) {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // nobody answers
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 4), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::atomic<bool> is_over = true;
  EXPECT_EQ(ask_nccl({getpid()}, ntohs(address.sin_port), is_over), "");
}

TEST(NcclRas, ListensOnThePortThatTheRanksVariablesSay) {
  const struct {
    std::map<std::string, std::string> variables;
    int port;
  } cases[] = {{{}, 28028},
               {{{"NCCL_RAS_ADDR", ""}}, 28028},
               {{{"NCCL_RAS_ADDR", "localhost:5000"}}, 5000},
               {{{"NCCL_RAS_ADDR", "[::1]:5001"}}, 5001},
               {{{"NCCL_RAS_ADDR", "localhost"}}, 0},
               {{{"NCCL_RAS_ADDR", "localhost:x"}}, 0},
               {{{"NCCL_RAS_ADDR", "localhost:70000"}}, 0},
               {{{"NCCL_RAS_ENABLE", "1"}}, 28028},
               {{{"NCCL_RAS_ENABLE", "0"}}, 0}};
  for (const auto& each : cases) EXPECT_EQ(find_ras_port(each.variables), each.port);
}

TEST(NcclRas, ListenersAreFoundInTheKernelsTable) {
  const std::string text =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:6D7C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 "
      "100 0\n"
      "   1: 0100007F:6D7C 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0 "
      "100 0\n"
      "   2: 00000000:6D7C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12347 1 0 "
      "100 0\n"
      "   3: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12348 1 0 "
      "100 0\n";
  EXPECT_THAT(parse_listening(text, 28028),
              ElementsAre(ListeningSocket{"12345", "127.0.0.1"}, ListeningSocket{"12347", "127.0.0.1"}));
  const std::string six =
      "   0: 00000000000000000000000001000000:6D7C 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 "
      "00:00000000 00000000     0        0 77 1 0 100 0\n"
      "   1: 00000000000000000000000000000000:6D7C 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 "
      "00:00000000 00000000     0        0 78 1 0 100 0\n";
  EXPECT_THAT(parse_listening(six, 28028),
              ElementsAre(ListeningSocket{"77", "::1"}, ListeningSocket{"78", "::1"}));
  EXPECT_THAT(parse_listening("0: x:6D7C y 0A\n0: 01:6D7C y 0A a b c d e 5\n\n", 28028), IsEmpty());
}

}  // namespace
}  // namespace smlaunch
