// SPDX-License-Identifier: Apache-2.0
// The agent's loop. Its rank's life: connected -> started -> ended -> released. Whatever happens to the
// leader, to mpirun or to the network, the rank does not outlive what it belongs to: the agent dies with its
// parent (SIGTERM from the kernel), stops the rank when the leader stays away, and the rank itself is killed
// by the kernel when the agent dies.
#include "launcher/agent/rank_agent.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/host_name.hpp"
#include "base/line_splitter.hpp"
#include "base/steady_time.hpp"
#include "launcher/agent/agent_environment.hpp"
#include "launcher/agent/host_facts.hpp"
#include "launcher/agent/rank_binding.hpp"
#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/detached_notice.hpp"
#include "launcher/channel/hand_over.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/contract/executable.hpp"
#include "launcher/evidence/rank_tail.hpp"
#include "launcher/inspect/rank_inspector.hpp"
#include "launcher/process/agent_priority.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/host_environment.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/oom_kills.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/processor_wait.hpp"
#include "launcher/process/rank_cgroup.hpp"
#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

// What waits for the leader, or for its acknowledgement, before the rank is held back.
constexpr std::size_t most_waiting_bytes = 1U << 20U;
constexpr std::size_t read_size = 64U << 10U;
// A descendant of the rank may hold its pipes open for ever; lines that are there arrive within this.
constexpr milliseconds drain_bound{300};
// The leader listens before it starts us; the network may need a moment.
constexpr milliseconds first_bound{20000};
// What the rank leaves running gets this to end after SIGTERM.
constexpr milliseconds leftover_grace{500};
// mpirun kills us 1 s after its SIGTERM, whatever the grace; what the rank leaves must be gone by then.
constexpr milliseconds grace_under_mpirun{300};
constexpr milliseconds leftover_grace_under_mpirun{100};
// From SIGKILL for the other ranks of this host until nothing of them is left.
constexpr milliseconds kill_bound{2000};
constexpr int exit_lost = 76;
constexpr int exit_end_unknown = 70;

// A port that is free on this host now.
std::optional<int> find_free_port() {
  asio::io_context loop;
  error_code error;
  tcp::acceptor acceptor(loop);
  acceptor.open(tcp::v4(), error);
  if (!error) acceptor.bind(tcp::endpoint(tcp::v4(), 0), error);
  if (error) return {};
  return acceptor.local_endpoint().port();
}

class Agent {
 public:
  Agent(AgentIdentity identity, std::vector<std::string> program)
      : identity_(std::move(identity)),
        program_(std::move(program)),
        signals_(loop_),
        stop_timer_(loop_),
        drain_timer_(loop_),
        inspector_(loop_, [this](const RankState& state) {
          if (!ended_) send_data(FrameKind::inspected, encode(state));
        }) {}

  int run() {
    become_subreaper();
    signals_.on_signal([this](int) { told_to_end(); });
    if (identity_.channel_port == 0)
      run_without_channel("no channel was given");
    else
      connect();
    loop_.run();
    end_descendants(hurried_ ? leftover_grace_under_mpirun : leftover_grace);
    if (cgroup_) cgroup_->end();
    if (leader_lost_ && identity_.local_rank == 0)
      end_parent_daemon(own_environment()[job_marker_variable], grace_ + kill_bound);
    return exit_code_;
  }

 private:
  // One of the rank's two streams.
  struct Stream {
    explicit Stream(asio::io_context& loop) : pipe(loop) { bytes.resize(read_size); }
    asio::posix::stream_descriptor pipe;
    LineSplitter splitter;
    std::string bytes;
    bool is_stderr = false;
    bool open = false;
    bool held = false;  // nobody takes what it prints: not read
  };

  // ---- the connection

  void connect() {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = probe_host_name();
    hello.peer = identity_.rank;
    hello.local_rank = identity_.local_rank;
    hello.pid = getpid();
    if (identity_.rank == 0) hello.master_port = find_free_port();
    // The leader knows its own machine, but may only have assumed this one; one agent of each host tells what
    // the hosts are compared by.
    const bool is_compared = identity_.several_hosts && identity_.local_rank == 0;
    if (!on_leader_host() || is_compared) machine_ = probe_own_machine(is_compared);
    if (identity_.local_rank == 0 && machine_)
      tell_host_facts(*machine_, count_host_cpus(*machine_), identity_.several_hosts, hello);
    channel_.emplace(loop_, identity_.channel_host, identity_.channel_port, identity_.token, std::move(hello),
                     first_bound);
    channel_->start({[this](const Frame& frame) { received(frame); },
                     [this] {
                       resume_streams();
                       leave_if_done();
                     },
                     [this] { leader_lost(); }, [this](const std::string& why) { run_without_channel(why); },
                     [this](Pong& pong) { tell_activity(pong); }});
  }

