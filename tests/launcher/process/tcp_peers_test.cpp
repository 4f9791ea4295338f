// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/tcp_peers.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "launcher/process/child_process.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {
namespace {

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

TEST(TcpPeers, AreWhomAProcessIsConnectedTo) {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.77", &address.sin_addr);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  for (const auto& peers_of : {probe_tcp_peers, look_up_tcp_peers})
    EXPECT_FALSE(peers_of(getpid()).contains("127.0.0.77"));
  const UniqueFd connected(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
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
