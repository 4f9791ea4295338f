// SPDX-License-Identifier: Apache-2.0
// The real world around a WorkerRun: the loop, the host's socket, the channel's socket, signals, and
// cleaning up when the job is over.
#include "launcher/worker/worker.hpp"
#include "launcher/process/session_folders.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <filesystem>
#include <list>
#include <memory>
#include <vector>

#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/hand_over.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/code/code_preparation.hpp"
#include "launcher/process/asio_loop.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/status/asked_loop.hpp"
#include "launcher/worker/host_agents.hpp"
#include "launcher/worker/refuse_leader.hpp"
#include "launcher/worker/sshd.hpp"
#include "launcher/worker/worker_run.hpp"

namespace smlaunch {

using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds orphan_grace{1000};
// The agents here hear from the leader for the last time when we do, within a second; then their ranks get
// the grace. A SIGTERM from us would make them hurry.
constexpr milliseconds agents_bound{2000};
// How long Open MPI's daemon may take to end in good order when the job is over.
constexpr milliseconds daemon_patience{500};
// Open MPI's daemon removes its folder when it ends in good order. It does not always do so when mpirun is
// gone.
constexpr milliseconds folder_bound{1000};
// By then a leader that is there has looked: it does so every five seconds.
constexpr milliseconds refusal_bound{10'000};

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// Answers the agents and the leader's login on this host; one of them brings the hand-over.
class RequestServer {
 public:
  RequestServer(boost::asio::io_context& loop, std::vector<UniqueFd> listeners, WorkerRun& run)
      : environment_(own_environment()), run_(run) {
    for (UniqueFd& each : listeners) listeners_.emplace_back(loop, each.release());
    for (Listener& each : listeners_) wait(each);
  }

  [[nodiscard]] const std::string& session_folder() const { return session_folder_; }
  [[nodiscard]] const UniqueFd& daemon() const { return daemon_; }

 private:
  using Listener = boost::asio::posix::stream_descriptor;

  void wait(Listener& listener) {
    listener.async_wait(Listener::wait_read, [this, &listener](error_code error) {
      if (error) return;
      serve(listener);
      wait(listener);
    });
  }

  void serve(Listener& listener) {
    auto request = serve_worker_request(listener.native_handle(), environment_);
    if (!request) return;
    if (!request->session_folder.empty()) session_folder_ = request->session_folder;
    if (request->daemon.valid()) daemon_ = std::move(request->daemon);
    run_.take_over(request->hand_over);
  }

  std::map<std::string, std::string> environment_;
  std::list<Listener> listeners_;
  WorkerRun& run_;
  std::string session_folder_;  // of the daemon that started the agents here
  UniqueFd daemon_;             // the daemon's process
};

std::unique_ptr<PeerChannel> make_client(boost::asio::io_context& loop, const WorkerSettings& settings,
                                         const HandOver& leader, Hello hello) {
  const bool is_awaited = settings.leader.has_value();
  auto client = std::make_unique<ChannelClient>(
      loop, leader.channel_host, leader.channel_port, leader.token, std::move(hello),
      is_awaited ? settings.leader_bound : settings.lost_after, is_awaited);
  if (is_awaited && settings.leader->make_key) client->set_make_key(settings.leader->make_key);
  return client;
}

WorkerResult run_until_over(const WorkerSettings& settings, std::vector<UniqueFd> listeners) {
  AsioLoop loop;
  CodePreparation preparation(loop.context());
  std::optional<HostAgents> agents;
  WorkerRun run(settings, {.loop = loop,
                           .make_channel =
                               [&](const HandOver& hand_over, Hello hello) {
                                 return make_client(loop.context(), settings, hand_over, std::move(hello));
                               },
                           .prepare_code =
                               [&](const CodeRequest& request, std::function<void(const CodeEnd&)> ended) {
                                 return preparation.start(request, std::move(ended));
                               },
                           .end_job_processes =
                               [](const std::string& job) {
                                 end_job_processes(job, orphan_grace);
                                 remove_left_token(job);
                               },
                           .start_agents = [&](const StartAgents& wanted) { agents->start(wanted); },
                           .signal_agents = [&](const SignalAgents& signal) { agents->signal(signal); },
                           .forget_agents =
                               [&] {
                                 if (agents) agents->forget();
                               }});
  if (settings.leader)
    agents.emplace(loop.context(),
                   HostAgents::Settings{fmt::format("{}:{}", settings.leader->host, settings.leader->port),
                                        own_program(), settings.leader->find_interface},
                   [&](const AgentsEnded& end) { run.agents_ended(end); });
  StopSignals signals(loop.context());
  // We may be the first process of a container. Then its orphans are ours.
  const OrphanReaper reaper(loop.context());
  signals.on_signal([&](int signal) { run.told_to_stop(signal); });
  HeardSignals passed(loop.context(), {SIGUSR1, SIGUSR2});
  passed.on_signal([&](int signal) { run.pass_on(signal); });
  RequestServer server(loop.context(), std::move(listeners), run);
  const AskedLoop<WorkerRun> asked(settings.board, loop, run);
  run.begin();
  loop.run();
  preparation.stop();
  // The agents end their own processes. Processes that a killed agent leaves are ended here.
  const bool is_orphan = run.result().leader_lost;
  if (is_orphan)
    wait_for_job_processes(run.job(), std::min(settings.failure_grace, longest_orphan_grace) + agents_bound);
  if (!run.job().empty()) end_job_processes(run.job(), orphan_grace);
  remove_left_token(run.job());
  if (is_orphan)
    end_daemon(server.daemon());
  else  // after a failure mpirun ends at once, and its daemon may take seconds over it
    kill_daemon_after(server.daemon(), daemon_patience);
  remove_session_folder(server.session_folder(), is_orphan ? folder_bound : milliseconds(0));
  return run.result();
}

}  // namespace

Result<WorkerResult> run_worker(const WorkerSettings& settings) {
  // Nobody comes by SSH then.
  if (settings.leader) return run_until_over(settings, {});
  const std::string name = worker_socket_name(settings.hosts);
  auto listeners = listen_as_worker(name);
  if (!listeners) return tl::unexpected(listeners.error());
  auto sshd = start_sshd_if_none(settings.ssh_port);
  if (!sshd) {
    remove_worker_socket(name);
    const Problem& why = sshd.error().problems.front();
    refuse_leader(settings.ssh_port, fmt::format("{} {}", why.where, why.what), refusal_bound);
    return tl::unexpected(sshd.error());
  }
  const WorkerResult result = run_until_over(settings, std::move(*listeners));
  remove_worker_socket(name);
  if (*sshd) {
    kill((*sshd)->pid, SIGTERM);
    (void)reap((*sshd)->pid);
  }
  return result;
}

}  // namespace smlaunch
