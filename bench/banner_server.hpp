// SPDX-License-Identifier: Apache-2.0
// An SSH server as far as its banner, at every address of 127.0.0.0/8.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

// Sends a banner to whoever connects, until told to end.
class BannerServer {
 public:
  BannerServer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t length = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd_, 4096) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~BannerServer() {
    ending_ = true;
    thread_.join();
    for (const int client : clients_) close(client);
    close(fd_);
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  void serve() {
    static constexpr char banner[] = "SSH-2.0-bench\r\n";
    while (!ending_) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 50) <= 0) continue;
      const int client = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      (void)!write(client, banner, sizeof banner - 1);
      clients_.push_back(client);
    }
  }
  int fd_;
  int port_ = 0;
  std::vector<int> clients_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};
