// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/tcp_peers.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "launcher/process/child_process.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {
namespace {

// At an address of this test's own.
class Listener {
 public:
  explicit Listener(const char* at) {
    address_.sin_family = AF_INET;
    inet_pton(AF_INET, at, &address_.sin_addr);
    socklen_t length = sizeof address_;
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address_), length), 0);
    EXPECT_EQ(listen(fd_.get(), 1), 0);
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address_), &length), 0);
  }
  [[nodiscard]] UniqueFd connect() const {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    return fd;
  }

 private:
  sockaddr_in address_{};
  UniqueFd fd_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST(TcpTable, GivesTheOtherEndOfEachEstablishedConnection) {
  const std::string head =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const std::string rest = " 00000000:00000000 00:00000000 00000000     0        0 ";
  const auto peers = parse_tcp_table(
      head + "   0: 010012C6:1F90 020012C6:0016 01" + rest + "111 1 0\n" +
      "   1: 010012C6:1F91 00000000:0000 0A" + rest + "222 1 0\n" +  // it listens
      "   2: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF0000030012C6:0016 01" + rest +
      "333 1 0\n" + "   3: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:0016 01" +
      rest + "444 1 0\n" + "   4: 010012C6:1F90 0200:0016 01" + rest + "555 1 0\n" + "   5: broken\n");
  const std::map<std::string, std::string> expected = {
      {"111", "198.18.0.2"}, {"333", "198.18.0.3"}, {"444", "2001:db8::1"}};
  EXPECT_EQ(peers, expected);
}

TEST(UnansweredTime, IsThatOfAllRepeatsAndWhatHasPassedSinceTheLast) {
  using std::chrono::milliseconds;
  const auto time_of = [](unsigned unacknowledged, unsigned repeats, int next, int sent, int acknowledged) {
    return find_unanswered_time({.unacknowledged = unacknowledged,
                                 .repeats = repeats,
                                 .next_repeat = milliseconds(next),
                                 .since_sent = milliseconds(sent),
                                 .since_acknowledged = milliseconds(acknowledged)});
  };
  // Sent again after 200, 400, 800, 1600 and 3200 ms.
  EXPECT_EQ(time_of(1, 5, 6400, 4900, 15000), milliseconds(6200 + 4900));
  EXPECT_EQ(time_of(1, 1, 400, 50, 9000), milliseconds(250)) << "it was idle before";
  EXPECT_EQ(time_of(3, 5, 6400, 4900, 7000), milliseconds(7000)) << "something else was acknowledged since";
  EXPECT_EQ(time_of(0, 5, 6400, 4900, 15000), milliseconds(0)) << "only its window is probed";
  EXPECT_EQ(time_of(1, 0, 200, 100, 15000), milliseconds(0)) << "it was sent once";
  EXPECT_EQ(time_of(1, 255, 120000, 1000, 999000), milliseconds(121000)) << "the kernel doubles no longer";
}

TEST(TcpConnections, AreToldWithTheAddressesOfBothEnds) {
  const Listener listener("127.0.0.79");
  const UniqueFd connected = listener.connect();
  const auto connections = probe_tcp_connections(getpid());
  const auto found = std::find_if(connections.begin(), connections.end(),
                                  [](const TcpConnection& each) { return each.peer == "127.0.0.79"; });
  ASSERT_NE(found, connections.end());
  EXPECT_EQ(found->own, "127.0.0.1");
  EXPECT_EQ(found->unanswered, std::chrono::milliseconds(0));
}

TEST(TcpPeers, AreWhomAProcessIsConnectedTo) {
  const Listener listener("127.0.0.77");
  for (const auto& peers_of : {probe_tcp_peers, look_up_tcp_peers})
    EXPECT_FALSE(peers_of(getpid()).contains("127.0.0.77"));
  const UniqueFd connected = listener.connect();
  for (const auto& peers_of : {probe_tcp_peers, look_up_tcp_peers})
    EXPECT_TRUE(peers_of(getpid()).contains("127.0.0.77"));
}

TEST(TcpPeers, OfAChildAreToldWithTheAddressesOfBothKinds) {
  const UniqueFd listener(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  socklen_t length = sizeof address;
  if (!listener.valid() || bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    GTEST_SKIP() << "there is no IPv6 here";
  ASSERT_EQ(listen(listener.get(), 2), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  std::vector<UniqueFd> connections;
  for (const char* to : {"::1", "::ffff:127.0.0.78"}) {
    connections.emplace_back(socket(AF_INET6, SOCK_STREAM, 0));
    inet_pton(AF_INET6, to, &address.sin6_addr);
    if (connect(connections.back().get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
      GTEST_SKIP() << to << " is not here";
  }
  ChildRequest request;
  request.argv = {"/bin/sleep", "1000"};
  request.environment = own_environment();
  const auto child = spawn_child(request);
  ASSERT_TRUE(child);
  for (const auto& peers_of : {probe_tcp_peers, look_up_tcp_peers})
    EXPECT_EQ(peers_of(child->pid), (std::set<std::string>{"::1", "127.0.0.78"}));
  kill(child->pid, SIGKILL);
  EXPECT_TRUE(reap(child->pid));
}

}  // namespace
}  // namespace smlaunch
