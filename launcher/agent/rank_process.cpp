// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_process.hpp"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/host_name.hpp"
#include "base/steady_time.hpp"
#include "cuda/probe_gpus.hpp"
#include "launcher/agent/rank_binding.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/contract/executable.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "launcher/process/host_environment.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/session_folders.hpp"
#include "launcher/process/signal_targets.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// mpirun kills us 1 s after its SIGTERM, whatever our own grace is. Processes that the rank has left must be
// gone by then.
constexpr milliseconds leftover_grace_in_a_hurry{100};

}  // namespace

RankProcess::RankProcess(asio::io_context& loop, const AgentIdentity& identity,
                         std::vector<std::string> program, std::optional<Machine> machine)
    : loop_(loop),
      identity_(identity),
      program_(std::move(program)),
      machine_(std::move(machine)),
      streams_(loop,
               {.lines = [this](bool is_stderr, const std::string& lines) { take_lines(is_stderr, lines); },
                .has_room = [this] { return callbacks_.has_room(); },
                .drained = [this] { streams_drained(); }}),
      ranks_(loop, {.lines = [this](int rank, bool is_stderr,
                                    const std::string& lines) { take_lines(is_stderr, lines, rank); },
                    .has_room = [this] { return callbacks_.has_room(); },
                    .drained = [this] { streams_drained(); },
                    .told = [this](const StarterRankNews& news) { starter_rank_told(news); }}),
      input_(loop),
      inspector_(loop, {.done =
                            [this](const RankState& state) {
                              if (!is_told_) callbacks_.inspected(state);
                            },
                        .ends_processes = [this] { hold_starter(); }}) {}

ChildRequest RankProcess::make_request(const Start& message) {
  ChildRequest request;
  request.argv = message.program.empty() ? program_ : message.program;
  std::optional<std::map<std::string, std::string>> worker;
  if (!identity_.worker.empty()) worker = ask_worker_environment(identity_.worker, own_session_folder());
  request.environment =
      rank_environment(host_environment(own_environment(), worker, message.leader_environment,
                                        is_on_leader_host(identity_, probe_host_name())),
                       message);
  request.working_directory = message.working_directory;
  request.death_signal = SIGKILL;
  request.niceness = niceness_before_;
  request.has_input = message.has_input;
  files_.add_variables(request.environment);
  if (const auto job = request.environment.find(job_marker_variable); job != request.environment.end())
    cgroup_ = RankCgroup::make(job->second, identity_.rank);
  if (cgroup_) {
    request.cgroup = cgroup_->folder();
    request.cgroup_procs = cgroup_->procs();
  }
  return request;
}

Result<Started> RankProcess::start(Start message) {
  // Nobody but the leader tells secret arguments.
  if (!message.is_heard && hides_arguments(program_))
    return failure(Fault::start, program_.front(),
                   "it has secret arguments, and those only come over the channel to the leader");
  is_starter_ = message.is_starter;
  tail_.emplace(is_starter_);
  Started report = bind_rank(message, identity_.local_rank, machine_);
  begin_progress(message);
  const std::string seats = seat_ranks(message);
  ChildRequest request = make_request(message);
  if (!seats.empty()) request.environment[agent_ranks_variable] = seats;
  starts_again_ = starts_ranks_again(request.environment);
  for (const char* name : {"PATH", "NCCL_RAS_ADDR", "NCCL_RAS_ENABLE"})
    if (const auto found = request.environment.find(name); found != request.environment.end())
      variables_.insert(*found);
  // A starter such as torchrun starts the program later, and does not make it executable.
  if (request.argv.front() != message.command_file)
    make_program_executable(message.command_file, message.working_directory);
  processor_wait_.began(read_processor_wait_ns());
  oom_watch_.begin(read_oom_kills());
  auto child = spawn_child(request);
  if (!child) return failure(Fault::start, request.argv.front(), child.error().text);
  child_ = std::move(*child);
  report.pid = child_->pid;
  report.time_ns = steady_now_ns();
  if (message.has_input) input_.open(std::move(child_->stdin_pipe));
  streams_.open(std::move(child_->stdout_pipe), std::move(child_->stderr_pipe));
  pidfd_.emplace(loop_, child_->pidfd.release());
  pidfd_->async_wait(asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (!error) process_ended();
                     });
  return report;
}

