// SPDX-License-Identifier: Apache-2.0
// One thread, one event loop: every source of events below turns what happened into a supervisor's Event, and
// `perform` carries out its Actions. What to do is decided in supervisor.cpp.
#include "launcher/leader/runner.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <set>

#include "base/host_name.hpp"
#include "base/steady_time.hpp"
#include "launcher/channel/channel_server.hpp"
#include "launcher/channel/detached_notice.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/leader/engine_processes.hpp"
#include "launcher/leader/host_watch.hpp"
#include "launcher/leader/rank_activity.hpp"
#include "launcher/leader/rank_clocks.hpp"
#include "launcher/leader/smoke_run.hpp"
#include "launcher/leader/start_engine.hpp"
#include "launcher/leader/start_messages.hpp"
#include "launcher/leader/supervisor.hpp"
#include "launcher/outcome/failure_text.hpp"
#include "launcher/outcome/job_phases.hpp"
#include "launcher/outcome/starter_outcome.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/rank_cgroup.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/smoke/render_smoke.hpp"
#include "mpi/tagged_line.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr const char* own_loopback = "127.0.0.1";
constexpr std::chrono::seconds ping_interval{1};
constexpr std::chrono::milliseconds goodbye_bound{1000};
// Between two looks for hosts that do not answer any more, until the ranks have started.
constexpr std::uint64_t look_interval_ns = 8'000'000'000;
// Until every agent must be there: mpirun over SSH needs about 0.2 s a host.
constexpr milliseconds start_bound{60000};
constexpr milliseconds start_bound_per_host{1000};
// Sockets, pipes, files and timers beside the agents' connections.
constexpr rlim_t own_descriptors = 128;

double seconds_between(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns <= from_ns ? 0.0 : static_cast<double>(to_ns - from_ns) / 1e9;
}

