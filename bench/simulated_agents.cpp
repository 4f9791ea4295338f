// SPDX-License-Identifier: Apache-2.0
#include "bench/simulated_agents.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>

#include "base/steady_time.hpp"
#include "bench/bench_job.hpp"
#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/host_relay.hpp"
#include "launcher/channel/stop_messages.hpp"

namespace smlaunch {

namespace {

using namespace std::chrono_literals;

constexpr auto first_bound = 120s;
constexpr std::size_t frame_size = 64U << 10U;  // an agent's, of lines

class SimulatedAgent {
 public:
  SimulatedAgent(boost::asio::io_context& loop, const AgentsLeader& leader, const AgentsWork& work,
                 const std::vector<Trait>& traits, int rank)
      : work_(work),
        rank_(rank),
        client_(loop, "127.0.0.1", leader.port, leader.token, make_hello(work, traits, rank), first_bound) {
    if (work.has_relays) find_relay(loop, leader.token);
    client_.start({.frame = [this](const Frame& frame) { received(frame); },
                   .acknowledged = [] {},
                   .lost = [] {},
                   .none = [](const std::string&) {},
                   .fill_pong = {},
                   .other_token = {},
                   .refused = {}});
  }

 private:
  static Hello make_hello(const AgentsWork& work, const std::vector<Trait>& traits, int rank) {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = fmt::format("algo-{}", rank / work.ranks_per_host + 1);
    hello.peer = rank;
    hello.local_rank = rank % work.ranks_per_host;
    hello.pid = getpid();
    hello.instance = fmt::format("{}", rank);
    if (rank == 0) hello.master_port = 29500;
    if (hello.local_rank == 0) {
      hello.gpus = ranks_per_host;
      hello.cpus = hello.online_cpus = 192;
      hello.traits = traits;
    }
    return hello;
  }

  void find_relay(boost::asio::io_context& loop, const std::string& token) {
    const std::string name =
        relay_socket_name(token, fmt::format("algo-{}", rank_ / work_.ranks_per_host + 1));
    if (rank_ % work_.ranks_per_host != 0) return client_.set_relay(name);
    relay_.emplace(loop, rank_);
    if (!relay_->listen(name)) std::abort();
    client_.set_carrier(*relay_);
  }

  void received(const Frame& frame) {
    switch (frame.kind) {
      case FrameKind::start: return start(frame);
      case FrameKind::signal:
        if (const auto signal = decode_number(frame.payload))
          end(Signaled{static_cast<int>(*signal), false}, true);
        return;
      case FrameKind::pass_on:
        if (const auto passed = decode_passed_signal(frame.payload)) take(passed->signal);
        return;
      case FrameKind::release: return leave();
      default: return;
    }
  }

  // Others' connections end before ours.
  void leave() {
    if (!relay_ || !relay_->has_neighbours()) return client_.stop();
    relay_->on_empty([this] {
      relay_->flush();
      client_.stop();
    });
  }

  void start(const Frame& frame) {
    const auto told = decode_start(frame.payload);
    if (!told || runs_) return;
    runs_ = true;
    Started started;
    started.pid = rank_ + 1000;
    started.time_ns = steady_now_ns();
    started.cpus = started.chosen_cpus = told->cpus;
    started.numa = told->numa;
    client_.send_data(FrameKind::started, encode(started));
    print(work_.line);
  }

  void take(int signal) {
    if (signal == SIGUSR1) print(work_.burst);
    if (signal == SIGUSR2 && rank_ == work_.failing) end(Exited{3}, false);
  }

  void print(std::string_view lines) {
    for (; !lines.empty(); lines.remove_prefix(std::min(lines.size(), frame_size)))
      client_.send_data(FrameKind::output,
                        encode_output({false, steady_now_ns(), lines.substr(0, frame_size), {}}));
  }

  void end(const ExitStatus& status, bool was_told) {
    if (!runs_) return;
    runs_ = false;
    Ended ended;
    ended.end.status = status;
    ended.end.told_to_stop = was_told;
    ended.end.last_lines = {"Traceback (most recent call last):", "ValueError: simulated"};
    ended.time_ns = steady_now_ns();
    client_.send_data(FrameKind::ended, encode(ended));
  }

  const AgentsWork& work_;
  int rank_;
  bool runs_ = false;
  std::optional<HostRelay> relay_;
  ChannelClient client_;
};

AgentsLeader read_leader(int commands) {
  AgentsLeader leader;
  char token[256] = "";
  FILE* from = fdopen(commands, "r");
  if (from == nullptr || std::fscanf(from, "%d %255s", &leader.port, token) != 2) _exit(0);
  leader.token = token;
  return leader;
}

}  // namespace

void simulate_agents(const AgentsWork& work, int commands) {
  const AgentsLeader leader = read_leader(commands);
  const std::vector<Trait> traits = traits_of(eight_gpus());
  boost::asio::io_context loop;
  std::deque<SimulatedAgent> agents;
  for (const int rank : work.ranks) agents.emplace_back(loop, leader, work, traits, rank);
  loop.run();
  _exit(0);
}

}  // namespace smlaunch
