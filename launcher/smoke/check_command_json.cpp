// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "launcher/smoke/check_settings.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

CheckCommand command_of(const Json& json) {
  const std::string kind = json.at("command");
  if (kind == "settings") {
    CheckSettings made;
    made.rank = json.at("rank");
    made.local_rank = json.at("local_rank");
    made.host = json.at("host");
    made.injection = parse_injection_kind(json.at("injection").get<std::string>()).value();
    made.slow_seconds = json.at("slow_seconds");
    made.library = json.at("library");
    made.python = json.at("python");
    made.finds_library = json.at("finds_library");
    made.tells_host = json.at("tells_host");
    made.device = json.at("device");
    made.bytes = json.at("bytes");
    return made;
  }
  if (kind == "use_library") return UseLibrary{json.at("path")};
  if (kind == "run_test") {
    RunTest made;
    made.test = json.at("test");
    made.ranks = parse_id_set(json.at("ranks").get<std::string>()).value();
    made.bytes = json.at("bytes");
    made.warm_up = json.at("warm_up");
    made.least_repeats = json.at("least_repeats");
    made.most_repeats = json.at("most_repeats");
    made.budget_seconds = json.at("budget_seconds");
    made.deadline_seconds = json.at("deadline_seconds");
    return made;
  }
  if (kind == "take_id") return TakeId{json.at("test"), json.at("id")};
  if (kind == "abort_test") return AbortTest{json.at("test")};
  if (kind == "quit") return QuitCheck{};
  throw std::invalid_argument("no such command: " + kind);
}

Json json_of(const CheckSettings& settings) {
  return {{"command", "settings"},
          {"rank", settings.rank},
          {"local_rank", settings.local_rank},
          {"host", settings.host},
          {"injection", to_string(settings.injection)},
          {"slow_seconds", settings.slow_seconds},
          {"library", settings.library},
          {"python", settings.python},
          {"finds_library", settings.finds_library},
          {"tells_host", settings.tells_host},
          {"device", settings.device},
          {"bytes", settings.bytes}};
}

Json json_of(const UseLibrary& use) { return {{"command", "use_library"}, {"path", use.path}}; }

Json json_of(const RunTest& run) {
  return {{"command", "run_test"},
          {"test", run.test},
          {"ranks", to_string(run.ranks)},
          {"bytes", run.bytes},
          {"warm_up", run.warm_up},
          {"least_repeats", run.least_repeats},
          {"most_repeats", run.most_repeats},
          {"budget_seconds", run.budget_seconds},
          {"deadline_seconds", run.deadline_seconds}};
}

Json json_of(const TakeId& take) { return {{"command", "take_id"}, {"test", take.test}, {"id", take.id}}; }
Json json_of(const AbortTest& abort) { return {{"command", "abort_test"}, {"test", abort.test}}; }
Json json_of(const QuitCheck&) { return {{"command", "quit"}}; }

}  // namespace

std::string encode(const CheckCommand& command) {
  return line_of(std::visit([](const auto& each) { return json_of(each); }, command));
}

Result<CheckCommand> parse_check_command(std::string_view line) {
  try {
    return command_of(Json::parse(line));
  } catch (const std::exception& error) {
    return failure(Fault::internal, "check command", error.what());
  }
}

}  // namespace smlaunch