class Runner {
 public:
  Runner(const LaunchPlan& plan, const RunSettings& settings, EventLog& events)
      : plan_(plan),
        settings_(settings),
        events_(events),
        output_(plan, std::move(settings_.output),
                [this] { asio::post(loop_, [this] { server_.pause(false); }); }),
        job_(make_nonce()),
        token_(make_token()),
        rank_peers_(std::max(plan.world_size(), settings.smoke ? settings.smoke->plan.world_size() : 0)),
        server_(loop_, token_,
                rank_peers_ + static_cast<int>(plan.cluster.hosts.size() + settings.spare_hosts.size()),
                settings.lost_after),
        supervisor_(supervisor_settings()),
        child_signal_(loop_, SIGCHLD),
        ping_timer_(loop_),
        goodbye_timer_(loop_),
        engine_(loop_, {[this](std::string_view line) { engine_line(line); },
                        [this](Rank rank, const EngineEnd& end, bool all) {
                          engine_process_ended(rank, end, all);
                        }}),
        clocks_(plan.world_size()),
        activity_(plan.world_size(), steady_now_ns()),
        watch_(plan) {
    for (const RankPlace& place : plan.layout.ranks)
      hosts_.push_back(plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)].name);
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      if (plan.cluster.hosts.size() == 1 || hosts_[i] == plan.current_host)
        clocks_.share(Rank{static_cast<int>(i)});
    for (const Host& each : plan.cluster.hosts) worker_hosts_.push_back(each.name);
    worker_hosts_.insert(worker_hosts_.end(), settings.spare_hosts.begin(), settings.spare_hosts.end());
    workers_.resize(worker_hosts_.size());
    code_ends_.resize(worker_hosts_.size());
  }

  Result<RunResult> run() {
    if (auto enough = raise_descriptor_limit(); !enough) return tl::unexpected(enough.error());
    server_.set_callbacks(
        {[this](Peer peer, const Hello& hello) { joined(peer, hello); },
         [this](Peer peer, const Frame& frame) {
           if (!is_rank(peer)) {
             if (frame.kind == FrameKind::code_ended)
               code_ends_[worker_index(peer)] = decode_code_end(frame.payload);
             return;
           }
           if (is_smoking_) return smoke_->data(Rank{peer}, frame);
           data(Rank{peer}, frame);
         },
         [this](Peer peer, const Pong& pong) {
           if (is_rank(peer) && !is_smoking_) pong_came(Rank{peer}, pong);
         },
         [this](Peer peer, int signal) { worker_told_to_stop(peer, signal); },
         [this](Peer peer, std::uint64_t heard_ns, const std::string& why) { lost(peer, heard_ns, why); },
         [this](Peer peer) { left(peer); }});
    const bool only_here = settings_.channel_host == own_loopback;
    auto port = server_.listen(only_here ? own_loopback : "0.0.0.0", settings_.channel_port);
    if (!port) return tl::unexpected(port.error());
    port_ = *port;
    become_subreaper();
    std::signal(SIGPIPE, SIG_IGN);
    start_ns_ = steady_now_ns();
    if (settings_.make_ready) {
      ReadyResult ready =
          settings_.make_ready(make_hand_over(worker_hosts_),
                               {[this] { return serve_workers(); }, [this] { return worker_code(); }});
      outcome_ = std::move(ready.outcome);
      if (settings_.channel_host.empty()) settings_.channel_host = ready.channel_host;
      if (settings_.channel_host.empty()) settings_.channel_host = own_loopback;
      phases_.waited(seconds_between(start_ns_, steady_now_ns()), ready.slowest_host, ready.slowest_seconds);
      start_ns_ = steady_now_ns();
    }
    loop_.restart();
    if (!outcome_ && !lost_while_waiting_.empty()) {
      const auto& [index, reason] = *lost_while_waiting_.begin();
      outcome_ = lost_before_start(worker_hosts_[index], reason);
    }
    if (outcome_) return say_goodbye();
    stop_signals_.emplace(loop_);
    stop_signals_->on_signal([this](int signal) { stop_signal(signal); });
    wait_for_child_signal();
    ping();
    if (settings_.smoke) run_smoke();
    if (outcome_) {
      end_descendants(milliseconds(0));
      hear_no_signal(stop_signal_ != 0);
      return say_goodbye();
    }
    is_running_ = true;
    perform(supervisor_.begin());
    start_ns_ = steady_now_ns();
    phases_.engine_started(start_ns_);
    server_.begin_ranks(plan_.world_size(), token_);
    if (auto started = start_engine(engine_, plan_, agent_facts(), settings_.ssh_folder); !started)
      return tl::unexpected(started.error());
    next_look_ns_ = steady_now_ns() + look_interval_ns;
    loop_.run();
    end_descendants(milliseconds(0));
    end_job_cgroups(job_);
    if (plan_.engine == Engine::mpirun) engine_.remove_session_folders(own_host_);
    hear_no_signal(supervisor_.record().stop_signal.has_value());
    return result();
  }

 private:
  // A signal that came when all was over here is for whoever comes next: the next try of the job.
  void hear_no_signal(bool was_heeded) {
    block_stop_signals();
    loop_.restart();
    loop_.poll();
    stop_signals_.reset();
    if (stop_signal_ != 0 && !was_heeded) kill(getpid(), stop_signal_);
  }

  AgentFacts agent_facts() const {
    return {fmt::format("{}:{}", settings_.channel_host, port_), token_, job_, settings_.worker, own_host_};
  }

  // ---- the all-reduce test

  void run_smoke() {
    const SmokeRequest& request = *settings_.smoke;
    StartFacts facts{job_, {}, own_environment(), settings_.failure_grace, settings_.lost_after, {}};
    SmokeRun::Callbacks callbacks;
    callbacks.stage = [this](const TellStage& stage) { smoke_stage(stage); };
    callbacks.search = [this](const TellSearch& search) {
      if (search.round == 1) say("smoke test: looking for the host or link that is at fault");
    };
    callbacks.line = [this](const std::string& line) {
      if (settings_.verbose) say("smoke test: " + line);
    };
    if (settings_.find_lost_hosts)
      callbacks.hosts_lost = [this] { return !settings_.find_lost_hosts().empty(); };
    callbacks.finished = [this] { loop_.stop(); };
    smoke_.emplace(loop_, server_, request.plan, request.settings, agent_facts(), std::move(facts),
                   settings_.ssh_folder, std::move(callbacks));
    if (request.settings.injection.kind != InjectionKind::none)
      say(fmt::format("warning: the smoke test is told to inject a fault: {}",
                      to_string(request.settings.injection)));
    is_smoking_ = true;
    smoke_->begin();
    loop_.run();
    loop_.restart();
    is_smoking_ = false;
    const SmokeRecord& record = smoke_->record();
    phases_.smoked(record.seconds);
    outcome_ = interrupted_smoke();
    if (outcome_) return;
    smoke_report_ = judge_smoke(request.settings, record);
    events_.add({0,
                 "smoke",
                 {},
                 "",
                 {{"verdict", to_string(smoke_report_->verdict)},
                  {"evidence", smoke_report_->evidence},
                  {"reason", smoke_report_->reason},
                  {"suspects", fmt::format("{}", fmt::join(smoke_report_->bad_hosts(), " "))}},
                 {}});
    outcome_ = outcome_after_smoke();
    say_smoke();
  }

  // `smlaunch smoke` answers on stdout.
  void say_smoke() {
    if (settings_.smoke->only) return;
    const bool passes = smoke_report_->verdict == SmokeVerdict::pass;
    for (const std::string& warning : smoke_report_->warnings) say("warning: smoke test: " + warning);
    if (passes && settings_.smoke->quiet && smoke_report_->injected.empty()) return;
    say((passes ? "" : "warning: ") + render_smoke_sentence(*smoke_report_));
    for (const Suspect& suspect : smoke_report_->suspects)
      say(fmt::format("smoke test: suspect {} {} ({} confidence): {}", to_string(suspect.subject),
                      suspect.name, to_string(suspect.confidence), suspect.evidence));
  }

  void smoke_stage(const TellStage& stage) {
    std::vector<std::pair<std::string, std::string>> texts = {{"stage", to_string(stage.stage)}};
    if (!stage.missing.empty()) texts.emplace_back("missing_ranks", to_string(IdSet(stage.missing)));
    events_.add({0, "smoke_stage", {}, "", std::move(texts), {{"ranks", stage.reached}}});
  }

  // Told to stop, or a host's smlaunch was lost: then the test says nothing.
  std::optional<Outcome> interrupted_smoke() const {
    if (const int signal = stop_signal_ != 0 ? stop_signal_ : worker_stop_signal_; signal != 0) {
      Outcome stopped;
      stopped.kind = OutcomeKind::stopped;
      stopped.exit_code = 128 + signal;
      stopped.stop_was_asked = true;
      stopped.message = fmt::format("stopped by {} during the smoke test", signal_name(signal));
      return stopped;
    }
    if (!lost_while_waiting_.empty()) {
      const auto& [index, reason] = *lost_while_waiting_.begin();
      return lost_before_start(worker_hosts_[index], reason);
    }
    return {};
  }

  std::optional<Outcome> outcome_after_smoke() const {
    const bool fails = smoke_report_->verdict == SmokeVerdict::fail ||
                       (smoke_report_->verdict == SmokeVerdict::not_run && settings_.smoke->only);
    if (fails) return failed_by_smoke(*smoke_report_);
    if (!settings_.smoke->only) return {};
    Outcome fine;
    fine.message = fmt::format("smoke test: {}", to_string(smoke_report_->verdict));
    return fine;
  }

  void stop_smoke() {
    if (is_smoking_) smoke_->stop();
  }

  SupervisorSettings supervisor_settings() const {
    SupervisorSettings made;
    made.world_size = plan_.world_size();
    made.failure_grace = settings_.failure_grace;
    made.stop_grace = settings_.stop_grace;
    made.hang_timeout = settings_.hang_timeout;
    made.start_deadline = start_bound + start_bound_per_host * static_cast<int>(plan_.cluster.hosts.size());
    return made;
  }

  // Nothing was started; workers that are there, or on their way here, learn why.
  RunResult say_goodbye() {
    start_ns_ = steady_now_ns();
    phases_.finished(start_ns_);
    begin_goodbye();
    loop_.run();
    end_descendants(milliseconds(0));  // connections that readiness left open
    return result();
  }

  // Before the run: workers get their welcome and our pings, and may tell that they are to stop.
  int serve_workers() {
    loop_.restart();
    loop_.poll();
    if (seconds_between(last_ping_ns_, steady_now_ns()) >= 1) {
      server_.ping_all();
      last_ping_ns_ = steady_now_ns();
    }
    return worker_stop_signal_;
  }

  std::vector<WorkerCode> worker_code() const {
    std::vector<WorkerCode> all;
    for (std::size_t i = 0; i < worker_hosts_.size(); ++i)
      all.push_back({worker_hosts_[i], workers_[i], lost_while_waiting_.contains(i), code_ends_[i]});
    return all;
  }

  std::string make_hand_over(std::vector<std::string> hosts) const {
    return encode(
        HandOver{settings_.channel_host, port_, token_, job_, rank_peers_, std::move(hosts), plan_.hash});
  }

  // For a host where no smlaunch has come to us: one may still come to wait there. Of thousands of hosts, it
  // is told its own.
  std::string make_late_hand_over(int node_rank) const {
    const auto node = static_cast<std::size_t>(node_rank);
    if (settings_.worker.empty() || workers_[node] || worker_hosts_[node] == plan_.current_host) return "";
    std::vector<std::string> hosts(worker_hosts_.size());
    hosts[node] = worker_hosts_[node];
    return make_hand_over(std::move(hosts));
  }

  // ---- the engine

  Result<void> raise_descriptor_limit() const {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed =
        own_descriptors + static_cast<rlim_t>(rank_peers_) * (plan_.engine != Engine::mpirun ? 4 : 1);
    if (limit.rlim_cur >= needed) return {};
    limit.rlim_cur = std::min(needed, limit.rlim_max);
    if (limit.rlim_max >= needed && setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
    return failure(Fault::start, "open files",
                   fmt::format("{} ranks need {} file descriptors here, the limit is {}", plan_.world_size(),
                               needed, limit.rlim_max),
                   "raise it: ulimit -Hn, or LimitNOFILE= of the service");
  }

  // What comes through mpirun itself: lines of a rank without a channel, or mpirun's own words, which matter
  // when it cannot start the job.
  void engine_line(std::string_view line) {
    const auto tagged = parse_tagged_line(line);
    if (tagged && tagged->rank < plan_.world_size() && is_detached_notice(tagged->text)) {
      say(std::string(tagged->text.substr(tagged->text.find(": ") + 2)));
      handle(RankDetached{Rank{tagged->rank}});
    } else if (tagged && tagged->rank < plan_.world_size())
      print_lines(Rank{tagged->rank}, tagged->is_stderr, steady_now_ns(), std::string(tagged->text) + "\n");
    else if (plan_.engine != Engine::mpirun)
      output_.print_plain(std::string(line) + "\n");
    else if (settings_.verbose)
      say(fmt::format("mpirun: {}", line));
  }

  void engine_process_ended(Rank rank, const EngineEnd& end, bool all_ended) {
    const double now = seconds_between(start_ns_, steady_now_ns());
    if (plan_.engine != Engine::mpirun) {
      handle(AgentLost{rank, fmt::format("its agent {}", end.how), now});
      if (all_ended) handle(EngineEnded{"every agent has ended", {}, now, end.status});
      return;
    }
    look_for_lost_hosts();
    handle(EngineEnded{fmt::format("mpirun {} before the job was over", end.how), engine_.last_words(), now,
                       end.status});
  }

  // mpirun does not say which host it could not start its daemon on, and waits for one that froze.
  void look_for_lost_hosts() {
    const JobRecord& record = supervisor_.record();
    if (is_spawned_ || !settings_.find_lost_hosts || record.stop_signal || !record.worker_loss.empty())
      return;
    for (const LostHost& each : settings_.find_lost_hosts()) handle(WorkerLost{each.name, each.reason});
    next_look_ns_ = steady_now_ns() + look_interval_ns;
  }

  // ---- what agents say

  bool is_rank(Peer peer) const { return peer < rank_peers_; }
  std::size_t worker_index(Peer peer) const { return static_cast<std::size_t>(peer - rank_peers_); }

  void joined(Peer peer, const Hello& hello) {
    if (!is_rank(peer)) {
      workers_[worker_index(peer)] = true;
      lost_while_waiting_.erase(worker_index(peer));
      if (outcome_) server_.send_outcome(peer, job_end(worker_index(peer)));
      return;
    }
    const Rank rank{peer};
    if (is_smoking_) return smoke_->joined(rank);
    if (hello.version != SMLAUNCH_VERSION)
      say(fmt::format("rank {} on {} runs smlaunch {}, this is {}", rank.value, host(rank), hello.version,
                      SMLAUNCH_VERSION));
    if (rank.value == 0) master_port_ = hello.master_port;
    watch_.joined(rank, hello);
    phases_.joined(host(rank), steady_now_ns());
    if (const auto elsewhere = watch_.found_elsewhere(rank, hello)) {
      misplaced_ = fmt::format("{} started rank {} on {}, the plan has it on {}", to_string(plan_.engine),
                               rank.value, *elsewhere, host(rank));
      return handle(EngineEnded{misplaced_, {}, 0, {}});
    }
    handle(AgentJoined{rank});
  }

  void lost(Peer peer, std::uint64_t heard_ns, const std::string& why) {
    const std::string reason =
        fmt::format("no word from {} for {:.0f} s ({})", is_rank(peer) ? "its agent" : "its smlaunch",
                    static_cast<double>(settings_.lost_after.count()) / 1000, why);
    if (is_rank(peer) && is_smoking_) return smoke_->lost(Rank{peer}, reason);
    if (is_rank(peer)) return handle(AgentLost{Rank{peer}, reason, seconds_between(start_ns_, heard_ns)});
    workers_[worker_index(peer)] = false;
    const bool is_spare = worker_index(peer) >= plan_.cluster.hosts.size();
    if (!is_running_) {
      if (!is_spare) {
        lost_while_waiting_[worker_index(peer)] = reason;
        stop_smoke();
      }
      return;
    }
    const std::string& name = worker_hosts_[worker_index(peer)];
    if (is_spare) return say(fmt::format("spare host {} was lost: {}; the job goes on", name, reason));
    handle(WorkerLost{name, reason});
  }

  void left(Peer peer) {
    if (is_rank(peer) && is_smoking_) return smoke_->left(Rank{peer});
    if (is_rank(peer)) {
      phases_.left(host(Rank{peer}), steady_now_ns());
      return handle(AgentLeft{Rank{peer}});
    }
    workers_[worker_index(peer)] = false;
    if (outcome_ && std::none_of(workers_.begin(), workers_.end(), [](bool is_there) { return is_there; }))
      loop_.stop();
  }

  void worker_told_to_stop(Peer peer, int signal) {
    if (is_rank(peer) || signal < 1 || signal > 64) return;
    // It says so again on every new connection.
    if (!workers_told_to_stop_.insert(peer).second) return;
    say(fmt::format("{} was told to stop by {}: passed on to every rank", worker_hosts_[worker_index(peer)],
                    signal_name(signal)));
    worker_stop_signal_ = signal;
    if (is_running_) request_stop(signal);
    stop_smoke();
  }

  void data(Rank rank, const Frame& frame) {
    if (frame.kind == FrameKind::output) {
      if (const auto output = decode_output(frame.payload))
        print_lines(rank, output->is_stderr,
                    clocks_.on_our_clock(rank, output->time_ns, start_ns_, steady_now_ns()).ns,
                    output->lines);
    } else if (frame.kind == FrameKind::started) {
      if (const auto started = decode_started(frame.payload)) rank_started(rank, *started);
    } else if (frame.kind == FrameKind::start_failed) {
      event("exit", rank, {{"error", frame.payload}});
      for (const std::string& sentence : watch_.started(rank, nullptr)) say("warning: " + sentence);
      handle(RankNotStarted{rank, frame.payload});
    } else if (frame.kind == FrameKind::end_unknown) {
      event("exit", rank, {{"error", frame.payload}});
      handle(AgentLost{rank, frame.payload, seconds_between(start_ns_, steady_now_ns())});
    } else if (frame.kind == FrameKind::ended) {
      if (const auto ended = decode_ended(frame.payload)) rank_ended(rank, *ended);
    } else if (frame.kind == FrameKind::inspected) {
      if (auto state = decode_rank_state(frame.payload))
        handle(RankInspected{rank, std::move(*state), activity_.cores_used(rank)});
    }
  }

  void pong_came(Rank rank, const Pong& pong) {
    const std::uint64_t now = steady_now_ns();
    clocks_.measure(rank, pong, now);
    activity_.used(rank, pong.agent_ns, pong.cpu_ns);
    // Of a rank whose lines nobody wants, its agent's word is all that comes.
    if (pong.output_ns > 0) activity_.printed(clocks_.on_our_clock(rank, pong.output_ns, start_ns_, now).ns);
  }

  void rank_started(Rank rank, const Started& started) {
    for (const std::string& sentence : watch_.started(rank, &started)) say("warning: " + sentence);
    events_.add({0,
                 "spawn",
                 rank.value,
                 host(rank),
                 {{"cpus", started.cpus}, {"numa", started.numa}},
                 {{"pid", started.pid}}});
    handle(RankStarted{rank, started.pid});
  }

  void rank_ended(Rank rank, const Ended& ended) {
    const std::uint64_t now = steady_now_ns();
    const Moment end = clocks_.on_our_clock(rank, ended.time_ns, start_ns_, now);
    std::optional<double> traceback;
    if (ended.traceback_ns > 0)
      traceback =
          seconds_between(start_ns_, clocks_.on_our_clock(rank, ended.traceback_ns, start_ns_, now).ns);
    phases_.ended(host(rank), end.ns);
    const auto* signaled = std::get_if<Signaled>(&ended.status);
    events_.add({0,
                 signaled != nullptr ? "signal" : "exit",
                 rank.value,
                 host(rank),
                 {},
                 {{signaled != nullptr ? "signal" : "exit_code",
                   signaled != nullptr ? signaled->signal : std::get<Exited>(ended.status).code}}});
    const double uncertainty = end.uncertainty + static_cast<double>(ended.waited_ns) * 1e-9;
    handle(RankEnded{rank, ended.status, seconds_between(start_ns_, end.ns), uncertainty, ended.told_to_stop,
                     ended.last_lines, ended.oom_kills, traceback, ended.earlier_oom_kills,
                     ended.failed_rank});
  }

  void print_lines(Rank rank, bool is_stderr, std::uint64_t read_ns, std::string_view lines) {
    activity_.printed(steady_now_ns());
    if (!phases_.any_printed()) event("first_output", rank, {});
    if (!phases_.has_printed(host(rank))) phases_.printed(host(rank), read_ns);
    output_.print(rank, is_stderr, seconds_between(start_ns_, read_ns), lines);
    if (output_.is_long()) server_.pause(true);
  }

  // ---- the supervisor

  void handle(const Event& what) { perform(supervisor_.on(what)); }

  void perform(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      if (std::holds_alternative<StartRanks>(action)) start_ranks();
      if (const auto* signal = std::get_if<SignalRanks>(&action)) signal_ranks(signal->signal);
      if (std::holds_alternative<InspectRanks>(action)) inspect_ranks();
      if (std::holds_alternative<ReleaseAgents>(action)) server_.release_agents(plan_.world_size());
      if (const auto* end = std::get_if<EndEngine>(&action)) engine_.signal(end->signal);
      if (const auto* timer = std::get_if<SetTimer>(&action)) set_timer(*timer);
      if (std::holds_alternative<Finish>(action)) finish();
    }
  }

  void start_ranks() {
    for (const std::string& sentence : watch_.odd_hosts()) say("warning: " + sentence);
    is_spawned_ = true;
    phases_.spawned(steady_now_ns());
    activity_.printed(steady_now_ns());
    StartFacts facts{job_, master_port_, own_environment(), settings_.failure_grace, settings_.lost_after,
                     {}};
    if (settings_.tells_restart_count) facts.restart_count = settings_.restart_count;
    for (const std::vector<Rank>& of_host : ranks_of_hosts(plan_.layout)) {
      if (of_host.empty()) continue;
      const int node_rank = plan_.layout.ranks[static_cast<std::size_t>(of_host.front().value)].node_rank;
      const Variables own = variables_of_host(plan_, node_rank, watch_.facts_of(node_rank));
      for (const Rank rank : of_host) {
        Start start = make_start(plan_, rank, own, facts);
        if (rank == of_host.front()) start.hand_over = make_late_hand_over(node_rank);
        start.forward_output = output_.is_wanted(rank);
        server_.start(rank.value, start);
      }
    }
  }

  void request_stop(int signal) {
    if (!stop_asked_) stop_asked_ = std::chrono::steady_clock::now();
    if (!is_spawned_) event("stop", std::nullopt, {{"signal", signal_name(signal)}});
    handle(StopRequested{signal});
  }

  void signal_ranks(int signal) {
    event("stop", std::nullopt, {{"signal", signal_name(signal)}});
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      if (!supervisor_.record().ranks[i].done()) server_.signal(static_cast<int>(i), signal);
  }

  void inspect_ranks() {
    say(fmt::format("no rank has printed anything for {:.0f} s: asking every rank what it is doing",
                    *supervisor_.record().hang_seconds));
    event("hang", std::nullopt, {});
    for (std::size_t i = 0; i < hosts_.size(); ++i)
      if (!supervisor_.record().ranks[i].done()) server_.inspect(static_cast<int>(i));
  }

  void set_timer(const SetTimer& wanted) {
    auto& timer = timers_[wanted.timer];
    timer = std::make_unique<asio::steady_timer>(loop_, wanted.length);
    timer->async_wait([this, which = wanted.timer](error_code error) {
      if (!error) handle(TimerExpired{which});
    });
  }

  void finish() {
    phases_.finished(steady_now_ns());
    outcome_ = decide_outcome(supervisor_.record(), hosts_);
    if (has_starter(plan_.launcher))
      outcome_ = outcome_of_starters(std::move(*outcome_), supervisor_.record(), to_string(plan_.launcher));
    if (!misplaced_.empty()) outcome_->message = misplaced_;
    begin_goodbye();
  }

  // Every worker is told the outcome. Those that are there take it at once; one whose login has just been
  // made may need a moment to come.
  void begin_goodbye() {
    had_worker_ = workers_;
    bool any = false;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      any = any || workers_[i];
      if (workers_[i]) server_.send_outcome(rank_peers_ + static_cast<int>(i), job_end(i));
    }
    const bool may_come = settings_.make_ready && !is_spawned_ && !settings_.worker.empty();
    if (!any && !may_come) return loop_.stop();
    goodbye_timer_.expires_after(goodbye_bound);
    goodbye_timer_.async_wait([this](error_code error) {
      if (!error) loop_.stop();
    });
  }

  // A host that a spare one takes the place of is not in the next try.
  bool is_replaced(std::size_t worker) const {
    const auto& at_fault = outcome_->hosts_at_fault;
    const auto is_at_fault = [&](const std::string& name) {
      return std::find(at_fault.begin(), at_fault.end(), name) != at_fault.end();
    };
    auto spares = std::count_if(settings_.spare_hosts.begin(), settings_.spare_hosts.end(),
                                [&](const std::string& name) { return !is_at_fault(name); });
    for (std::size_t i = 0; i <= worker && i < plan_.cluster.hosts.size(); ++i) {
      if (!is_at_fault(worker_hosts_[i]) || worker_hosts_[i] == plan_.leader) continue;
      if (spares-- > 0 && i == worker) return true;
    }
    return false;
  }

  JobEnd job_end(std::size_t worker) const {
    const bool again =
        settings_.is_tried_again && settings_.is_tried_again(*outcome_) && !is_replaced(worker);
    return {again ? job_is_tried_again : to_string(outcome_->kind), outcome_->exit_code, outcome_->message,
            render_failure(*outcome_), plan_.hash};
  }

  // ---- signals, clocks, words

  void stop_signal(int signal) {
    stop_signal_ = signal;
    if (is_smoking_) {
      say(fmt::format("{}: ending the smoke test", signal_name(signal)));
      return stop_smoke();
    }
    if (outcome_) return;
    const bool again = supervisor_.record().stop_signal.has_value();
    say(again ? fmt::format("{} again: ending every rank now", signal_name(signal))
              : fmt::format("{}: passed on to every rank; those that run in {:.0f} s will be killed",
                            signal_name(signal), static_cast<double>(settings_.stop_grace.count()) / 1000));
    request_stop(signal);
  }

  // What our ranks leave behind becomes our child: it is taken out of the process table when it ends.
  void wait_for_child_signal() {
    child_signal_.async_wait([this](error_code error, int) {
      if (error) return;
      while (true) {
        siginfo_t info{};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
        if (engine_.has(info.si_pid) || (smoke_ && smoke_->has_process(info.si_pid))) break;
        waitpid(info.si_pid, nullptr, WNOHANG);
      }
      wait_for_child_signal();
    });
  }

  void ping() {
    server_.ping_all();
    watch_silence();
    if (is_running_ && steady_now_ns() > next_look_ns_) look_for_lost_hosts();
    ping_timer_.expires_after(ping_interval);
    ping_timer_.async_wait([this](error_code error) {
      if (!error) ping();
    });
  }

  // While nobody reads what we print, ranks are held back: that they are silent means nothing.
  void watch_silence() {
    const std::uint64_t now = steady_now_ns();
    if (output_.is_long()) activity_.printed(now);
    if (is_spawned_ && settings_.hang_timeout) handle(Silent{activity_.silent_seconds(now)});
  }

  void say(const std::string& sentence) { output_.say(sentence); }

  void event(const std::string& name, std::optional<Rank> rank,
             std::vector<std::pair<std::string, std::string>> texts) {
    events_.add({0,
                 name,
                 rank ? std::optional(rank->value) : std::nullopt,
                 rank ? host(*rank) : "",
                 std::move(texts),
                 {}});
  }

  const std::string& host(Rank rank) const { return hosts_[static_cast<std::size_t>(rank.value)]; }

  RunResult result() {
    RunResult made;
    made.ranks = supervisor_.record().ranks;
    made.outcome = *outcome_;
    if (made.outcome.failure_class == FailureClass::start ||
        made.outcome.failure_class == FailureClass::lost_host)
      for (const std::string& line : supervisor_.record().engine_lines) say("mpirun: " + line);
    made.phases = phases_.phases();
    made.smoke = smoke_report_;
    made.job = job_;
    made.stop_asked = stop_asked_;
    made.unattended_hosts = unattended_hosts();
    return made;
  }

  std::vector<std::string> unattended_hosts() const {
    std::vector<bool> has_loss(plan_.cluster.hosts.size());
    for (const RankPlace& place : plan_.layout.ranks)
      if (!supervisor_.record().ranks[static_cast<std::size_t>(place.rank.value)].lost.empty())
        has_loss[static_cast<std::size_t>(place.node_rank)] = true;
    std::vector<std::string> found;
    for (std::size_t i = 0; i < has_loss.size(); ++i) {
      const std::string& name = plan_.cluster.hosts[i].name;
      if (has_loss[i] && !had_worker_[i] && name != plan_.current_host) found.push_back(name);
    }
    return found;
  }

  const LaunchPlan& plan_;
  RunSettings settings_;
  EventLog& events_;
  asio::io_context loop_;
  RankOutput output_;
  std::string job_;
  std::string token_;
  int rank_peers_ = 0;  // peers below are ranks, of the job or of its smoke test
  int port_ = 0;        // of the channel
  ChannelServer server_;
  Supervisor supervisor_;
  std::optional<StopSignals> stop_signals_;  // while they are heard
  asio::signal_set child_signal_;
  asio::steady_timer ping_timer_;
  asio::steady_timer goodbye_timer_;
  std::map<Timer, std::unique_ptr<asio::steady_timer>> timers_;
  EngineProcesses engine_;
  std::vector<std::string> hosts_;  // by rank
  std::optional<SmokeRun> smoke_;
  bool is_smoking_ = false;
  std::optional<SmokeReport> smoke_report_;
  RankClocks clocks_;
  std::vector<std::string> worker_hosts_;          // by node rank, then the spare ones
  std::vector<bool> workers_;                      // of them: is one connected?
  std::vector<bool> had_worker_;                   // until the goodbye
  std::vector<std::optional<CodeEnd>> code_ends_;  // of them
  RankActivity activity_;
  HostWatch watch_;
  JobPhases phases_;
  std::string own_host_ = probe_host_name();
  std::string misplaced_;
  std::optional<Outcome> outcome_;
  bool is_running_ = false;  // readiness is over
  int worker_stop_signal_ = 0;
  std::optional<std::chrono::steady_clock::time_point> stop_asked_;
  std::map<std::size_t, std::string>
      lost_while_waiting_;  // workers that had come, and why they count as lost
  std::uint64_t next_look_ns_ = 0;
  std::set<Peer> workers_told_to_stop_;
  int stop_signal_ = 0;  // the last that came to us
  std::uint64_t last_ping_ns_ = 0;
  std::optional<int> master_port_;
  std::uint64_t start_ns_ = 0;
  bool is_spawned_ = false;
};

}  // namespace

Result<RunResult> run_plan(const LaunchPlan& plan, const RunSettings& settings, EventLog& events) {
  block_stop_signals();
  return Runner(plan, settings, events).run();
}

}  // namespace smlaunch