  bool on_leader_host() const {
    return identity_.leader_host.empty() || identity_.leader_host == probe_host_name();
  }

  void received(const Frame& frame) {
    switch (frame.kind) {
      case FrameKind::start: return start(frame);
      case FrameKind::signal: return signal_rank(frame);
      case FrameKind::inspect: return inspect();
      case FrameKind::input: return take_input(frame);
      case FrameKind::release: return released();
      default: return;
    }
  }

  void send_data(FrameKind kind, const std::string& payload) { channel_->send_data(kind, payload); }
  std::size_t waiting_bytes() const { return channel_ ? channel_->waiting_bytes() : 0; }

  // ---- the rank

  void start(const Frame& frame) {
    const auto message = decode_start(frame.payload);
    if (!message || started_) return;
    channel_->set_lost_after(milliseconds(message->lost_after_milliseconds));
    grace_ = milliseconds(message->grace_milliseconds);
    start_rank(*message);
  }

  void start_rank(Start message) {
    started_ = true;
    if (!message.hand_over.empty())
      late_hand_over_.emplace(loop_, identity_.worker, std::move(message.hand_over)).look();
    forward_output_ = message.forward_output;
    is_starter_ = message.is_starter;
    tail_.emplace(is_starter_);
    Started report = bind_rank(message, identity_.local_rank, machine_);
    ChildRequest request;
    request.argv = message.program.empty() ? program_ : message.program;
    std::optional<std::map<std::string, std::string>> worker;
    if (!identity_.worker.empty()) worker = ask_worker_environment(identity_.worker, session_folder());
    request.environment = rank_environment(
        host_environment(own_environment(), worker, message.leader_environment, on_leader_host()), message);
    request.working_directory = message.working_directory;
    request.death_signal = SIGKILL;
    request.niceness = niceness_before_;
    request.has_input = message.has_input;
    if (const auto job = request.environment.find(job_marker_variable); job != request.environment.end())
      cgroup_ = RankCgroup::make(job->second, identity_.rank);
    if (cgroup_) request.cgroup_procs = cgroup_->procs();
    path_["PATH"] = request.environment["PATH"];
    // What a program such as torchrun starts, nobody else can make executable.
    if (request.argv.front() != message.command_file)
      make_program_executable(message.command_file, message.working_directory);
    processor_wait_.mark();
    oom_watch_.begin(read_oom_kills());
    auto child = spawn_child(request);
    if (!child) {
      ended_ = true;
      if (without_channel_) {
        std::fprintf(stderr, "smlaunch: rank %d on %s could not be started: %s\n", identity_.rank,
                     probe_host_name().c_str(), child.error().text.c_str());
        exit_code_ = 71;
        return leave();
      }
      return send_data(FrameKind::start_failed, child.error().text);
    }
    child_ = std::move(*child);
    report.pid = child_->pid;
    report.time_ns = steady_now_ns();
    if (!without_channel_) send_data(FrameKind::started, encode(report));
    if (message.has_input) stdin_.assign(child_->stdin_pipe.release());
    open_stream(out_, std::move(child_->stdout_pipe), false);
    open_stream(err_, std::move(child_->stderr_pipe), true);
    pidfd_.emplace(loop_, child_->pidfd.release());
    pidfd_->async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (!error) rank_ended();
    });
  }

  void open_stream(Stream& stream, UniqueFd pipe, bool is_stderr) {
    stream.pipe.assign(pipe.release());
    stream.is_stderr = is_stderr;
    stream.open = true;
    read_stream(stream);
  }

  void read_stream(Stream& stream) {
    if (!stream.open) return;
    if (waiting_bytes() >= most_waiting_bytes) {
      stream.held = true;
      return;
    }
    stream.pipe.async_read_some(
        asio::buffer(stream.bytes), [this, &stream](error_code error, std::size_t got) {
          if (error == asio::error::operation_aborted) return;
          std::string lines;
          if (error) {
            stream.open = false;
            stream.splitter.finish(lines);
          } else {
            stream.splitter.feed(std::string_view(stream.bytes).substr(0, got), lines);
          }
          if (!lines.empty()) pass_on(stream, lines);
          if (error) return finish_if_drained();
          read_stream(stream);
        });
  }

  void take_input(const Frame& frame) {
    const auto input = decode_input(frame.payload);
    if (!input || input->number <= input_number_ || !stdin_.is_open()) return;
    input_number_ = input->number;
    input_ += input->text;
    if (written_.empty()) write_input();
  }

  // A program that does not read, or is gone, gets no more.
  void write_input() {
    written_.swap(input_);
    if (written_.empty()) return;
    asio::async_write(stdin_, asio::buffer(written_), [this](error_code error, std::size_t) {
      written_.clear();
      if (error)
        stdin_.close(error);
      else
        write_input();
    });
  }

  void resume_streams() {
    for (Stream* stream : {&out_, &err_}) {
      if (!stream->held || waiting_bytes() >= most_waiting_bytes) continue;
      stream->held = false;
      read_stream(*stream);
    }
  }

  void pass_on(Stream& stream, const std::string& lines) {
    const std::uint64_t now = steady_now_ns();
    output_ns_ = now;
    if (stream.is_stderr) {
      tail_->add_stderr(lines, now);
      inspector_.heard(lines);
    } else {
      tail_->add_stdout(lines, now);
    }
    if (!without_channel_ && !forward_output_) return;
    if (!without_channel_) return send_data(FrameKind::output, encode_output({stream.is_stderr, now, lines}));
    std::FILE* to = stream.is_stderr ? stderr : stdout;
    std::fwrite(lines.data(), 1, lines.size(), to);
    std::fflush(to);
  }

  void rank_ended() {
    ended_ns_ = steady_now_ns();
    waited_ns_ = processor_wait_.since_mark_ns();
    told_to_stop_at_end_ = told_to_stop_;
    oom_kills_at_end_ = read_oom_kills();
    status_ = reap(child_->pid);
    if (hurried_) end_descendants(leftover_grace_under_mpirun);
    drain_timer_.expires_after(drain_bound);
    drain_timer_.async_wait([this](error_code error) {
      if (!error) wait_for_held_lines();
    });
    finish_if_drained();
  }

  // The bound is for a descendant that holds a pipe open without writing; a reader that is slow to take what
  // was written costs no line.
  void wait_for_held_lines() {
    if (out_.held || err_.held) {
      drain_timer_.expires_after(drain_bound);
      drain_timer_.async_wait([this](error_code error) {
        if (!error) wait_for_held_lines();
      });
      return;
    }
    for (Stream* stream : {&out_, &err_}) {
      if (!stream->open) continue;
      std::string lines;
      stream->splitter.finish(lines);
      if (!lines.empty()) pass_on(*stream, lines);
      stream->open = false;
      error_code ignored;
      stream->pipe.close(ignored);
    }
    finish_if_drained();
  }

  void finish_if_drained() {
    if (ended_ || !status_ || out_.open || err_.open) return;
    inspector_.rank_ended();
    ended_ = true;
    drain_timer_.cancel();
    stop_timer_.cancel();
    if (without_channel_ || leader_lost_) {
      if (!leader_lost_ && !*status_) say_end_unknown();
      exit_code_ = leader_lost_ ? exit_lost : *status_ ? shell_code(**status_) : exit_end_unknown;
      return leave();
    }
    if (!*status_) return send_data(FrameKind::end_unknown, status_->error().problems.front().what);
    LastWords words = tail_->last_words();
    const OomWatch::Kills kills = oom_watch_.at_end(oom_kills_at_end_);
    send_data(FrameKind::ended,
              encode(Ended{**status_, ended_ns_, waited_ns_, words.traceback_ns, told_to_stop_at_end_,
                           std::move(words.lines), kills.at_end, kills.earlier, words.failed_rank}));
  }

  void say_end_unknown() const {
    std::fprintf(stderr, "smlaunch: rank %d on %s: %s\n", identity_.rank, probe_host_name().c_str(),
                 status_->error().problems.front().what.c_str());
  }

  void tell_activity(Pong& pong) {
    pong.output_ns = output_ns_;
    processor_wait_.mark();
    if (!child_ || status_) return;
    const auto stat = read_proc_stat(child_->pid);
    if (stat) oom_watch_.sample(read_oom_kills(), stat->is_ending);
    if (const auto used = cgroup_ ? cgroup_->cpu_ns() : std::nullopt)
      pong.cpu_ns = *used;
    else if (stat)
      pong.cpu_ns = static_cast<std::uint64_t>(stat->cpu_seconds * 1e9);
  }

  void inspect() {
    if (!child_ || status_) return;  // how it ended is on its way
    if (inspector_.begin(child_->pid, is_starter_, path_)) told_to_stop_ = true;
  }

  // ---- stopping

  void signal_group(int signal) {
    if (!child_ || status_) return;
    // It may be over already, and we have not come to hear of it: then it was not told to stop.
    if (!has_ended(child_->pid)) told_to_stop_ = true;
    kill(-child_->pid, signal);
  }

  void signal_rank(const Frame& frame) {
    const auto number = decode_number(frame.payload);
    if (!number || *number < 1 || *number > 64) return;
    signal_group(static_cast<int>(*number));
  }

  // SIGTERM, the grace, SIGKILL: when nobody is left to tell us what to do.
  void stop_rank() {
    if (stopping_) return;
    stopping_ = true;
    if (!started_ || ended_) return leave();
    signal_group(SIGTERM);
    kill_rank_after(grace_);
  }

  static std::string session_folder() {
    const char* folder = std::getenv("PMIX_SERVER_TMPDIR");
    return folder == nullptr ? "" : folder;
  }

  static bool is_under_mpirun() { return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr; }

  void kill_rank_after(milliseconds grace) {
    stop_timer_.expires_after(grace);
    stop_timer_.async_wait([this](error_code error) {
      if (error) return;
      signal_group(SIGKILL);
      // On a busy machine it may be long until the rank is gone, and there is no time after that.
      if (hurried_) signal_descendants(SIGKILL);
    });
  }

  void leader_lost() {
    leader_lost_ = true;
    exit_code_ = exit_lost;
    if (ended_) return leave();  // stopped already, by the signal that our parent's death sends
    stop_rank();
  }

  void released() {
    exit_code_ = 0;
    signal_group(SIGKILL);
    // The connection closes with this process: when the leader sees it, nothing of the rank is left.
    leave();
  }

  void leave() { loop_.stop(); }

  // mpirun looks after ranks that end without MPI_Finalize while others wait for them, when it sees them end:
  // so a rank that ended well does not stay for the others. (One that failed does: mpirun would end the job
  // its way.)
  void leave_if_done() {
    const bool done = ended_ && status_ && *status_ && succeeded(**status_) && waiting_bytes() == 0;
    if (done && is_under_mpirun() && find_descendants(getpid()).empty()) leave();
  }

  void run_without_channel(const std::string& why) {
    without_channel_ = true;
    fmt::print(stderr,
               "smlaunch: rank {} on {}{} ({}): its output goes through mpirun, where lines may be broken, "
               "and who failed "
               "first is not known for certain\n",
               identity_.rank, probe_host_name(), detached_notice, why);
    std::fflush(stderr);
    start_rank(make_start_without_channel(own_environment(), identity_));
  }

  // Our parent died, or somebody ends us: the rank goes with us.
  void told_to_end() {
    stop_rank();
    if (!is_under_mpirun() || hurried_) return;
    hurried_ = true;
    if (child_ && !status_) signal_descendants(SIGTERM, child_->pid);
    kill_rank_after(std::min(grace_, grace_under_mpirun));
  }

  AgentIdentity identity_;
  std::vector<std::string> program_;
  asio::io_context loop_;
  StopSignals signals_;
  asio::steady_timer stop_timer_;
  asio::steady_timer drain_timer_;
  RankInspector inspector_;

  std::optional<Machine> machine_;  // this host as it is, where it was looked at
  std::optional<ChannelClient> channel_;
  std::optional<LateHandOver> late_hand_over_;
  bool without_channel_ = false;
  bool leader_lost_ = false;

  std::optional<Child> child_;
  std::optional<asio::posix::stream_descriptor> pidfd_;
  asio::posix::stream_descriptor stdin_{loop_};  // of a check program
  std::string input_;                            // to be written
  std::string written_;                          // is being written
  std::uint64_t input_number_ = 0;
  Stream out_{loop_};
  Stream err_{loop_};
  std::optional<RankTail> tail_;
  std::optional<Result<ExitStatus>> status_;  // nothing: it runs
  OomWatch oom_watch_;
  std::optional<long> oom_kills_at_end_;
  std::uint64_t ended_ns_ = 0;
  int niceness_before_ = go_before_ranks();
  std::uint64_t output_ns_ = 0;              // when it printed last
  std::optional<RankCgroup> cgroup_;         // of the rank
  std::map<std::string, std::string> path_;  // the rank's PATH
  bool started_ = false;
  bool forward_output_ = true;
  bool is_starter_ = false;
  bool ended_ = false;
  std::uint64_t waited_ns_ = 0;
  ProcessorWait processor_wait_;
  bool stopping_ = false;
  bool told_to_stop_ = false;
  bool told_to_stop_at_end_ = false;
  bool hurried_ = false;
  milliseconds grace_{5000};
  int exit_code_ = 0;
};

}  // namespace

int run_rank_agent(const std::vector<std::string>& program) {
  const int parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto identity = parse_agent_identity(own_environment());
  if (!identity || program.empty()) {
    const std::string what =
        program.empty() ? "no program was given" : identity.error().problems.front().what;
    fmt::print(stderr, "smlaunch: smlaunch rank: {}: it is started by smlaunch or by mpirun, not by hand\n",
               what);
    return 64;
  }
  if (getppid() != parent) return exit_lost;
  return Agent(std::move(*identity), program).run();
}

}  // namespace smlaunch
