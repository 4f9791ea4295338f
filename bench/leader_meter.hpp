// SPDX-License-Identifier: Apache-2.0
// What this process has used so far, from one step of a bench to the next.
#pragma once

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace smlaunch {

class LeaderMeter {
 public:
  LeaderMeter() { begin(); }
  // What is used from now on belongs to the next step.
  void begin() {
    since_ = std::chrono::steady_clock::now();
    cpu_ = cpu_seconds();
  }
  void step(const std::string& name) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - since_;
    rows_.push_back(fmt::format("  {:<44} {:7.2f} s {:7.2f} s CPU {:6.0f} MiB", name, passed.count(),
                                cpu_seconds() - cpu_, resident_mebibytes()));
    begin();
  }
  // The largest that it has been.
  [[nodiscard]] static double peak_mebibytes() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
  }
  [[nodiscard]] const std::vector<std::string>& rows() const { return rows_; }

 private:
  static double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  static double resident_mebibytes() {
    long all = 0;
    long resident = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(file, "%ld %ld", &all, &resident) != 2) resident = 0;
      std::fclose(file);
    }
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
  }

  std::chrono::steady_clock::time_point since_;
  double cpu_ = 0;
  std::vector<std::string> rows_;
};

}  // namespace smlaunch
