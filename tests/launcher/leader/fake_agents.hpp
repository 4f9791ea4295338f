// SPDX-License-Identifier: Apache-2.0
// A channel and an engine without a socket or a process: behind them live agents and workers that do what the
// test tells them to, at once or at a time of the fake loop.
#pragma once

#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "launcher/channel/device_messages.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/code/code_messages.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"
#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {

// What a rank does when it is started; and its agent.
struct FakeRank {
  bool agent_comes = true;
  std::chrono::milliseconds runs{100};  // then it ends by itself
  ExitStatus ends = Exited{0};
  bool ignores_signals = false;  // but SIGKILL
  bool agent_is_lost = false;    // instead of ending
  std::string cannot_start;      // why; empty: it can
  std::string end_unknown;       // why nobody knows how it ended
  std::string prints = "hello\n";
  std::vector<LeftProcess> leaves_running;
  bool computes = false;  // whoever looks at it sees that
};

class FakeAgents final : public LeaderChannel {
 public:
  FakeAgents(FakeLoop& loop, const LaunchPlan& plan) : loop_(loop), plan_(plan) {}

  std::map<int, FakeRank> ranks;  // by rank; what is not there is a FakeRank
  bool check_programs_hang = false;
  bool engine_fails = false;  // it ends before any agent comes
  bool engine_has_children = false;
  std::set<std::string> engine_peers;  // the addresses to which it is connected
  int times_peers_asked = 0;
  bool workers_take_outcome = true;
  bool calls_hosts_otherwise = false;
  bool forgets_variables = false;  // of thousands of ranks they are much to keep

  // What the leader has done, in words, and in order.
  std::vector<std::string> done;
  std::vector<int> nccl_asked = {};  // ranks whose NCCL is asked
  std::map<int, Start> starts;
  std::map<Peer, JobEnd> outcomes;
  std::vector<std::pair<Peer, StatusTold>> told;
  std::vector<std::map<std::string, std::string>> engine_environments;
  std::vector<bool> pauses;
  std::vector<int> engine_signals;
  Release release;
  std::string listens_at;
  std::vector<Peer> carriers;  // of the ranks that it has begun last
  std::string keeps_to;        // empty: wherever it listens

  MakeEngine make_engine() {
    return [this](JobEngine::Callbacks callbacks) {
      return std::make_unique<FakeEngine>(*this, std::move(callbacks));
    };
  }

  // ---- what workers do

