// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/losses.hpp"

#include <fmt/format.h>

namespace smlaunch {

namespace {

std::string describe_silence(const char* whose, const Silence& silence) {
  return fmt::format("no word from {} for {:.0f} s ({})", whose, silence.seconds, silence.why);
}

std::string describe_refused(const char* who, const WordsRefused& refused) {
  return fmt::format("{} sent what none of ours sends: {}", who, refused.what);
}

}  // namespace

std::string describe(const RankLoss& loss) {
  if (const auto* silence = std::get_if<Silence>(&loss)) return describe_silence("its agent", *silence);
  if (const auto* refused = std::get_if<WordsRefused>(&loss)) return describe_refused("its agent", *refused);
  if (const auto* ended = std::get_if<AgentEnded>(&loss))
    return fmt::format("its agent {}", to_string(ended->status));
  if (std::holds_alternative<EndedByOthers>(loss)) return "its agent was told to end, not by us";
  if (const auto* unknown = std::get_if<EndUnknown>(&loss)) return unknown->why;
  return "its agent did not report its end after SIGKILL";
}

std::string describe(const HostLoss& loss) {
  if (const auto* silence = std::get_if<Silence>(&loss)) return describe_silence("its smlaunch", *silence);
  if (const auto* refused = std::get_if<WordsRefused>(&loss))
    return describe_refused("its smlaunch", *refused);
  return std::get<HostUnreachable>(loss).cause;
}

std::string describe(const EngineFailure& failure) {
  if (const auto* process = std::get_if<EngineProcessEnded>(&failure))
    return fmt::format("{} {} before the job was over", process->engine, to_string(process->status));
  if (const auto* misplaced = std::get_if<RankMisplaced>(&failure))
    return fmt::format("{} started rank {} on {}, the plan has it on {}", misplaced->engine,
                       misplaced->rank.value, misplaced->host, misplaced->planned_host);
  if (const auto* unknown = std::get_if<EndUnknown>(&failure)) return unknown->why;
  return "every agent has ended";
}

}  // namespace smlaunch
