// SPDX-License-Identifier: Apache-2.0
// The real world around an Agent: the loop, the channel's socket, the rank's process, signals. The agent
// dies with its parent (SIGTERM from the kernel), and the rank is killed by the kernel when the agent dies.
#include "launcher/agent/rank_agent.hpp"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

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
#include "launcher/channel/host_relay.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/channel/own_host_door.hpp"
#include "launcher/channel/set_token.hpp"
#include "launcher/devices/host_devices.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/asio_loop.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/session_folders.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/process/unique_fd.hpp"
#include "topology/hwloc_plugins.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// The leader listens before it starts us, but the network may need a moment.
constexpr milliseconds first_bound{20000};
// How long the other ranks of this host may take, after their SIGKILL, until nothing of them is left.
constexpr milliseconds kill_bound{2000};
// What Open MPI's daemon gets to end in good order when the job is over.
constexpr milliseconds daemon_patience{400};

// How long a relay stays if it leaves before it is released. mpirun has a rule for ranks that have ended well, and applies
// it when their agents leave (Agent::leave_if_done).
constexpr milliseconds relay_patience{2000};

// Some port that is free on this host now.
std::optional<int> find_free_port() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  auto* const given = reinterpret_cast<sockaddr*>(&address);
  if (!fd.valid() || bind(fd.get(), given, size) != 0 || getsockname(fd.get(), given, &size) != 0) return {};
  return ntohs(address.sin_port);
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

// One agent of each host tells the leader what it needs to compare the hosts.
bool is_compared(const AgentIdentity& identity) { return identity.several_hosts && identity.local_rank == 0; }

// The leader knows its own machine, but may only have assumed this one.
std::optional<Machine> probe_machine_if_needed(const AgentIdentity& identity, const std::string& host) {
  if (identity.channel_port == 0) return {};
  if (is_on_leader_host(identity, host) && !is_compared(identity)) return {};
  return probe_own_machine(is_compared(identity));
}

// Our neighbours' connections are in ours: it stays until they have gone, or somebody ends us. Neighbours that are left
// then go to the leader themselves.
class NeighboursWait {
 public:
  NeighboursWait(AsioLoop& loop, HostRelay& relay) : loop_(loop), relay_(relay) {}
  void wait(std::optional<milliseconds> bound) {
    const auto timer = loop_.make_timer();
    if (bound) timer->start(*bound, [this] { end(); });
    relay_.on_empty([this] { end(); });
    while (!is_over_ && relay_.has_neighbours()) loop_.run();
    relay_.on_empty({});
    relay_.flush();
  }
  void end() {
    is_over_ = true;
    loop_.stop();
  }

 private:
  AsioLoop& loop_;
  HostRelay& relay_;
  bool is_over_ = false;
};

// mpirun carries no token: on its other hosts, the leader's login has left it.
void add_left_token(std::map<std::string, std::string>& environment) {
  const auto job = environment.find(job_marker_variable);
  const auto set = environment.find(agent_set_variable);
  if (environment.contains(agent_token_variable) || job == environment.end() || set == environment.end())
    return;
  if (const auto token = find_left_token(job->second))
    environment[agent_token_variable] = make_set_token(*token, set->second);
}

// The threads of a process end one after the other, and we are told of the end of the thread that has started us.
bool has_ended_or_ends(int parent) {
  if (getppid() != parent) return true;
  const auto stat = read_proc_stat(parent);
  return !stat || stat->is_ending;
}

int run_agent(const AgentIdentity& identity, const std::vector<std::string>& program, bool is_check) {
  const int parent = getppid();
  become_subreaper();
  AsioLoop loop;
  StopSignals signals(loop.context());
  const OrphanReaper reaper(loop.context());
  const std::string host = probe_host_name();
  const bool has_relay = identity.has_relay && identity.channel_port != 0;
  const std::string relay_name = relay_socket_name(identity.token, host);
  std::optional<HostRelay> relay;
  if (has_relay && identity.local_rank == 0) {
    relay.emplace(loop.context(), identity.rank);
    // If it cannot listen, the others go to the leader themselves.
    if (!relay->listen(relay_name)) relay.reset();
  }
  const auto machine = probe_machine_if_needed(identity, host);
  std::optional<ChannelClient> channel;
  if (identity.channel_port != 0)
    channel.emplace(loop.context(), identity.channel_host, identity.channel_port, identity.token,
                    make_hello(identity, host, machine), first_bound);
  if (relay) channel->set_carrier(*relay);
  if (has_relay && identity.local_rank != 0)
    channel->set_relay(relay_name);
  else if (channel && !identity.token.empty() && is_on_leader_host(identity, host))
    channel->set_own_host_door(own_host_door_name(identity.token));
  RankProcess rank(loop.context(), identity, program, machine);
  std::optional<LateHandOver> late_hand_over;
  std::optional<HostDevices> devices;
  if (identity.local_rank == 0 && channel) devices.emplace(loop);
  Agent agent(
      identity,
      {.loop = loop,
       .channel = channel ? &*channel : nullptr,
       .rank = rank,
       .host = host,
       .is_under_mpirun = std::getenv("OMPI_COMM_WORLD_RANK") != nullptr,
       .print = [](bool is_stderr, const std::string& text) { write_text(is_stderr ? 2 : 1, text); },
       .look_for_late_worker =
           [&](const std::string& hand_over, std::function<void()> hands_over) {
             late_hand_over.emplace(loop.context(), identity.worker, hand_over, std::move(hands_over)).look();
           },
       .devices = devices ? &*devices : nullptr});
  std::optional<NeighboursWait> neighbours;
  const std::string job = own_environment()[job_marker_variable];
  // The job's agents come after those of the checks.
  const auto forget_token = [&] {
    if (!is_check && identity.local_rank == 0 && identity.by_login) remove_left_token(job);
  };
  signals.on_signal([&](int signal) {
    // All agents of the host are there, or none comes any more; and mpirun's daemon soon kills us.
    forget_token();
    agent.told_to_end(!has_ended_or_ends(parent), signal);
    if (neighbours) neighbours->end();
  });
  HeardSignals user_signals(loop.context(), {SIGUSR1, SIGUSR2});
  user_signals.on_signal([&](int signal) { agent.got_user_signal(signal); });
  loop.post([&] { agent.begin(); });
  loop.run();
  rank.end_leftovers();
  if (relay)
    neighbours.emplace(loop, *relay)
        .wait(agent.was_released() ? std::nullopt : std::optional(relay_patience));
  channel.reset();  // nothing of the rank is left
  // Before a daemon is ended: it may kill us, too.
  rank.remove_private_files();
  forget_token();
  if (identity.local_rank == 0 && agent.has_lost_leader())
    end_parent_daemon(job, agent.grace() + kill_bound);
  else if (identity.local_rank == 0 && agent.ends_daemon())
    kill_daemon_after(open_parent_daemon(getpid()), daemon_patience);
  // A daemon that was killed has removed nothing. If nobody waits on its host, only its agents know of it. The last
  // agent to leave finds all that the ranks of the others have made.
  const bool has_lost_daemon = has_ended_or_ends(parent);
  if (has_lost_daemon || (identity.local_rank == 0 && (agent.has_lost_leader() || agent.ends_daemon())))
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
  load_hwloc_plugins_later([compared = is_compared(*identity)] {
    return HwlocNeeds{.saved_machines = false, .devices = needs_pci_devices(compared)};
  });
  return run_agent(*identity, program, is_check);
}

}  // namespace smlaunch
