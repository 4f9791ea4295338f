// SPDX-License-Identifier: Apache-2.0
// The real world around a LeaderRun: the loop, the channel's sockets, the output, signals, and cleaning up
// when the job is over.
#include "launcher/leader/runner.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include "launcher/channel/channel_server.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/leader/agents_elsewhere.hpp"
#include "launcher/leader/engine_processes.hpp"
#include "launcher/leader/leader_run.hpp"
#include "launcher/process/asio_loop.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/process/rank_cgroup.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/status/asked_loop.hpp"

namespace smlaunch {

namespace {

// Descriptors for sockets, pipes, files and timers beside the agents' connections.
constexpr std::size_t own_descriptors = 128;

// Connections that have proved nothing yet only get descriptors that are left over, and no more than so many.
// Thousands of agents come at once.
constexpr rlim_t most_strangers = 4096;
constexpr rlim_t usual_strangers = 512;
constexpr rlim_t fewest_strangers = 8;

rlimit file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

// Returns for how many strangers there is room beside the job's own descriptors. Where there is none, the job only tells
// its other hosts that it does not begin: they come and go one after the other.
std::size_t raise_file_limit(std::size_t needed, std::size_t peers) {
  const rlim_t wanted = std::clamp<rlim_t>(peers, usual_strangers, most_strangers);
  rlimit limit = file_limit();
  if (limit.rlim_cur < needed + wanted) {
    limit.rlim_cur = std::min<rlim_t>(needed + wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    limit = file_limit();
  }
  if (limit.rlim_cur < needed + fewest_strangers) return fewest_strangers;
  return std::min<rlim_t>(limit.rlim_cur - needed, wanted);
}

}  // namespace

std::size_t count_files(const LaunchPlan& plan, const RunSettings& settings) {
  constexpr std::size_t pipes_of_rank = 3;
  const std::size_t hosts = plan.cluster.hosts.size() + settings.spare_hosts.size();
  std::size_t needed = own_descriptors + static_cast<std::size_t>(count_rank_peers(plan, settings)) + hosts -
                       1 + settings.files_of_logins;
  if (is_one_process(plan.engine)) return needed;
  for (const RankPlace& place : plan.layout.ranks)
    if (!reaches_hosts(plan.engine) || plan.cluster.hosts[place.node_rank].name == plan.current_host)
      needed += pipes_of_rank;
  return needed;
}

Result<void> check_open_files(const LaunchPlan& plan, const RunSettings& settings) {
  const std::size_t needed = count_files(plan, settings);
  const rlim_t most = file_limit().rlim_max;
  if (most >= needed) return {};
  return failure(
      Fault::start, "open files",
      fmt::format("{} ranks need {} file descriptors here, the limit is {}", plan.world_size(), needed, most),
      "raise it: ulimit -Hn, or LimitNOFILE= of the service");
}

Result<RunResult> run_plan(const LaunchPlan& plan, const RunSettings& settings, EventLog& events,
                           AsioLoop& loop) {
  block_stop_signals();
  const int rank_peers = count_rank_peers(plan, settings);
  const std::size_t room =
      raise_file_limit(count_files(plan, settings), static_cast<std::size_t>(rank_peers));
  const std::string token = make_token();
  ChannelServer channel(
      loop.context(), settings.job_token.empty() ? token : settings.job_token,
      rank_peers + static_cast<int>(plan.cluster.hosts.size() + settings.spare_hosts.size()),
      settings.lost_after, room);
  channel.serve_own_host();
  if (!settings.job_token.empty()) channel.expect_nodes(Peer{rank_peers}, settings.find_key);
  AgentsElsewhere elsewhere(channel, Peer{rank_peers});
  const MakeEngine make_processes = [&](JobEngine::Callbacks callbacks) {
    return std::make_unique<EngineProcesses>(loop.context(), std::move(callbacks));
  };
  const MakeEngine make_on_hosts = [&](JobEngine::Callbacks callbacks) {
    return std::make_unique<EngineOnHosts>(elsewhere, std::move(callbacks), make_processes);
  };
  RankOutput output(plan, settings.output, [&] { loop.post([&] { channel.pause(false); }); });
  LeaderRun run(plan, settings, events,
                {.loop = loop,
                 .channel = channel,
                 .output = output,
                 .make_engine = settings.job_token.empty() ? make_processes : make_on_hosts,
                 .stop_ourselves = [] { raise(SIGSTOP); },
                 .elsewhere = &elsewhere},
                token);
  if (auto listening = run.listen(); !listening) return tl::unexpected(listening.error());
  const AskedLoop<LeaderRun> asked(settings.board, loop, run);
  become_subreaper();
  StopSignals heard(loop.context());
  heard.on_signal([&](int signal) { run.stop_signal(signal); });
  HeardSignals passed(loop.context(), find_passed_signals());
  passed.on_signal([&](int signal) { run.passed_signal(signal); });
  const OrphanReaper reaper(loop.context());
  auto result = run.run();
  end_descendants(std::chrono::milliseconds(0));
  const bool has_logins = plan.engine != Engine::local || settings.smoke;
  end_job_cgroups(run.job(), has_logins ? AgentsWere::in_logins_too : AgentsWere::below_us);
  run.remove_session_folders();
  // A signal that came when all was over here is for the next try of the job.
  block_stop_signals();
  loop.poll();
  if (const int late = run.late_signal(); late != 0) kill(getpid(), late);
  return result;
}

}  // namespace smlaunch
