// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/smoke_phase.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "launcher/smoke/render_smoke.hpp"

namespace smlaunch {

SmokePhase::SmokePhase(const RunSettings& settings, const LeaderWorld& world, EventLog& events,
                       AgentFacts agents, StartFacts start, std::function<void()> finished)
    : settings_(settings),
      request_(*settings.smoke),
      world_(world),
      events_(events),
      run_(world, request_.plan, request_.settings, std::move(agents), std::move(start), settings.ssh_folder,
           callbacks(std::move(finished))) {}

SmokeRun::Callbacks SmokePhase::callbacks(std::function<void()> finished) {
  SmokeRun::Callbacks made;
  made.stage = [this](const TellStage& stage) { tell_stage(stage); };
  made.search = [this](const TellSearch& search) {
    if (search.round == 1) world_.output.say("smoke test: looking for the host or link that is at fault");
  };
  made.line = [this](const std::string& line) {
    if (settings_.verbose) world_.output.say("smoke test: " + line);
  };
  made.find_lost_hosts = settings_.find_lost_hosts;
  made.finished = std::move(finished);
  return made;
}

void SmokePhase::begin() {
  if (request_.settings.injection.kind != InjectionKind::none)
    world_.output.say(fmt::format("warning: the smoke test is told to inject a fault: {}",
                                  to_string(request_.settings.injection)));
  run_.begin();
}

std::string SmokePhase::in_words() const { return report_ ? to_string(report_->verdict) : stage_; }

void SmokePhase::tell_stage(const TellStage& stage) {
  stage_ =
      fmt::format("{}, {} of {} ranks", to_string(stage.stage), stage.reached, request_.plan.world_size());
  std::vector<std::pair<std::string, std::string>> texts = {{"stage", to_string(stage.stage)}};
  if (!stage.missing.empty()) texts.emplace_back("missing_ranks", to_string(IdSet(stage.missing)));
  events_.add({.event = "smoke_stage", .texts = std::move(texts), .numbers = {{"ranks", stage.reached}}});
}

std::optional<Outcome> SmokePhase::judge() {
  report_ = judge_smoke(run_.settings(), run_.record());
  events_.add({.event = "smoke",
               .texts = {{"verdict", to_string(report_->verdict)},
                         {"evidence", report_->evidence},
                         {"reason", report_->reason},
                         {"suspects", fmt::format("{}", fmt::join(report_->bad_hosts(), " "))}}});
  if (!request_.only) say_result();  // `smlaunch smoke` answers on stdout
  return outcome();
}

void SmokePhase::say_result() const {
  const bool passes = report_->verdict == SmokeVerdict::pass;
  for (const std::string& warning : report_->warnings) world_.output.say("warning: smoke test: " + warning);
  if (passes && request_.quiet && report_->injected.empty()) return;
  world_.output.say((passes ? "" : "warning: ") + render_smoke_sentence(*report_));
  for (const Suspect& suspect : report_->suspects)
    world_.output.say(fmt::format("smoke test: suspect {} {} ({} confidence): {}", to_string(suspect.subject),
                                  suspect.name, to_string(suspect.confidence), suspect.evidence));
}

std::optional<Outcome> SmokePhase::outcome() const {
  const bool fails =
      report_->verdict == SmokeVerdict::fail || (report_->verdict == SmokeVerdict::not_run && request_.only);
  if (fails) return failed_by_smoke(*report_);
  if (!request_.only) return {};
  return make_success(fmt::format("smoke test: {}", to_string(report_->verdict)));
}

}  // namespace smlaunch
