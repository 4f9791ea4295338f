// SPDX-License-Identifier: Apache-2.0
// A set of check programs that exists only as answers: runs a conductor to its end.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "launcher/smoke/smoke_conductor.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

// Hosts "algo-1" and so on, with so many ranks each.
inline SmokeSettings small_settings(int hosts, int ranks_per_host, const std::string& backend = cpu_backend) {
  SmokeSettings settings;
  settings.backend = backend;
  settings.bytes = 8000;
  settings.deadline_seconds = 20;
  for (int host = 0; host < hosts; ++host) {
    settings.hosts.push_back("algo-" + std::to_string(host + 1));
    for (int rank = 0; rank < ranks_per_host; ++rank)
      settings.ranks.push_back({NodeRank{host}, LocalRank{rank}, rank});
  }
  return settings;
}

class PretendedSet {
 public:
  explicit PretendedSet(SmokeSettings settings) : conductor_(std::move(settings)) {}

  // What the programs do; each may be replaced.
  std::function<bool(int rank)> loads = [](int) { return true; };
  std::function<LibraryFacts(int rank)> library = [](int) { return LibraryFacts{"/lib/x.so", "1.0", "aa"}; };
  std::function<bool(int rank)> hangs = [](int) { return false; };  // before the communicator
  std::function<bool(const std::set<int>& nodes)> talks = [](const auto&) { return true; };
  std::function<bool(const IdSet& ranks)> ranks_talk = [](const auto&) { return true; };
  std::function<double(const std::set<int>& nodes)> seconds = [](const auto&) { return 0.001; };
  std::function<double(int rank)> late = [](int) { return 0.0; };
  std::function<bool(int rank)> ends = [](int) { return false; };  // its program, when it should talk
  std::function<std::optional<CheckFailed>(int rank)> fails = [](int) { return std::nullopt; };
  std::function<void(int rank, TestResult&)> spoil = [](int, TestResult&) {};
  std::function<std::optional<HostGpus>(int node)> gpus = [](int) { return HostGpus{}; };

  SmokeReport run() {
    perform(conductor_.begin());
    for (int steps = 0; !over; ++steps) {
      if (steps > 100000) return {};
      if (!queue_.empty()) {
        auto next = std::move(queue_.front());
        queue_.pop_front();
        now_ += 0.001;
        perform(next());
      } else if (timer_) {
        now_ = *timer_;
        timer_.reset();
        perform(conductor_.expired(now_));
      } else {
        return {};  // nothing more will happen
      }
    }
    return judge_smoke(conductor_.settings(), conductor_.record());
  }

  bool over = false;
  int sets = 0;
  int rounds = 0;
  int gentle_ends = 0;
  std::vector<TellStage> stages;
  [[nodiscard]] const SmokeRecord& record() const { return conductor_.record(); }

 private:
  using Actions = std::vector<SmokeAction>;

  void say(int rank, CheckMessage message) {
    const int set = sets;
    queue_.emplace_back([this, rank, set, message = std::move(message)] {
      return set == sets ? conductor_.message(Rank{rank}, message, now_) : Actions();
    });
  }

  void perform(const Actions& actions) {
    for (const SmokeAction& action : actions) {
      if (std::holds_alternative<StartSet>(action)) {
        ++sets;
        queue_.emplace_back([this] { return conductor_.agents_there(now_); });
      }
      if (const auto* end = std::get_if<EndSet>(&action)) {
        gentle_ends += end->gently ? 1 : 0;
        queue_.clear();
        timer_.reset();
        queue_.emplace_back([this] { return conductor_.set_over(now_); });
      }
      if (const auto* set = std::get_if<SetSmokeTimer>(&action)) timer_ = now_ + set->seconds;
      if (const auto* stage = std::get_if<TellStage>(&action)) stages.push_back(*stage);
      if (const auto* search = std::get_if<TellSearch>(&action)) rounds = search->round;
      if (std::holds_alternative<FinishSmoke>(action)) over = true;
      if (const auto* send = std::get_if<SendCommand>(&action)) take(send->rank.value, send->command);
    }
  }

  void take(int rank, const CheckCommand& command) {
    if (const auto* settings = std::get_if<CheckSettings>(&command)) prepare(rank, *settings);
    if (const auto* test = std::get_if<RunTest>(&command)) run_test(rank, *test);
  }

  void prepare(int rank, const CheckSettings& settings) {
    say(rank, StageReached{0, SmokeStage::spawned, 0});
    if (settings.tells_host)
      if (const auto facts = gpus(node_of(rank))) say(rank, *facts);
    if (!loads(rank)) return say(rank, CheckFailed{0, SmokeStage::library_loaded, "no such file"});
    say(rank, library(rank));
    say(rank, StageReached{0, SmokeStage::library_loaded, 0});
    say(rank, StageReached{0, SmokeStage::device_ready, 0});
  }

  void run_test(int rank, const RunTest& test) {
    const auto at = [&](SmokeStage stage) { say(rank, StageReached{test.test, stage, 0}); };
    std::set<int> nodes;
    bool any_hangs = false;
    for (const int each : test.ranks) {
      nodes.insert(node_of(each));
      any_hangs = any_hangs || hangs(each);
    }
    at(SmokeStage::id_received);
    if (hangs(rank)) return;
    at(SmokeStage::communicator_called);
    if (ends(rank)) {
      const int set = sets;
      queue_.emplace_back([this, rank, set] {
        return set == sets ? conductor_.gone(Rank{rank}, "exited with code 255", false, now_) : Actions();
      });
      return;
    }
    if (auto failed = fails(rank)) {
      failed->test = test.test;
      return say(rank, *failed);
    }
    if (any_hangs || !talks(nodes) || !ranks_talk(test.ranks)) return;
    for (const SmokeStage stage :
         {SmokeStage::communicator_ready, SmokeStage::warm_up, SmokeStage::timed, SmokeStage::verified})
      at(stage);
    TestResult result;
    result.test = test.test;
    double latest = 0;
    for (const int each : test.ranks) latest = std::max(latest, late(each));
    result.barrier_seconds.assign(3, latest - late(rank));
    result.transfer_seconds.assign(3, seconds(nodes));
    spoil(rank, result);
    say(rank, result);
  }

  [[nodiscard]] int node_of(int rank) const { return conductor_.settings().ranks[{rank}].node.value; }

  SmokeConductor conductor_;
  std::deque<std::function<Actions()>> queue_;
  std::optional<double> timer_;
  double now_ = 0;
};

}  // namespace smlaunch
