// SPDX-License-Identifier: Apache-2.0
// The thread in the process answers within a moment and knows most. py-spy looks from outside and changes nothing. A
// program that has called faulthandler.register(SIGUSR1) prints its stack and goes on. A program with
// faulthandler.enable() (or PYTHONFAULTHANDLER) prints its stack for SIGABRT and ends; the job is about to be stopped
// anyway.
#include "launcher/inspect/rank_inspector.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <set>
#include <utility>

#include "base/signal_free_thread.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/inspect/ask_threads.hpp"
#include "launcher/inspect/inspect_processes.hpp"
#include "launcher/inspect/nccl_ras.hpp"
#include "launcher/inspect/rank_motion.hpp"
#include "launcher/inspect/take_native_stacks.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/signal_masks.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds process_bound{1000};
constexpr std::chrono::milliseconds all_bound{3000};
constexpr std::chrono::milliseconds look_interval{20};
constexpr std::size_t most_lines = 2000;
// Native stacks come last of what is seen without a signal, and leave time for that.
constexpr std::chrono::milliseconds gather_bound{6500};
constexpr std::chrono::milliseconds native_bound{3000};

bool is_over(int pid) {
  const auto stat = read_proc_stat(pid);
  return !stat || stat->state == 'Z' || stat->is_ending;
}

bool is_stopped(const ProcessState& process) { return process.state == 'T' || process.state == 't'; }

std::vector<int> pids_of(const RankState& state) {
  std::vector<int> pids;
  for (const ProcessState& process : state.processes) pids.push_back(process.pid);
  return pids;
}

// How often the threads of these processes moved, and whether that is computing.
void see_motion(RankState& state) {
  Motion motion = watch_motion(pids_of(state));
  state.is_look = true;
  state.computes = motion.computes;
  state.computes_in = std::move(motion.where);
}

}  // namespace

void RankInspector::begin(int pid, bool is_starter, const Variables& variables, bool asks_nccl) {
  if (is_begun_) return;
  is_begun_ = true;
  Subject subject{.pid = pid, .is_starter = is_starter, .variables = variables, .asks_nccl = asks_nccl};
  if (looker_.joinable())
    next_ = std::move(subject);
  else
    gather(subject);
}

void RankInspector::look(int pid, bool is_starter, const Variables& variables, bool natively) {
  if (is_begun_ || looker_.joinable()) return;
  gather(
      {.pid = pid, .is_starter = is_starter, .variables = variables, .is_look = true, .natively = natively});
}

RankInspector::~RankInspector() {
  is_over_ = true;
  if (looker_.joinable()) looker_.join();
}

void RankInspector::gather(const Subject& subject) {
  looker_ = start_signal_free_thread([this, subject] {
    const Clock::time_point begin = Clock::now();
    RankState state = inspect_processes(subject.pid, subject.is_starter);
    if (subject.is_look) {
      see_motion(state);
      // Whether the job goes on must not wait for stacks.
      state.more_comes = true;
      boost::asio::post(loop_, [this, state] {
        if (!is_over_) callbacks_.done(state);
      });
      state.more_comes = false;
    }
    if (!subject.is_look) add_connections(state);
    // NCCL may take as long as all the others together.
    std::string of_nccl;
    std::thread nccl;
    if (subject.asks_nccl)
      nccl =
          start_signal_free_thread([&of_nccl, pids = pids_of(state), port = find_ras_port(subject.variables),
                                    this] { of_nccl = ask_nccl(pids, port, is_over_); });
    if (!threads_.empty()) ask_threads(state, threads_, is_over_);
    if (const std::string py_spy = find_on_path("py-spy", subject.variables); !py_spy.empty() && !is_over_)
      add_py_spy_stacks(state, py_spy);
    if (subject.natively)
      take_native_stacks(state, find_native_tools(subject.variables),
                         std::min(begin + gather_bound, Clock::now() + native_bound), is_over_);
    if (nccl.joinable()) nccl.join();
    state.nccl_ras = std::move(of_nccl);
    boost::asio::post(loop_, [this, subject, state = std::move(state)] { gathered(subject, state); });
  });
}

void RankInspector::gathered(const Subject& subject, RankState state) {
  looker_.join();
  if (is_over_) return;
  if (state.is_look) {
    callbacks_.done(state);
    if (const auto next = std::exchange(next_, std::nullopt)) gather(*next);
    return;
  }
  state_ = std::move(state);
  choose_asked(subject.is_starter);
  if (std::any_of(to_ask_.begin(), to_ask_.end(), [](const Asked& each) { return each.signal == SIGABRT; }))
    callbacks_.ends_processes();
  give_up_all_ = Clock::now() + all_bound;
  ask_next();
}

// The rank's own process, or each rank of a starter.
void RankInspector::choose_asked(bool is_starter) {
  to_ask_.clear();
  std::set<int> known;
  for (std::size_t i = 0; i < state_->processes.size(); ++i) {
    const ProcessState& process = state_->processes[i];
    // The first of a rank's processes is the rank, the others are what it has started.
    const bool begins_a_rank = is_starter && process.rank && known.insert(*process.rank).second;
    const bool is_a_rank = static_cast<int>(i) == state_->primary || begins_a_rank;
    if (!is_a_rank || !process.python_stack.empty() || is_stopped(process) || !is_python(process.pid))
      continue;
    const std::uint64_t caught = read_signal_masks(process.pid).caught;
    const int signal = has_signal(caught, SIGUSR1) ? SIGUSR1 : has_signal(caught, SIGABRT) ? SIGABRT : 0;
    if (signal != 0) to_ask_.push_back({i, signal});
  }
}

void RankInspector::ask_next() {
  asked_.reset();
  lines_.clear();
  lines_at_last_look_ = 0;
  was_over_ = false;
  while (!to_ask_.empty() && !asked_) {
    const Asked next = to_ask_.front();
    to_ask_.erase(to_ask_.begin());
    if (kill(state_->processes[next.process].pid, next.signal) == 0) asked_ = next;
  }
  if (!asked_ || Clock::now() > give_up_all_) return conclude();
  give_up_ = Clock::now() + process_bound;
  look_again();
}

void RankInspector::look_again() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || !asked_) return;
    // A process that goes on has said all when nothing more comes; a process that ends, when it is over.
    const bool is_silent = lines_.size() == lines_at_last_look_;
    const bool has_said = !parse_faulthandler(lines_).empty() && is_silent;
    const bool is_done = has_said || (is_silent && was_over_);
    was_over_ = is_over(state_->processes[asked_->process].pid);
    lines_at_last_look_ = lines_.size();
    if (!is_done && Clock::now() < give_up_) return look_again();
    take_stack();
    ask_next();
  });
}

void RankInspector::heard(std::string_view lines) {
  if (!asked_) return;
  while (!lines.empty() && lines_.size() < most_lines) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    lines_.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void RankInspector::take_stack() {
  if (!asked_) return;
  auto& stack = state_->processes[asked_->process].python_stack;
  stack = parse_faulthandler(lines_);
  if (!stack.empty()) state_->python_source = "faulthandler";
}

void RankInspector::rank_ended() {
  is_over_ = true;
  conclude();
}

void RankInspector::conclude() {
  if (!state_) return;
  is_begun_ = false;
  timer_.cancel();
  take_stack();
  asked_.reset();
  to_ask_.clear();
  const RankState state = std::move(*state_);
  state_.reset();
  callbacks_.done(state);
}

}  // namespace smlaunch