// What each rank of a starter is told: where it runs, and where its lines go. Empty: nothing.
std::string RankProcess::seat_ranks(Start& message) {
  if (message.rank_cpus.empty()) return "";
  std::optional<Machine> machine = machine_;
  if (!machine && !message.rank_bind.empty())
    if (auto probed = probe_machine_for_ranks()) machine = std::move(*probed);
  StarterSeats seats;
  seats.first_rank = message.first_rank;
  for (std::size_t i = 0; i < message.rank_cpus.size(); ++i) {
    Start of_rank;
    of_rank.cpus = message.rank_cpus[i];
    of_rank.numa = i < message.rank_numa.size() ? message.rank_numa[i] : "";
    of_rank.own_bind = message.rank_bind;
    of_rank.local_ranks = static_cast<int>(message.rank_cpus.size());
    const RankHome home = choose_home(of_rank, static_cast<int>(i), machine);
    seats.seats.push_back({.out = -1, .err = -1, .cpus = to_string(home.cpus), .numa = to_string(home.numa)});
    const auto threads = message.default_variables.find("OMP_NUM_THREADS");
    if (home.threads && threads != message.default_variables.end())
      threads->second = std::to_string(*home.threads);
  }
  has_ranks_ = ranks_.open(seats);
  if (!has_ranks_) return "";
  undrained_ = 2;
  return encode(seats);
}

void RankProcess::starter_rank_told(StarterRankNews news) {
  tail_->set_end(news.rank, news.status);
  news.is_final = news.has_ended && !starts_again_;
  callbacks_.starter_rank_told(news);
}

void RankProcess::streams_drained() {
  if (--undrained_ == 0) tell_end();
}

void RankProcess::resume() {
  streams_.resume();
  ranks_.resume();
}

void RankProcess::take_lines(bool is_stderr, const std::string& lines, std::optional<int> rank) {
  output_ns_ = steady_now_ns();
  if (progress_lines_) progress_lines_->take(lines, output_ns_);
  if (is_stderr) {
    if (has_ranks_ && !rank)
      for (const TorchrunWord& word : find_torchrun_words(lines)) ranks_.starter_said(word);
    tail_->add_stderr(lines, output_ns_, rank);
    inspector_.heard(lines);
  } else {
    tail_->add_stdout(lines, output_ns_);
  }
  if (rank)
    callbacks_.lines_of_rank(*rank, is_stderr, lines);
  else
    callbacks_.lines(is_stderr, lines);
}

void RankProcess::process_ended() {
  end_.time_ns = steady_now_ns();
  end_.waited_ns = processor_wait_.until_ns(read_processor_wait_ns());
  end_.end.told_to_stop = told_to_stop_;
  oom_kills_at_end_ = read_oom_kills();
  status_ = reap(child_->pid);
  if (hurried_) end_descendants(leftover_grace_in_a_hurry);
  streams_.rank_ended();
  if (has_ranks_) ranks_.starter_ended();
}

// A check program tells of no progress, and is not asked.
void RankProcess::begin_progress(const Start& message) {
  if (message.has_input || !message.is_heard) return;
  if (!message.progress_pattern.empty())
    if (auto pattern = ProgressPattern::parse(message.progress_pattern, "--progress"))
      progress_lines_.emplace(std::move(*pattern));
  files_.make(identity_.rank, message.flight_recorder);
  if (const auto threads = files_.threads()) inspector_.set_threads(*threads);
}

void RankProcess::tell_progress(bool is_last) {
  Progress said = files_.read_heartbeats(is_last);
  if (progress_lines_) said.add(progress_lines_->take_all());
  if (!said.empty()) callbacks_.progressed(said);
}

