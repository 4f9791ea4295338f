// SPDX-License-Identifier: Apache-2.0
// Small TCP servers of this process on loopback addresses that behave like hosts in the several states of
// their life.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace smlaunch {

enum class Greets {
  with_banner,
  never,
  second_time,
  closes,
  as_web_server,
  after_other_lines,
  after_much_noise
};

class FakeHost {
 public:
  // Port 0: any free one.
  FakeHost(const std::string& address, int port, Greets greets) : greets_(greets) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&name), size), 0) << address << " port " << port;
    EXPECT_EQ(::listen(listener_, 4096), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeHost() {
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(stop_, &one, sizeof one), 8);
    thread_.join();
    for (const int fd : kept_) ::close(fd);
    ::close(listener_);
    ::close(stop_);
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  int port() const { return port_; }
  int visits() const { return visits_; }

 private:
  void serve() {
    while (true) {
      pollfd both[2] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
      ::poll(both, 2, -1);
      if (both[1].revents != 0) return;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++visits_;
      const std::string text = greeting();
      if (!text.empty()) ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (greets_ == Greets::never || (greets_ == Greets::second_time && visits_ == 1)) {
        kept_.push_back(fd);
      } else {
        ::shutdown(fd, SHUT_WR);
        ::close(fd);
      }
    }
  }

  std::string greeting() const {
    const std::string banner = "SSH-2.0-Fake_1.0\r\n";
    switch (greets_) {
      case Greets::with_banner: return banner;
      case Greets::second_time: return visits_ > 1 ? banner : "";
      case Greets::as_web_server: return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
      case Greets::after_other_lines: return "Be welcome\r\nbut behave\r\n" + banner;
      case Greets::after_much_noise: return std::string(20'000, 'x');
      case Greets::never:
      case Greets::closes: break;
    }
    return "";
  }

  const Greets greets_;
  int listener_ = -1;
  const int stop_ = ::eventfd(0, EFD_CLOEXEC);
  int port_ = 0;
  std::atomic<int> visits_ = 0;
  std::vector<int> kept_;
  std::thread thread_;
};

}  // namespace smlaunch
