// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "launcher/outcome/report_json.hpp"
#include "launcher/status/render_status.hpp"

namespace smlaunch {

namespace {

class StatusJson {
 public:
  explicit StatusJson(const JobStatus& status) : status_(status) {}

  std::string render() {
    json_.open_object();
    text("id", status_.id);
    optional_text("name", status_.name);
    number("pid", status_.pid);
    text("host", status_.host);
    optional_text("leader", status_.leader);
    optional_text("folder", status_.folder);
    text("working_directory", status_.working_directory);
    text("version", status_.version);
    optional_text("plan_hash", status_.plan_hash);
    optional_text("launcher", status_.launcher);
    text("state", to_string(status_.stage));
    seconds("seconds", status_.seconds);
    number("restarts", status_.restarts);
    json_.key("exit_code");
    if (status_.exit_code)
      json_.value(*status_.exit_code);
    else
      json_.null();
    json_.key("hosts").open_object();
    number("all", status_.hosts);
    if (status_.leader.empty()) number("ready", status_.hosts_ready);
    json_.close_object();
    add_smoke();
    if (status_.leader.empty()) add_ranks();
    add_progress();
    add_phases();
    if (status_.looks) json_.key("stacks").raw(render_looks_json(*status_.looks));
    return json_.close_object().take() + "\n";
  }

 private:
  void text(const char* key, const std::string& value) { json_.key(key).value(value); }
  void optional_text(const char* key, const std::string& value) {
    json_.key(key);
    if (value.empty())
      json_.null();
    else
      json_.value(value);
  }
  void number(const char* key, int value) { json_.key(key).value(value); }
  void seconds(const char* key, double value) { json_.key(key).raw(fmt::format("{:.3f}", value)); }

  void add_smoke() {
    json_.key("smoke");
    if (status_.smoke.empty()) {
      json_.null();
      return;
    }
    json_.open_object();
    text("state", status_.smoke);
    json_.key("busbw_gbps");
    if (status_.busbw_gbps)
      json_.raw(fmt::format("{:.3f}", *status_.busbw_gbps));
    else
      json_.null();
    json_.close_object();
  }

  void add_ranks() {
    json_.key("ranks_by_state").open_object();
    for (const RankStage stage : all_rank_stages) number(to_string(stage).c_str(), status_.count(stage));
    json_.close_object();
    if (status_.ranks.empty()) return;
    json_.key("ranks").open_list();
    for (const Rank each : status_.ranks.indices()) {
      const RankStatus& rank = status_.ranks[each];
      json_.open_object();
      number("rank", each.value);
      add_process(rank);
      json_.key("progress").raw(render_values_json(rank.progress));
      json_.close_object();
    }
    json_.close_list();
    add_starters();
  }

  void add_starters() {
    if (status_.starters.empty()) return;
    json_.key("starters").open_list();
    for (const StarterStatus& each : status_.starters) {
      json_.open_object();
      number("first_rank", each.first_rank.value);
      add_process(each.status);
      json_.close_object();
    }
    json_.close_list();
  }

  void add_process(const RankStatus& process) {
    text("host", process.host);
    text("state", to_string(process.stage));
    json_.key("pid");
    if (process.pid > 0)
      json_.value(process.pid);
    else
      json_.null();
    add_end(process.end);
  }

  void add_end(const std::optional<ExitStatus>& end) {
    const auto* exited = end ? std::get_if<Exited>(&*end) : nullptr;
    const auto* signaled = end ? std::get_if<Signaled>(&*end) : nullptr;
    json_.key("exit_code");
    if (exited != nullptr)
      json_.value(exited->code);
    else
      json_.null();
    json_.key("signal");
    if (signaled != nullptr)
      json_.value(signaled->signal);
    else
      json_.null();
  }

  void add_progress() {
    json_.key("progress");
    if (!status_.progress) {
      json_.null();
    } else {
      json_.open_object();
      json_.key("last").raw(render_values_json(status_.progress->values));
      json_.key("rank_of_last");
      if (status_.progress->rank)
        json_.value(status_.progress->rank->value);
      else
        json_.null();
      text("host", status_.progress->host);
      seconds("seconds_ago", status_.progress_ago);
      json_.close_object();
    }
    json_.key("silent_seconds");
    if (status_.silence)
      json_.raw(fmt::format("{:.3f}", status_.silence->seconds));
    else
      json_.null();
  }

  void add_phases() {
    json_.key("phases").open_list();
    for (const Phase& phase : status_.phases) {
      json_.open_object();
      text("name", phase.name);
      seconds("seconds", phase.seconds);
      json_.close_object();
    }
    json_.close_list();
  }

  const JobStatus& status_;
  JsonWriter json_;
};

}  // namespace

std::string render_status_json(const JobStatus& status) { return StatusJson(status).render(); }

}  // namespace smlaunch