  void rank_answers_ping(int rank) {
    callbacks_.pong(Peer{rank}, Pong{.leader_ns = loop_.now_ns(), .agent_ns = loop_.now_ns()});
  }
  void rank_tells(int rank, const Progress& progress) {
    tell(Peer{rank}, FrameKind::progress, encode(ProgressReport{loop_.now_ns(), progress}));
  }
  // It has been so since a second ago.
  void agent_tells(int rank, std::vector<DeviceEvent> events) {
    tell(Peer{rank}, FrameKind::device,
         encode(DeviceNews{loop_.now_ns() - 1'000'000'000, loop_.now_ns(), std::move(events)}));
  }
  void starter_tells(int rank, StarterRankNews news) {
    news.time_ns = loop_.now_ns();
    tell(Peer{rank}, FrameKind::starter_rank, encode(news));
  }
  // `of_starter`: the rank of a starter's whose lines they are.
  void rank_prints(int rank, const std::string& lines, std::optional<int> of_starter = {}) {
    tell(Peer{rank}, FrameKind::output, encode_output({false, loop_.now_ns(), lines, of_starter}));
  }
  void agent_hands_over(int rank) { tell(Peer{rank}, FrameKind::handed_over, ""); }
  void worker_comes(Peer peer) {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.peer = peer.value;
    callbacks_.joined(peer, hello);
  }
  void engine_prints(std::string_view line) { engine_->print(line); }
  void worker_is_lost(Peer peer) { callbacks_.lost(peer, loop_.now_ns(), "connection reset"); }
  void stranger_comes(const Stranger& stranger) { callbacks_.stranger(stranger); }
  void is_refused(Peer peer, const std::string& what) { callbacks_.refused(peer, what); }
  void worker_is_told_to_stop(Peer peer, int signal) { callbacks_.stop_requested(peer, signal); }
  void worker_wants_status(Peer peer, const StatusWanted& wanted) { callbacks_.status_wanted(peer, wanted); }
  void worker_has_code(Peer peer, const CodeEnd& end) {
    callbacks_.data(peer, {FrameKind::code_ended, encode(end), 1});
  }

  // ---- LeaderChannel

  void set_callbacks(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Result<int> listen(const std::string& address, int) override {
    listens_at = address;
    return 4000;
  }
  void keep_to(const std::string& address) override { keeps_to = address; }
  void begin_ranks(int count, std::string) override {
    done.push_back(fmt::format("begin {} ranks", count));
    carriers.clear();
    ++set_;
    states_.clear();
  }
  void let_carry(std::vector<Peer> allowed) override { carriers = std::move(allowed); }
  void start(Peer peer, const Start& start) override {
    starts[peer.value] = start;
    if (forgets_variables) {
      starts[peer.value].variables.clear();
      starts[peer.value].default_variables.clear();
      starts[peer.value].leader_environment.clear();
    }
    states_[peer].is_running = true;
    if (start.has_input) return;  // a check program waits for its first command
    const FakeRank& rank = ranks[peer.value];
    if (!rank.cannot_start.empty()) return end(peer, FrameKind::start_failed, rank.cannot_start);
    tell(peer, FrameKind::started, started(peer));
    if (!rank.prints.empty())
      tell(peer, FrameKind::output, encode_output({false, loop_.now_ns(), rank.prints}));
    loop_.after(rank.runs, [this, peer, set = set_] {
      if (set != set_ || !states_[peer].is_running) return;
      if (ranks[peer.value].agent_is_lost) return lose(peer);
      if (!ranks[peer.value].end_unknown.empty())
        return end(peer, FrameKind::end_unknown, ranks[peer.value].end_unknown);
      end(peer, FrameKind::ended, ended(ranks[peer.value].ends));
    });
  }
  void input(Peer peer, const std::string& text) override {
    const auto command = parse_check_command(std::string_view(text).substr(0, text.size() - 1));
    if (std::holds_alternative<QuitCheck>(*command)) return end(peer, FrameKind::ended, ended(Exited{0}));
    if (check_programs_hang) return;
    if (std::holds_alternative<CheckSettings>(*command)) {
      answer(peer, StageReached{0, SmokeStage::spawned, 0});
      answer(peer, LibraryFacts{"/lib/x.so", "1.0", "aa"});
      answer(peer, StageReached{0, SmokeStage::library_loaded, 0});
      answer(peer, StageReached{0, SmokeStage::device_ready, 0});
    }
    if (const auto* test = std::get_if<RunTest>(&*command)) {
      for (const SmokeStage stage :
           {SmokeStage::id_received, SmokeStage::communicator_called, SmokeStage::communicator_ready,
            SmokeStage::warm_up, SmokeStage::timed, SmokeStage::verified})
        answer(peer, StageReached{test->test, stage, 0});
      TestResult result;
      result.test = test->test;
      result.barrier_seconds.assign(3, 0.0);
      result.transfer_seconds.assign(3, 0.001);
      answer(peer, result);
    }
  }
  void signal(Peer peer, int signal) override {
    done.push_back(fmt::format("signal {} to {}", signal, peer.value));
    if (!states_[peer].is_running || (ranks[peer.value].ignores_signals && signal != SIGKILL)) return;
    end(peer, FrameKind::ended, ended(Signaled{signal, false}, true));
  }
  void inspect(Peer peer, Inspection how) override {
    const bool only_look = how == Inspection::look || how == Inspection::look_closely;
    done.push_back(fmt::format("{} {}",
                               how == Inspection::look ? "look at"
                               : only_look             ? "look closely at"
                                                       : "inspect",
                               peer.value));
    if (how == Inspection::ask_nccl) nccl_asked.push_back(peer.value);
    RankState state;
    state.is_look = only_look;
    state.computes = only_look && ranks[peer.value].computes;
    state.computes_in = state.computes ? "python3.11" : "";
    tell(peer, FrameKind::inspected, encode(state));
  }
  void pass_on(Peer peer, int signal) override {
    done.push_back(fmt::format("pass {} to {}", signal, peer.value));
  }
  void release_agents(int, const Release& how) override {
    done.emplace_back("release");
    release = how;
    for (auto& [peer, state] : states_) {
      if (!state.is_there) continue;
      state.is_there = state.is_running = false;
      if (!ranks[peer.value].leaves_running.empty())
        tell(peer, FrameKind::left_running, encode(LeftRunning{ranks[peer.value].leaves_running}));
      loop_.post([this, peer = peer] { callbacks_.left(peer); });
    }
    loop_.post([this] {
      if (engine_ != nullptr) engine_->end(Exited{0});
    });
  }
  void tell_status(Peer peer, const StatusTold& answer) override { told.emplace_back(peer, answer); }
  void send_outcome(Peer peer, const JobEnd& end) override {
    outcomes[peer] = end;
    if (workers_take_outcome) loop_.post([this, peer] { callbacks_.left(peer); });
  }
  void start_agents(Peer peer, const StartAgents& agents) override {
    done.push_back(fmt::format("start agents of {} by {}", fmt::join(agents.ranks, " "), peer.value));
    hosts_agents.push_back(agents);
    for (const int rank : agents.ranks) agent_comes(rank);
  }
  void signal_agents(Peer peer, const SignalAgents& signal) override {
    done.push_back(fmt::format("signal {} to the agents of {}", signal.signal, peer.value));
    agent_signals.push_back(signal);
  }
  std::vector<StartAgents> hosts_agents;
  std::vector<SignalAgents> agent_signals;
  std::string engine_cannot_start;  // why; empty: it can
  void ping_all() override { ++pings; }
  void pause(bool paused) override { pauses.push_back(paused); }
  int pings = 0;

 private:
  class FakeEngine final : public JobEngine {
   public:
    FakeEngine(FakeAgents& agents, Callbacks callbacks) : agents_(agents), callbacks_(std::move(callbacks)) {
      agents_.engine_ = this;
    }
    ~FakeEngine() override {
      if (agents_.engine_ == this) agents_.engine_ = nullptr;
    }
    tl::expected<void, SpawnError> start(const std::vector<std::string>&,
                                         const std::map<std::string, std::string>& environment, Rank rank,
                                         DeathSignal) override {
      if (!agents_.engine_cannot_start.empty())
        return tl::unexpected(SpawnError{.text = agents_.engine_cannot_start});
      agents_.done.emplace_back("start the engine");
      agents_.engine_environments.push_back(environment);
      was_started_ = true;
      if (agents_.engine_fails) {
        agents_.loop_.post([this] { end(Exited{1}); });
        return {};
      }
      if (is_one_process(agents_.plan_.engine))
        for (int each = 0; each < agents_.plan_.world_size(); ++each) agents_.agent_comes(each);
      else
        agents_.agent_comes(rank.value);
      return {};
    }
    void signal(int signal) override {
      agents_.engine_signals.push_back(signal);
      agents_.loop_.post([this, signal] { end(Signaled{signal, false}); });
    }
    [[nodiscard]] bool was_started() const override { return was_started_; }
    [[nodiscard]] std::set<std::string> peers() const override {
      ++agents_.times_peers_asked;
      return agents_.engine_peers;
    }
    void print(std::string_view line) { callbacks_.line(line); }
    [[nodiscard]] std::vector<std::string> last_words() const override { return {"no such host"}; }
    [[nodiscard]] bool has_children() const override { return agents_.engine_has_children; }
    void remove_session_folders(const std::string&) const override {}

    void end(const ExitStatus& how) {
      if (!was_started_ || has_ended_) return;
      has_ended_ = true;
      callbacks_.ended(Rank{0}, how, true);
    }

   private:
    FakeAgents& agents_;
    Callbacks callbacks_;
    bool was_started_ = false;
    bool has_ended_ = false;
  };

  struct State {
    bool is_there = false;
    bool is_running = false;
  };

  void agent_comes(int rank) {
    if (!ranks[rank].agent_comes) return;
    const RankPlace& place = plan_.layout.ranks[{rank}];
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = plan_.cluster.hosts[place.node_rank].name;
    if (calls_hosts_otherwise) hello.host += "-by-another-name";
    hello.peer = rank;
    hello.local_rank = place.local_rank.value;
    if (rank == 0) hello.master_port = 5000;
    loop_.post([this, hello, set = set_] {
      if (set != set_) return;
      states_[Peer{hello.peer}].is_there = true;
      callbacks_.joined(Peer{hello.peer}, hello);
    });
  }
  void tell(Peer peer, FrameKind kind, const std::string& payload) {
    loop_.post([this, peer, kind, payload, set = set_] {
      if (set == set_) callbacks_.data(peer, {kind, payload, 1});
    });
  }
  [[nodiscard]] std::string started(Peer peer) const {
    Started message;
    message.pid = 1000 + peer.value;
    message.cpus = message.chosen_cpus = starts.at(peer.value).cpus;
    message.numa = starts.at(peer.value).numa;
    message.time_ns = loop_.now_ns();
    return encode(message);
  }
  [[nodiscard]] std::string ended(const ExitStatus& status, bool told_to_stop = false) const {
    Ended message;
    message.end.status = status;
    message.time_ns = loop_.now_ns();
    message.end.told_to_stop = told_to_stop;
    return encode(message);
  }
  void answer(Peer peer, const CheckMessage& message) {
    tell(peer, FrameKind::output, encode_output({false, loop_.now_ns(), encode(message) + "\n"}));
  }
  void end(Peer peer, FrameKind kind, const std::string& payload) {
    states_[peer].is_running = false;
    tell(peer, kind, payload);
  }
  void lose(Peer peer) {
    states_[peer] = {};
    callbacks_.lost(peer, loop_.now_ns(), "connection reset");
  }

  FakeLoop& loop_;
  const LaunchPlan& plan_;
  Callbacks callbacks_;
  int set_ = 0;  // agents of an earlier one are heard no more
  std::map<Peer, State> states_;
  FakeEngine* engine_ = nullptr;  // the last that was made
};

}  // namespace smlaunch
