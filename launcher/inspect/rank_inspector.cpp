// SPDX-License-Identifier: Apache-2.0
// py-spy looks from outside and changes nothing. A program that has called faulthandler.register(SIGUSR1)
// prints its stack and goes on. A program with faulthandler.enable() (or PYTHONFAULTHANDLER) prints its stack
// for SIGABRT and ends; the job is about to be stopped anyway.
#include "launcher/inspect/rank_inspector.hpp"

#include <chrono>
#include <csignal>

#include "launcher/contract/search_path.hpp"
#include "launcher/inspect/inspect_processes.hpp"
#include "launcher/process/signal_masks.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds faulthandler_bound{1000};
constexpr std::size_t most_lines = 2000;

}  // namespace

bool RankInspector::begin(int pid, bool is_starter, const std::map<std::string, std::string>& path) {
  if (state_) return false;
  state_ = inspect_processes(pid, is_starter);
  lines_.clear();
  const auto primary = static_cast<std::size_t>(state_->primary);
  const int python = primary < state_->processes.size() ? state_->processes[primary].pid : 0;
  if (python == 0 || !is_python(python)) {
    conclude();
    return false;
  }
  if (const std::string py_spy = find_on_path("py-spy", path); !py_spy.empty())
    add_py_spy_stacks(*state_, py_spy);
  const std::uint64_t caught = read_signal_masks(python).caught;
  const int signal = has_signal(caught, SIGUSR1) ? SIGUSR1 : has_signal(caught, SIGABRT) ? SIGABRT : 0;
  if (!state_->python_source.empty() || signal == 0 || kill(python, signal) != 0) {
    conclude();
    return false;
  }
  collecting_ = true;
  timer_.expires_after(faulthandler_bound);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) conclude();
  });
  return signal == SIGABRT;
}

void RankInspector::heard(std::string_view lines) {
  if (!collecting_) return;
  while (!lines.empty() && lines_.size() < most_lines) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    lines_.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void RankInspector::conclude() {
  if (!state_) return;
  timer_.cancel();
  if (collecting_) {
    auto& process = state_->processes[static_cast<std::size_t>(state_->primary)];
    process.python_stack = parse_faulthandler(lines_);
    if (!process.python_stack.empty()) state_->python_source = "faulthandler";
  }
  collecting_ = false;
  const RankState state = std::move(*state_);
  state_.reset();
  done_(state);
}

}  // namespace smlaunch
