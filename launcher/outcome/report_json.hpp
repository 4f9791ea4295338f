// SPDX-License-Identifier: Apache-2.0
// `smlaunch.report/1` and the lines of events.jsonl.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// A failed try of the job, before the try that is reported.
struct EarlierTry {
  Outcome outcome;
  std::string plan_hash;
};

struct Report {
  Outcome outcome;
  Indexed<Rank, RankRecord> ranks;  // empty where none was started
  RankHosts hosts;
  Indexed<Rank, RanksOfStarter>
      shares;  // where `ranks` are starters whose ranks say who they are; else empty
  std::vector<Phase> phases;
  std::string plan_hash;
  int restarts = 0;
  std::vector<EarlierTry> earlier;
  std::string smoke_json;  // `smlaunch.smoke/1`; empty: no test was run
};

std::string render_report(const Report& report);

// Parts of it that other answers have, too: what ranks are doing, and the values of their progress.
std::string render_looks_json(const std::vector<RankLook>& looks);
std::string render_values_json(const ProgressValues& values);

// One event, without its newline: {"t":…,"event":…,…}.
struct EventLine {
  double seconds = 0;  // since the start
  std::string event = {};
  std::optional<int> rank = {};
  std::string host = {};
  std::vector<std::pair<std::string, std::string>> texts = {};
  std::vector<std::pair<std::string, long>> numbers = {};
  std::optional<ProgressValues> values = {};  // under that name
};
std::string render_event(const EventLine& event);

}  // namespace smlaunch
