// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/render_ready.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace smlaunch {
namespace {

constexpr std::size_t most_rows = 20;
constexpr std::size_t most_names = 8;

// Hosts that can never be ready come first, then the hosts that have been stuck for longest.
std::vector<const HostReadiness*> missing_hosts(const RemoteReport& report) {
  std::vector<const HostReadiness*> missing;
  for (const HostReadiness& host : report.hosts) {
    if (host.state != ReadyState::ready) missing.push_back(&host);
  }
  std::stable_sort(missing.begin(), missing.end(), [](const HostReadiness* a, const HostReadiness* b) {
    const bool a_failed = a->state == ReadyState::failed;
    const bool b_failed = b->state == ReadyState::failed;
    return a_failed != b_failed ? a_failed : a->since < b->since;
  });
  return missing;
}

std::string render_time(double seconds) {
  return seconds < 10 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

std::string render_cause(const HostReadiness& host, const std::string& cause, double now) {
  if (host.state == ReadyState::failed) return cause;
  return fmt::format("{} since {:.0f} s", cause, std::max(0.0, now - host.since));
}

struct Row {
  std::string hosts;
  std::string stage;
  std::string cause;
  std::string remedy;
};

Row make_row(const HostReadiness& host, double now) {
  return {host.name, to_string(host.stage), render_cause(host, to_string(host.cause), now), host.remedy};
}

struct Group {
  std::vector<const HostReadiness*> hosts;
  bool same(const HostReadiness& host) const {
    const HostReadiness& first = *hosts.front();
    return first.state == host.state && first.stage == host.stage && are_alike(first.cause, host.cause);
  }
};

std::vector<Row> fold(const std::vector<const HostReadiness*>& missing, double now) {
  std::vector<Group> groups;
  for (const HostReadiness* host : missing) {
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.same(*host); });
    if (group == groups.end()) {
      groups.push_back({{host}});
    } else {
      group->hosts.push_back(host);
    }
  }
  std::vector<Row> rows;
  for (const Group& group : groups) {
    const HostReadiness& first = *group.hosts.front();
    Row row = make_row(first, now);
    if (group.hosts.size() > 1) {
      std::vector<std::string_view> names;
      for (const HostReadiness* host : group.hosts) names.push_back(host->name);
      const std::size_t shown = std::min(names.size(), most_names);
      row.hosts = fmt::format(
          "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ","));
      row.hosts += shown < names.size() ? fmt::format(",... ({} hosts)", names.size()) : "";
      row.cause = render_cause(first, render_in_short(first.cause), now);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string render_table(const std::vector<Row>& rows) {
  std::size_t hosts = 4;
  std::size_t stage = 5;
  std::size_t cause = 5;
  for (const Row& row : rows) {
    hosts = std::max(hosts, row.hosts.size());
    stage = std::max(stage, row.stage.size());
    cause = std::max(cause, row.cause.size());
  }
  std::string text =
      fmt::format("  {:<{}}  {:<{}}  {:<{}}  what to do\n", "host", hosts, "stage", stage, "cause", cause);
  for (const Row& row : rows) {
    text += fmt::format("  {:<{}}  {:<{}}  {:<{}}  {}\n", row.hosts, hosts, row.stage, stage, row.cause,
                        cause, row.remedy);
  }
  return text;
}

std::size_t count_ready(const RemoteReport& report) {
  return static_cast<std::size_t>(
      std::count_if(report.hosts.begin(), report.hosts.end(),
                    [](const HostReadiness& host) { return host.state == ReadyState::ready; }));
}

std::string hosts_in_words(std::size_t count) {
  return count == 1 ? "1 host" : fmt::format("{} hosts", count);
}

}  // namespace

std::string render_ready_line(const RemoteReport& report, std::size_t width) {
  const auto missing = missing_hosts(report);
  std::string line = fmt::format("{}/{} ready", count_ready(report), report.hosts.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const std::string part =
        fmt::format("; {}: {}", missing[i]->name,
                    render_cause(*missing[i], render_in_short(missing[i]->cause), report.seconds));
    const std::size_t after = missing.size() - i - 1;
    const std::string rest = after > 0 ? fmt::format("; {} more missing", after) : "";
    if (line.size() + part.size() + rest.size() > width) {
      line += fmt::format("; {} {}missing", after + 1, i > 0 ? "more " : "");
      break;
    }
    line += part;
  }
  return line.substr(0, width);
}

std::string render_ready_table(const RemoteReport& report) {
  const auto missing = missing_hosts(report);
  if (missing.empty()) return {};
  const auto failed = std::count_if(missing.begin(), missing.end(), [](const HostReadiness* host) {
    return host->state == ReadyState::failed;
  });
  std::string why = "the time-out";
  if (report.stopped_by_signal != 0) why = fmt::format("when signal {} came", report.stopped_by_signal);
  if (failed > 0) why = fmt::format("and {} of them never will be", failed);
  std::string text = fmt::format("{} of {} not ready after {}, {}:\n", missing.size(),
                                 hosts_in_words(report.hosts.size()), render_time(report.seconds), why);
  std::vector<Row> rows;
  if (missing.size() > most_rows) {
    rows = fold(missing, report.seconds);
  } else {
    for (const HostReadiness* host : missing) rows.push_back(make_row(*host, report.seconds));
  }
  return text + render_table(rows);
}

std::string render_ready_answer(const RemoteReport& report) {
  if (count_ready(report) < report.hosts.size()) return render_ready_table(report);
  std::string text =
      fmt::format("{} ready after {}", hosts_in_words(report.hosts.size()), render_time(report.seconds));
  const auto last =
      std::max_element(report.hosts.begin(), report.hosts.end(),
                       [](const HostReadiness& a, const HostReadiness& b) { return a.seconds < b.seconds; });
  if (report.hosts.size() > 1) text += fmt::format("; the last was {}", last->name);
  return text + "\n";
}

}  // namespace smlaunch
