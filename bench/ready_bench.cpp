// SPDX-License-Identifier: Apache-2.0
// How long it takes to see that N hosts answer with an SSH banner: addresses of 127.0.0.0/8, one listener for
// all.
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "bench/record.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace {

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

double measure(int hosts) {
  BannerServer server;
  smlaunch::RemoteRequest request;
  for (int i = 0; i < hosts; ++i) request.hosts.push_back(fmt::format("127.1.{}.{}", i / 250, i % 250 + 1));
  request.port = server.port();
  request.until = smlaunch::ReadyStage::banner;
  request.timeout = std::chrono::seconds(60);
  const auto report = smlaunch::run_on_hosts(request);
  if (!report.ready) {
    fmt::print(stderr, "bench: not all of {} hosts became ready\n", hosts);
    std::exit(1);
  }
  return report.seconds;
}

}  // namespace

int main() {
  constexpr const char* measure_name = "readiness to the banner, on loopback";
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  fmt::print(
      "Readiness to the banner on loopback, median of 5 (least to most); budget: 1,000 hosts in 1 s\n");
  smlaunch::record_budget(measure_name, "1000 hosts", 1);
  for (const int hosts : {10, 100, 1000, 4000}) {
    std::vector<double> seconds;
    for (int i = 0; i < 5; ++i) seconds.push_back(measure(hosts));
    smlaunch::record(measure_name, "s", fmt::format("{} hosts", hosts), seconds);
    std::sort(seconds.begin(), seconds.end());
    fmt::print("{:>6} hosts {:8.3f} s  ({:.3f} to {:.3f})\n", hosts, seconds[2], seconds.front(),
               seconds.back());
  }
}
