// SPDX-License-Identifier: Apache-2.0
// The all-reduce test between readiness and the job: runs it, tells its findings, and says whether the job
// may follow.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/leader/smoke_run.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

class SmokePhase {
 public:
  // `settings.smoke` must be there. It and the references outlive this object. `finished`: nothing of the
  // test runs any more.
  SmokePhase(const RunSettings& settings, const LeaderWorld& world, EventLog& events, AgentFacts agents,
             StartFacts start, std::function<void()> finished);

  void begin();
  void stop() { run_.stop(); }  // `finished` is called all the same

  void joined(Rank rank) { run_.joined(rank); }
  void data(Rank rank, const Frame& frame) { run_.data(rank, frame); }
  void lost(Rank rank, const std::string& why, std::uint64_t heard_ns, bool is_closed) {
    run_.lost(rank, why, heard_ns, is_closed);
  }
  void left(Rank rank) { run_.left(rank); }

  [[nodiscard]] double seconds() const { return run_.record().seconds; }
  // The verdict; before it, how far the ranks have come: "timed, 14 of 16 ranks".
  [[nodiscard]] std::string in_words() const;

  // After `finished`: judges the test and tells the result. Returns the outcome; nothing: the job may follow.
  std::optional<Outcome> judge();
  [[nodiscard]] const std::optional<SmokeReport>& report() const { return report_; }

 private:
  [[nodiscard]] SmokeRun::Callbacks callbacks(std::function<void()> finished);
  void tell_stage(const TellStage& stage);
  void say_result() const;
  [[nodiscard]] std::optional<Outcome> outcome() const;

  const RunSettings& settings_;
  const SmokeRequest& request_;
  const LeaderWorld& world_;
  EventLog& events_;
  SmokeRun run_;
  std::string stage_;  // the last that was told
  std::optional<SmokeReport> report_;
};

}  // namespace smlaunch
