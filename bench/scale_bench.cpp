// SPDX-License-Identifier: Apache-2.0
// A job of 1,000 hosts with eight ranks each: the real leader with its real channel, its output and its files, in a
// process of its own, whose seconds, CPU and memory are told. Three things are simulated: the hosts are addresses of
// 127.0.0.0/8 that answer with an SSH banner; mpirun only tells the agents where the leader is; the agents with their
// ranks are tasks of two other processes, and speak the channel's real protocol.
#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "bench/banner_server.hpp"
#include "bench/bench_job.hpp"
#include "bench/leader_meter.hpp"
#include "bench/simulated_agents.hpp"
#include "launcher/channel/channel_server.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/leader/leader_run.hpp"
#include "launcher/output/rank_output.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/asio_loop.hpp"
#include "launcher/remote/host_work.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr int agent_processes = 2;
constexpr milliseconds steady_time{10'000};
constexpr milliseconds lost_after{10'000};
constexpr std::size_t most_strangers = 4096;  // as a run of so many ranks has them
constexpr std::size_t line_length = 128;
constexpr std::size_t burst_lines = 128;
constexpr const char* first_line = "step 0\n";

enum class Ending { rank_fails, host_is_lost };

struct Scene {
  int hosts = 0;
  int ranks_on_each = 0;
  Ending ending = Ending::rank_fails;
  bool has_relays = false;
  [[nodiscard]] int ranks() const { return hosts * ranks_on_each; }
};

// A process of agents, and the pipe by which it learns where the leader is.
struct AgentProcess {
  pid_t pid = 0;
  int commands = -1;
};

AgentProcess fork_agents(const AgentsWork& work) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[1]);
    simulate_agents(work, ends[0]);
  }
  close(ends[0]);
  return {pid, ends[1]};
}

// The last process has the agents of one host in the middle, which can be lost.
std::vector<AgentProcess> fork_all_agents(const Scene& scene) {
  AgentsWork work;
  work.ranks_per_host = scene.ranks_on_each;
  work.has_relays = scene.has_relays;
  work.line = first_line;
  for (std::size_t i = 0; i < burst_lines; ++i) work.burst += std::string(line_length - 1, 'x') + "\n";
  work.failing = scene.ranks() / 3;
  const int apart = scene.hosts / 2;
  std::vector<AgentsWork> works(agent_processes + 1, work);
  for (int rank = 0; rank < scene.ranks(); ++rank) {
    const int host = rank / scene.ranks_on_each;
    works[static_cast<std::size_t>(host == apart ? agent_processes : host % agent_processes)].ranks.push_back(
        rank);
  }
  std::vector<AgentProcess> processes;
  for (const AgentsWork& each : works) processes.push_back(fork_agents(each));
  return processes;
}

// Tells how far the job is.
class WatchedChannel final : public LeaderChannel {
 public:
  explicit WatchedChannel(ChannelServer& channel) : channel_(channel) {}

  std::function<void()> changed;
  int joined = 0;
  int left = 0;
  std::size_t output_bytes = 0;  // with what frames them

  void set_callbacks(Callbacks callbacks) override {
    told_ = callbacks;
    callbacks.joined = [this](Peer peer, const Hello& hello) {
      ++joined;
      changed();
      told_.joined(peer, hello);
    };
    callbacks.data = [this](Peer peer, const Frame& frame) {
      told_.data(peer, frame);
      if (frame.kind != FrameKind::output) return;
      if (const auto output = decode_output(frame.payload)) output_bytes += output->lines.size();
      changed();
    };
    callbacks.left = [this](Peer peer) {
      ++left;
      told_.left(peer);
      changed();
    };
    channel_.set_callbacks(std::move(callbacks));
  }
  Result<int> listen(const std::string& address, int port) override { return channel_.listen(address, port); }
  void keep_to(const std::string& address) override { channel_.keep_to(address); }
  void begin_ranks(int ranks, std::string token) override { channel_.begin_ranks(ranks, std::move(token)); }
  void let_carry(std::vector<Peer> carriers) override { channel_.let_carry(std::move(carriers)); }
  void start(Peer peer, const Start& start) override { channel_.start(peer, start); }
  void input(Peer peer, const std::string& text) override { channel_.input(peer, text); }
  void signal(Peer peer, int signal) override { channel_.signal(peer, signal); }
  void inspect(Peer peer, Inspection how) override { channel_.inspect(peer, how); }
  void pass_on(Peer peer, int signal) override { channel_.pass_on(peer, signal); }
  void release_agents(int world_size, const Release& how) override {
    channel_.release_agents(world_size, how);
  }
  void start_agents(Peer peer, const StartAgents& agents) override { channel_.start_agents(peer, agents); }
  void signal_agents(Peer peer, const SignalAgents& signal) override { channel_.signal_agents(peer, signal); }
  void tell_status(Peer peer, const StatusTold& told) override { channel_.tell_status(peer, told); }
  void send_outcome(Peer peer, const JobEnd& end) override { channel_.send_outcome(peer, end); }
  void ping_all() override { channel_.ping_all(); }
  void pause(bool paused) override { channel_.pause(paused); }