void RankProcess::tell_end() {
  tell_progress(true);
  inspector_.rank_ended();
  is_told_ = true;
  // mpirun's daemon soon kills us, and may not wait until we leave.
  if (hurried_) remove_private_files();
  if (!*status_) return callbacks_.ended(tl::unexpected(status_->error()));
  LastWords words = tail_->last_words();
  const OomWatch::Kills kills = oom_watch_.at_end(oom_kills_at_end_);
  end_.end.status = **status_;
  end_.traceback_ns = words.traceback_ns;
  end_.end.last_lines = std::move(words.lines);
  end_.end.oom_kills = kills.at_end;
  end_.end.earlier_oom_kills = kills.earlier;
  end_.end.failed_rank = words.failed_rank;
  callbacks_.ended(end_);
}

void RankProcess::fill(Pong& pong) {
  pong.output_ns = output_ns_;
  asio::post(loop_, [this] {
    if (!is_told_) tell_progress(false);
  });
  if (!runs()) return;
  const std::uint64_t wait_ns = read_processor_wait_ns();
  processor_wait_.looked(wait_ns, has_ended(child_->pid));
  const auto stat = read_proc_stat(child_->pid);
  if (stat) oom_watch_.sample(read_oom_kills(), stat->is_ending);
  if (const auto used = cgroup_ ? cgroup_->cpu_ns() : std::nullopt)
    pong.cpu_ns = *used;
  else if (stat)
    pong.cpu_ns = static_cast<std::uint64_t>(stat->cpu_seconds * 1e9);
}

void RankProcess::inspect(Inspection how) {
  if (!runs()) return;  // the report of its end is on its way
  if (how == Inspection::look || how == Inspection::look_closely)
    return inspector_.look(child_->pid, is_starter_, variables_, how == Inspection::look_closely);
  inspector_.begin(child_->pid, is_starter_, variables_, how == Inspection::ask_nccl);
}

// A starter that sees one of its ranks end would end the others before we have asked them. The signal that stops the
// job lets it go on.
void RankProcess::hold_starter() {
  told_to_stop_ = true;
  if (!is_starter_ || !runs()) return;
  kill(child_->pid, SIGSTOP);
  is_paused_ = true;
}

void RankProcess::signal(int signal) {
  if (!runs()) return;
  // The rank may have ended already, and the loop has not told us yet: then it was not told to stop.
  if (!has_ended(child_->pid)) told_to_stop_ = true;
  if (signal == SIGKILL) {
    kill(-child_->pid, SIGKILL);
    return signal_descendants(SIGKILL);
  }
  if (had_signals_.insert(signal).second) {
    std::vector<int> targets = find_stop_targets(read_tree(child_->pid, signal), child_->pid);
    if (targets.empty()) targets = {child_->pid};  // where there is no /proc to look at
    for (const int target : targets) kill(target, signal);
  }
  if (is_paused_) pass_on(SIGCONT);
}

void RankProcess::was_told(int signal) {
  if (!runs()) return;
  told_to_stop_ = true;
  had_signals_.insert(signal);
}

void RankProcess::pass_on(int signal) {
  if (!runs()) return;
  if (signal == SIGSTOP || signal == SIGCONT) {
    is_paused_ = signal == SIGSTOP;
    // The second time meets processes that were forked meanwhile.
    for (int round = 0; round < 2; ++round) signal_descendants(signal);
    return;
  }
  for (const int target : find_hearers(read_tree(child_->pid, signal), child_->pid)) kill(target, signal);
}

void RankProcess::hurry() {
  hurried_ = true;
  if (runs()) signal_descendants(SIGTERM, child_->pid);
}

bool RankProcess::has_descendants() const {
  reap_orphans();
  return has_children();
}

// These processes are told to end as the rank was: each program gets the signal. Its children get it when the program
// has ended and they have become ours.
void RankProcess::stop_leftovers() {
  for (const int left : find_children(getpid()))
    if (stopped_leftovers_.insert(left).second)
      for (const int target : find_stop_targets(read_tree(left, SIGTERM), left)) kill(target, SIGTERM);
}

void RankProcess::end_leftovers() {
  end_descendants(hurried_ ? leftover_grace_in_a_hurry : milliseconds(0));
  if (cgroup_) cgroup_->end();
}

}  // namespace smlaunch
