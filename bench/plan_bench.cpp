// SPDX-License-Identifier: Apache-2.0
// How long planning takes, by the number of hosts: place() and make_plan(), and apart from them the JSON and
// its hash.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench_job.hpp"
#include "bench/record.hpp"
#include "launcher/plan/plan_json.hpp"

namespace smlaunch {
namespace {

constexpr double budget_milliseconds = 150;
constexpr int budget_hosts = 10'000;
constexpr const char* plan_measure = "planning, eight ranks a host";

struct Spread {
  double fastest = 0;
  double median = 0;
  double slowest = 0;
};

// In milliseconds, of as many calls as fit into about a second: three to thirty.
template <class Work>
Spread measure(const char* what, int hosts, Work work) {
  std::vector<double> times;
  double total = 0;
  while (times.size() < 3 || (times.size() < 30 && total < 1000)) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    total += times.back();
  }
  record(what, "ms", fmt::format("{} hosts", hosts), times);
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.back()};
}

std::string to_text(const Spread& spread, double before) {
  const std::string factor = before > 0 ? fmt::format("x{:.1f}", spread.median / before) : "";
  return fmt::format("{:>10.2f} {:>10} {:>6}", spread.median,
                     fmt::format("({:.0f}-{:.0f})", spread.fastest, spread.slowest), factor);
}

int run_bench(int most_hosts) {
  fmt::print("{:>7} {:>8} | {:^28} | {:^28} | {:^28}\n", "hosts", "ranks", "plan, ms (range)",
             "hash, ms (range)", "JSON, ms (range)");
  Spread plans;
  Spread hashes;
  Spread texts;
  bool within = true;
  for (int hosts = 10; hosts <= most_hosts; hosts *= 10) {
    const BenchJob job = make_job(hosts);
    const auto made = make_plan(job.spec, job.cluster);
    if (!made) {
      fmt::print(stderr, "{}: {}\n", made.error().problems.front().where, made.error().problems.front().what);
      return 1;
    }
    const double before[] = {plans.median, hashes.median, texts.median};
    plans = measure(plan_measure, hosts, [&] { (void)make_plan(job.spec, job.cluster); });
    hashes = measure("hash of a plan", hosts, [&] { (void)plan_hash(*made); });
    texts = measure("JSON of a plan", hosts, [&] { (void)render_plan_json(*made); });
    fmt::print("{:>7} {:>8} | {} | {} | {}\n", hosts, made->world_size(), to_text(plans, before[0]),
               to_text(hashes, before[1]), to_text(texts, before[2]));
    std::fflush(stdout);
    if (hosts == budget_hosts) within = plans.median <= budget_milliseconds;
  }
  record_budget(plan_measure, fmt::format("{} hosts", budget_hosts), budget_milliseconds);
  fmt::print("budget: {} hosts planned in {:.0f} ms: {}\n", budget_hosts, budget_milliseconds,
             within ? "kept" : "EXCEEDED");
  return 0;
}

}  // namespace
}  // namespace smlaunch

int main(int argc, char** argv) { return smlaunch::run_bench(argc > 1 ? std::atoi(argv[1]) : 100'000); }
