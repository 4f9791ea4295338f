// SPDX-License-Identifier: Apache-2.0
// What the leader's CPU spends on an agent: from its connection, with the proof of the token, until it has
// its start and the leader its first pong; and on a mebibyte of a rank's lines. Agents are simulated by
// another process.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <memory>
#include <vector>

#include "bench/record.hpp"
#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/channel_server.hpp"

namespace {

using namespace smlaunch;
using namespace std::chrono_literals;

constexpr const char* token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr int repetitions = 5;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// As many variables as a container of SageMaker has.
Start make_start() {
  Start start;
  for (int i = 0; i < 100; ++i) start.variables[fmt::format("SM_VARIABLE_{}", i)] = std::string(60, 'x');
  return start;
}

// The agents' process: connects all, prints `lines` bytes from each, and waits to be killed.
[[noreturn]] void simulate_agents(int port, int agents, std::size_t lines) {
  boost::asio::io_context loop;
  std::vector<std::unique_ptr<ChannelClient>> clients;
  for (int i = 0; i < agents; ++i) {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = "algo-1";
    hello.peer = i;
    ChannelClient& client =
        *clients.emplace_back(std::make_unique<ChannelClient>(loop, "127.0.0.1", port, token, hello, 60s));
    client.start({[&client, lines](const Frame& frame) {
                    if (frame.kind != FrameKind::start) return;
                    client.send_data(FrameKind::started, encode(Started{}));
                    for (std::size_t sent = 0; sent < lines; sent += 64U << 10U)
                      client.send_data(FrameKind::output,
                                       encode_output({false, 1, std::string((64U << 10U) - 1, 'x') + "\n"}));
                  },
                  [] {},
                  [] {},
                  [](const std::string&) {},
                  {}});
  }
  loop.run();
  _exit(0);
}

// In CPU milliseconds of ours for each agent.
double measure(int agents, std::size_t lines) {
  boost::asio::io_context loop;
  ChannelServer server(loop, token, agents, 60s);
  const Start start = make_start();
  int pongs = 0;
  std::size_t bytes = 0;
  server.set_callbacks({[&](Peer peer, const Hello&) { server.start(peer, start); },
                        [&](Peer, const Frame& frame) { bytes += frame.payload.size(); },
                        [&](Peer, const Pong&) { ++pongs; },
                        {},
                        [](Peer, std::uint64_t, const std::string& why) {
                          fmt::print(stderr, "channel_bench: an agent was lost: {}\n", why);
                          std::exit(1);
                        },
                        {},
                        {}});
  const int port = server.listen("127.0.0.1", 0).value();
  server.begin_ranks(agents, token);
  const pid_t child = fork();
  if (child == 0) {
    loop.notify_fork(boost::asio::io_context::fork_child);
    server.close();
    simulate_agents(port, agents, lines);
  }
  const double before = cpu_seconds();
  while (pongs < agents || bytes < lines * static_cast<std::size_t>(agents)) loop.run_one();
  const double used = cpu_seconds() - before;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return used * 1e3 / agents;
}

std::vector<double> measure_often(int agents, std::size_t lines) {
  std::vector<double> all;
  for (int i = 0; i < repetitions; ++i) all.push_back(measure(agents, lines));
  return all;
}

double median_of(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

}  // namespace

int main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  constexpr double budget = 0.3;
  constexpr const char* connecting = "the leader's CPU for an agent that connects";
  for (const int agents : {32, 1000}) {
    const std::vector<double> all = measure_often(agents, 0);
    record(connecting, "ms", fmt::format("{} agents", agents), all);
    record_budget(connecting, fmt::format("{} agents", agents), budget);
    const double each = median_of(all);
    fmt::print("{:5} agents: {:.3f} ms of the leader's CPU for each; budget: {} ms: {}\n", agents, each,
               budget, each <= budget ? "kept" : "MISSED");
  }
  constexpr std::size_t lines = 64U << 20U;
  std::vector<double> all = measure_often(1, lines);
  for (double& each : all) each /= lines >> 20U;
  record("the leader's CPU for a MiB of lines", "ms", "one agent", all);
  fmt::print("lines: {:.3f} ms of the leader's CPU for a MiB\n", median_of(all));
}
