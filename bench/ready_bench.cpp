// SPDX-License-Identifier: Apache-2.0
// How long it takes to see that N hosts answer with an SSH banner: addresses of 127.0.0.0/8, one listener for
// all.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "bench/banner_server.hpp"
#include "bench/record.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace {

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