 private:
  ChannelServer& channel_;
  Callbacks told_;
};

// In the place of mpirun. It ends when it is told to.
class SimulatedEngine final : public JobEngine {
 public:
  SimulatedEngine(EventLoop& loop, const std::vector<AgentProcess>& agents, Callbacks callbacks)
      : loop_(loop), agents_(agents), callbacks_(std::move(callbacks)) {}
  tl::expected<void, SpawnError> start(const std::vector<std::string>&,
                                       const std::map<std::string, std::string>& environment, Rank,
                                       DeathSignal) override {
    const std::string& channel = environment.at(agent_channel_variable);
    const std::string leader =
        fmt::format("{} {}\n", channel.substr(channel.find(':') + 1), environment.at(agent_token_variable));
    for (const AgentProcess& each : agents_)
      if (write(each.commands, leader.data(), leader.size()) < 0) std::abort();
    was_started_ = true;
    return {};
  }
  void signal(int signal) override {
    if (std::exchange(has_ended_, true)) return;
    loop_.post([this, signal] { callbacks_.ended(Rank{0}, ExitStatus(Signaled{signal, false}), true); });
  }
  [[nodiscard]] bool was_started() const override { return was_started_; }
  [[nodiscard]] std::vector<std::string> last_words() const override { return {}; }
  [[nodiscard]] std::set<std::string> peers() const override { return {}; }
  [[nodiscard]] bool has_children() const override { return false; }
  void remove_session_folders(const std::string&) const override {}

 private:
  EventLoop& loop_;
  const std::vector<AgentProcess>& agents_;
  Callbacks callbacks_;
  bool was_started_ = false;
  bool has_ended_ = false;
};

// The leader's process: the run, and what it costs from step to step.
class MeasuredRun {
 public:
  MeasuredRun(const Scene& scene, const LaunchPlan& plan, std::vector<AgentProcess> agents, int ssh_port)
      : scene_(scene),
        plan_(plan),
        agents_(std::move(agents)),
        ssh_port_(ssh_port),
        server_(loop_.context(), token_, scene.ranks() + scene.hosts, lost_after, most_strangers),
        channel_(server_),
        output_(plan, {}, [this] { loop_.post([this] { channel_.pause(false); }); }),
        timer_(loop_.make_timer()) {
    settings_.lost_after = lost_after;
    settings_.board = &board_;
    settings_.make_ready = [this](const std::string&, const FindWorkerCode&, auto done) {
      wait_for_hosts(std::move(done));
    };
    channel_.changed = [this] { look(); };
  }

  // Returns what is to be printed.
  std::vector<std::string> go(const std::filesystem::path& folder) {
    if (!events_.open(folder / "events.jsonl")) std::abort();
    const MakeEngine make_engine = [this](JobEngine::Callbacks callbacks) {
      return std::make_unique<SimulatedEngine>(loop_, agents_, std::move(callbacks));
    };
    LeaderRun run(plan_, settings_, events_, {loop_, channel_, output_, make_engine, [] {}}, token_);
    run_ = &run;
    if (!run.listen()) std::abort();
    meter_.begin();
    const auto result = run.run();
    meter_.step(
        scene_.ending == Ending::rank_fails
            ? "a rank fails; until all is over"
            : fmt::format("a host falls silent (--lost-after {} s); over", lost_after.count() / 1000));
    std::vector<std::string> rows = meter_.rows();
    rows.push_back(fmt::format("  peak {:.0f} MiB; {}", LeaderMeter::peak_mebibytes(),
                               result ? result->outcome.message : "it did not start"));
    return rows;
  }

 private:
  enum class Step { ready, join, start, steady, burst, end };

