// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/refuse_leader.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

// A socket that holds a free port of the loopback; it listens to nobody.
struct HeldPort {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int number = 0;

  HeldPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    number = ntohs(address.sin_port);
  }
  ~HeldPort() { release(); }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
  void release() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

TEST(RefuseLeader, TellsALeaderThatLooksForItsHost) {
  HeldPort port;
  port.release();
  std::thread worker([&] { refuse_leader(port.number, "sshd is not there", milliseconds(60'000)); });
  const RemoteReport report = run_on_hosts({.hosts = {"127.0.0.1"},
                                            .port = port.number,
                                            .until = ReadyStage::banner,
                                            .timeout = milliseconds(60'000)});
  worker.join();
  ASSERT_EQ(report.hosts.size(), 1U);
  EXPECT_EQ(report.hosts.front().state, ReadyState::failed);
  EXPECT_EQ(to_string(report.hosts.front().cause), "smlaunch cannot start there: sshd is not there");
}

TEST(RefuseLeader, LeavesAPortAloneThatIsTaken) {
  const HeldPort port;
  refuse_leader(port.number, "sshd is not there", milliseconds(60'000));  // it returns
}

}  // namespace
}  // namespace smlaunch
