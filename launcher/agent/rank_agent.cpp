// SPDX-License-Identifier: Apache-2.0
// The real world around an Agent: the loop, the channel's socket, the rank's process, signals. The agent
// dies with its parent (SIGTERM from the kernel), and the rank is killed by the kernel when the agent dies.
#include "launcher/agent/rank_agent.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "base/exit_codes.hpp"
#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/agent/agent.hpp"
#include "launcher/agent/agent_environment.hpp"
#include "launcher/agent/host_facts.hpp"
#include "launcher/agent/rank_binding.hpp"
#include "launcher/agent/rank_process.hpp"
#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/hand_over.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/channel/set_token.hpp"
#include "launcher/devices/host_devices.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/asio_loop.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

// The leader listens before it starts us, but the network may need a moment.
constexpr milliseconds first_bound{20000};
// How long the other ranks of this host may take, after their SIGKILL, until nothing of them is left.
constexpr milliseconds kill_bound{2000};
// What Open MPI's daemon gets to end in good order when the job is over.
constexpr milliseconds daemon_patience{400};

// Some port that is free on this host now.
std::optional<int> find_free_port() {
  boost::asio::io_context loop;
  boost::system::error_code error;
  tcp::acceptor acceptor(loop);
  acceptor.open(tcp::v4(), error);
  if (!error) acceptor.bind(tcp::endpoint(tcp::v4(), 0), error);
  if (error) return {};
  return acceptor.local_endpoint().port();
}

Hello make_hello(const AgentIdentity& identity, const std::string& host,
                 const std::optional<Machine>& machine) {
  Hello hello;
  hello.version = SMLAUNCH_VERSION;
  hello.host = host;
  hello.peer = identity.rank;
  hello.local_rank = identity.local_rank;
  hello.pid = getpid();
  hello.instance = own_instance();
  if (identity.rank == 0) hello.master_port = find_free_port();
  if (identity.local_rank == 0 && machine)
    tell_host_facts(*machine, count_host_cpus(*machine), identity.several_hosts, hello);
  return hello;
}

// The leader knows its own machine, but may only have assumed this one. One agent of each host tells it what
// it needs to compare the hosts.
std::optional<Machine> probe_machine_if_needed(const AgentIdentity& identity, const std::string& host) {
  if (identity.channel_port == 0) return {};
  const bool is_compared = identity.several_hosts && identity.local_rank == 0;
  if (is_on_leader_host(identity, host) && !is_compared) return {};
  return probe_own_machine(is_compared);
}

// mpirun carries no token: on its other hosts, the leader's login has left it.
void add_left_token(std::map<std::string, std::string>& environment) {
  const auto job = environment.find(job_marker_variable);
  const auto set = environment.find(agent_set_variable);
  if (environment.contains(agent_token_variable) || job == environment.end() || set == environment.end())
    return;
  if (const auto token = find_left_token(job->second))
    environment[agent_token_variable] = make_set_token(*token, set->second);
}

int run_agent(const AgentIdentity& identity, const std::vector<std::string>& program) {
  const int parent = getppid();
  become_subreaper();
  AsioLoop loop;
  StopSignals signals(loop.context());
  const OrphanReaper reaper(loop.context());
  const std::string host = probe_host_name();
  const auto machine = probe_machine_if_needed(identity, host);
  std::optional<ChannelClient> channel;
  if (identity.channel_port != 0)
    channel.emplace(loop.context(), identity.channel_host, identity.channel_port, identity.token,
                    make_hello(identity, host, machine), first_bound);
  RankProcess rank(loop.context(), identity, program, machine);
  std::optional<LateHandOver> late_hand_over;
  std::optional<HostDevices> devices;
  if (identity.local_rank == 0 && channel) devices.emplace(loop);
  Agent agent(identity,
              {.loop = loop,
               .channel = channel ? &*channel : nullptr,
               .rank = rank,
               .host = host,
               .is_under_mpirun = std::getenv("OMPI_COMM_WORLD_RANK") != nullptr,
               .print = [](bool is_stderr, const std::string& text) { write_text(is_stderr ? 2 : 1, text); },
               .look_for_late_worker =
                   [&](const std::string& hand_over) {
                     late_hand_over.emplace(loop.context(), identity.worker, hand_over).look();
                   },
               .devices = devices ? &*devices : nullptr});
  signals.on_signal([&agent, parent](int signal) { agent.told_to_end(getppid() == parent, signal); });
  HeardSignals user_signals(loop.context(), {SIGUSR1, SIGUSR2});
  user_signals.on_signal([&](int signal) { agent.got_user_signal(signal); });
  loop.post([&] { agent.begin(); });
  loop.run();
  rank.end_leftovers();
  channel.reset();  // nothing of the rank is left
  if (identity.local_rank == 0 && agent.has_lost_leader())
    end_parent_daemon(own_environment()[job_marker_variable], agent.grace() + kill_bound);
  else if (identity.local_rank == 0 && agent.ends_daemon())
    kill_daemon_after(open_parent_daemon(getpid()), daemon_patience);
  if (identity.local_rank == 0 && (agent.has_lost_leader() || agent.ends_daemon()))
    remove_session_folder(own_session_folder(), milliseconds(0));
  return agent.exit_code();
}

}  // namespace

int run_rank_agent(const std::vector<std::string>& words, bool is_check) {
  const int parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto environment = own_environment();
  add_left_token(environment);
  const auto secrets = environment.find(agent_secrets_variable);
  const auto program = show_arguments(words, secrets == environment.end() ? "" : secrets->second);
  auto identity = parse_agent_identity(environment);
  if (!identity || program.empty()) {
    const std::string what =
        program.empty() ? "no program was given" : identity.error().problems.front().what;
    say("smlaunch rank: {}: it is started by smlaunch or by mpirun, not by hand", what);
    return exit_codes::usage;
  }
  if (getppid() != parent) return exit_codes::lost;
  if (is_check) identity->several_hosts = false;  // asking mpirun and the GPUs takes longer than all the rest
  const int code = run_agent(*identity, program);
  // The job's agents come after those of the checks.
  if (const auto job = environment.find(job_marker_variable);
      !is_check && identity->local_rank == 0 && job != environment.end())
    remove_left_token(job->second);
  return code;
}

}  // namespace smlaunch