  void wait_for_hosts(std::function<void(ReadyResult)> done) {
    RemoteRequest request;
    for (int i = 0; i < scene_.hosts; ++i)
      request.hosts.push_back(fmt::format("127.1.{}.{}", i / 250, i % 250 + 1));
    request.port = ssh_port_;
    request.until = ReadyStage::banner;
    hosts_ = begin_on_hosts(loop_, std::move(request), [this, done](const RemoteReport& report) {
      if (!report.ready) std::abort();
      meter_.step(fmt::format("{} hosts answer with a banner", scene_.hosts));
      step_ = Step::join;
      done({});
    });
  }

  void look() {
    const auto ranks = static_cast<std::size_t>(scene_.ranks());
    const std::size_t first = ranks * std::string_view(first_line).size();
    if (step_ == Step::join && channel_.joined == scene_.ranks()) {
      meter_.step("all agents have come");
      step_ = Step::start;
    }
    if (step_ == Step::start && channel_.output_bytes >= first) {
      meter_.step("all ranks have started and printed a line");
      step_ = Step::steady;
      timer_->start(steady_time, [this] { print_all(); });
    }
    if (step_ == Step::burst && channel_.output_bytes >= first + ranks * burst_lines * line_length) {
      meter_.step(fmt::format("all print {} KiB at once", burst_lines * line_length / 1024));
      step_ = Step::end;
      timer_->start(milliseconds(0), [this] { end(); });
    }
  }

  void print_all() {
    meter_.step(fmt::format("steady, {} s", steady_time.count() / 1000));
    step_ = Step::burst;
    run_->passed_signal(SIGUSR1);
  }

  void end() {
    meter_.begin();
    if (scene_.ending == Ending::host_is_lost)
      kill(agents_.back().pid, SIGSTOP);
    else
      run_->passed_signal(SIGUSR2);
  }

  const Scene& scene_;
  const LaunchPlan& plan_;
  std::vector<AgentProcess> agents_;
  int ssh_port_;
  std::string token_ = make_token();
  AsioLoop loop_;
  ChannelServer server_;
  WatchedChannel channel_;
  RankOutput output_;
  RunSettings settings_;
  StatusBoard board_{JobStatus()};
  EventLog events_;
  std::unique_ptr<HostWork> hosts_;
  std::unique_ptr<LoopTimer> timer_;
  LeaderMeter meter_;
  LeaderRun* run_ = nullptr;
  Step step_ = Step::ready;
};

// Ranks' lines and the leader's words go nowhere, results to `to`.
void lead(const Scene& scene, int ssh_port, int to) {
  std::vector<AgentProcess> agents = fork_all_agents(scene);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, 1);
  if (std::getenv("SMLAUNCH_BENCH_WORDS") == nullptr) dup2(nowhere, 2);
  BenchJob job = make_job(scene.hosts);
  for (Host& host : job.cluster.hosts) host.ranks = scene.ranks_on_each;
  job.spec.inherited[agent_relay_variable] = scene.has_relays ? relay_on : relay_off;
  auto plan = make_plan(job.spec, job.cluster);
  if (!plan) std::abort();
  std::string folder = (std::filesystem::temp_directory_path() / "scale_bench.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  std::string text;
  for (const std::string& row : MeasuredRun(scene, *plan, agents, ssh_port).go(folder)) text += row + "\n";
  std::filesystem::remove_all(folder);
  for (const AgentProcess& each : agents) kill(each.pid, SIGKILL);
  if (write(to, text.data(), text.size()) < 0) std::abort();
}

// The leader's memory is that of a process of its own.
bool measure(const Scene& scene, int ssh_port) {
  fmt::print("{} hosts x {} ranks, {}{}\n", scene.hosts, scene.ranks_on_each,
             scene.has_relays ? "one connection a host, " : "",
             scene.ending == Ending::rank_fails ? "a rank fails at the end" : "a host is lost at the end");
  std::fflush(stdout);
  const int to = dup(1);
  const pid_t pid = fork();
  if (pid == 0) {
    lead(scene, ssh_port, to);
    _exit(0);
  }
  close(to);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace
}  // namespace smlaunch

int main(int argc, char** argv) {
  using namespace smlaunch;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const int hosts = argc > 1 ? std::atoi(argv[1]) : 1000;
  const BannerServer server;
  for (const Scene& scene :
       {Scene{hosts, 1, Ending::rank_fails, false}, Scene{hosts, ranks_per_host, Ending::rank_fails, false},
        Scene{hosts, ranks_per_host, Ending::rank_fails, true},
        Scene{hosts, ranks_per_host, Ending::host_is_lost, false},
        Scene{hosts, ranks_per_host, Ending::host_is_lost, true}})
    if (!measure(scene, server.port())) return 1;
  return 0;
}
