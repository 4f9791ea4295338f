// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/render_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>

#include "launcher/plan/host_groups.hpp"
#include "launcher/plan/redaction.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

using Row = std::array<std::string, 7>;

std::string render_table(const std::vector<Row>& rows) {
  std::array<std::size_t, 7> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format(" {:<{}}", row[i], widths[i]);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string gpu_cell(const Machine& machine, const Placement& placement) {
  if (!placement.gpu) return "-";
  const int index = cuda_index(machine, *placement.gpu);
  const Gpu& gpu = machine.gpu(*placement.gpu);
  return gpu.pci.empty() ? std::to_string(index) : fmt::format("{} {}", index, gpu.pci);
}

std::string nic_cell(const Machine& machine, const Placement& placement) {
  if (!placement.nic) return "-";
  return fmt::format("{} {}", machine.nic(*placement.nic).name, to_string(placement.nic_path));
}

Row rank_row(const LaunchPlan& plan, const RankPlace& place, std::string rank, std::string host) {
  const Machine& machine = *plan.cluster.hosts[place.node_rank].machine;
  const Placement& at = *place.placement;
  return {std::move(rank),
          std::move(host),
          std::to_string(place.local_rank.value),
          gpu_cell(machine, at),
          at.numa.empty() ? "-" : to_string(at.numa),
          at.cpus.empty() ? "any" : to_string(at.cpus),
          nic_cell(machine, at)};
}

const Row heading = {"rank", "host", "local", "gpu", "numa", "cpus", "nic"};

std::string render_ranks(const LaunchPlan& plan) {
  std::vector<Row> rows = {heading};
  if (plan.world_size() <= most_ranks_shown) {
    for (const RankPlace& place : plan.layout.ranks)
      rows.push_back(rank_row(plan, place, std::to_string(plan.first_rank + place.rank.value),
                              plan.cluster.hosts[place.node_rank].name));
    return render_table(rows);
  }
  const Indexed<NodeRank, std::vector<Rank>> ranks_of = ranks_of_hosts(plan.layout);
  std::string out;
  for (const HostGroup& group : equal_hosts(plan, ranks_of)) {
    const NodeRank first = group.node_ranks.front();
    const std::vector<Rank>& own = ranks_of[first];
    const std::size_t count = own.size();
    const std::string ranks = fmt::format("{} rank{}", count, count == 1 ? "" : "s");
    if (group.node_ranks.size() == 1)
      out += fmt::format("  {}, {}:\n", plan.cluster.hosts[first].name, ranks);
    else
      out += fmt::format("  {} equal hosts of {} each ({}); the first one's:\n", group.node_ranks.size(),
                         ranks, host_ranges(plan, group.node_ranks));
    rows = {heading};
    for (const Rank rank : own) {
      const RankPlace& place = plan.layout.ranks[rank];
      rows.push_back(rank_row(plan, place, std::to_string(plan.first_rank + place.rank.value),
                              plan.cluster.hosts[place.node_rank].name));
    }
    out += render_table(rows);
  }
  return fmt::format("  ({} ranks: equal hosts are shown once)\n", plan.world_size()) + out;
}

// For each word, whether it begins a line: an option and the program do, the values of -mca do not.
std::vector<bool> begin_lines(const std::vector<std::string>& argv, std::size_t program) {
  std::vector<bool> begins(argv.size(), false);
  for (std::size_t i = 1; i < argv.size() && i <= program; ++i) {
    begins[i] = i == program || (argv[i].size() > 1 && argv[i][0] == '-');
    if (argv[i].starts_with("-") && argv[i].ends_with("mca")) i = std::min(i + 2, program - 1);
  }
  return begins;
}

// A person reads a few, and passes over dozens.
constexpr std::ptrdiff_t most_exports_shown = 3;

// For each word, whether it belongs to an -x that only names a variable.
std::vector<bool> plain_exports(const std::vector<std::string>& argv, const std::vector<bool>& begins) {
  std::vector<bool> plain(argv.size(), false);
  for (std::size_t i = 0; i + 1 < argv.size(); ++i)
    if (begins[i] && argv[i] == "-x" && argv[i + 1].find('=') == std::string::npos)
      plain[i] = plain[i + 1] = true;
  return plain;
}

std::string render_command(const LaunchPlan& plan, const Redactor& redactor, PlanDetail detail) {
  const std::vector<std::string> argv = redactor.arguments(plan.command);
  const std::size_t own = plan.process_command.size() + 3;  // "smlaunch rank --" before it
  const bool has_agent = argv.size() >= own && argv[argv.size() - own + 1] == "rank";
  const std::size_t program = has_agent ? argv.size() - own : 0;
  const std::vector<bool> begins = begin_lines(argv, program);
  const std::vector<bool> exports = plain_exports(argv, begins);
  const auto exported = std::count(exports.begin(), exports.end(), true) / 2;
  const bool folds = detail == PlanDetail::folded && exported > most_exports_shown;
  std::string out;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    if (folds && exports[i]) {
      if (std::count(exports.begin(), exports.begin() + static_cast<std::ptrdiff_t>(i), true) == 0)
        out += fmt::format(" \\\n    [-x for {} variables; -v shows them]", exported);
      continue;
    }
    if (i == 0)
      out += "  ";
    else
      out += begins[i] ? " \\\n    " : " ";
    out += quote_shell_word(argv[i]);
  }
  return out + "\n";
}

std::string source_of(const LaunchPlan& plan, const std::string& name) {
  for (const auto& [key, source] : plan.sources)
    if (key == name) return fmt::format("  ({})", source);
  return "";
}

// Where the facts about all hosts come from. If the user chose the machines, the option that says so follows.
std::string topology_of(const LaunchPlan& plan) {
  std::vector<NodeRank> all;
  for (const NodeRank host : plan.cluster.hosts.indices()) all.push_back(host);
  return sources_in_words(plan, all) + (plan.machines_chosen ? source_of(plan, "topology") : "");
}

}  // namespace

std::string render_plan(const LaunchPlan& plan, PlanDetail detail) {
  const Redactor redactor(common_variables(plan), plan.command);
  const auto busy = std::count_if(plan.layout.ranks_per_host.begin(), plan.layout.ranks_per_host.end(),
                                  [](int ranks) { return ranks > 0; });
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value, const std::string& source) {
    fmt::format_to(std::back_inserter(out), "{:<12} {}{}\n", name, value, source);
  };
  line("launcher", fmt::format("{} ({})", to_string(plan.launcher), to_string(plan.engine)),
       source_of(plan, "launcher"));
  line("entry point",
       fmt::format("{} ({})", quote_shell_word(plan.entry_point.name), to_string(plan.entry_point.kind)),
       source_of(plan, "entry_point"));
  for (const auto& [name, text] : plan.sources)
    if (name == "code") line("code", redactor.text(text), "");
  const std::string elsewhere = plan.nodes.empty()
                                    ? ""
                                    : fmt::format(" of {} on {} hosts, each of which starts its own",
                                                  plan.job_world_size, plan.nodes.size());
  line("ranks", fmt::format("{} on {} host{}{}", plan.world_size(), busy, busy == 1 ? "" : "s", elsewhere),
       source_of(plan, "world_size").empty() ? source_of(plan, "processes_per_host")
                                             : source_of(plan, "world_size"));
  line("leader", plan.leader, source_of(plan, "hosts"));
  for (const auto& [name, text] : plan.sources)
    if (name == "host_order") line("host order", text, "");
  if (!plan.spare_hosts.empty()) {
    std::string names;
    for (const std::string& name : plan.spare_hosts) names += (names.empty() ? "" : ", ") + name;
    line("spare hosts", names, "");
  }
  if (plan.current_host != plan.leader)
    line("this host",
         plan.current_host.empty() ? "none of them: it leads and runs no rank" : plan.current_host, "");
  if (const std::string why = source_of(plan, "network_interface");
      !plan.network_interface.empty() || !why.empty())
    line("interface", plan.network_interface.empty() ? "any" : plan.network_interface, why);
  line("topology", topology_of(plan), "");
  if (plan.smoke)
    line("smoke test",
         fmt::format("{}, {} bytes, at most {} s", plan.smoke->backend, plan.smoke->bytes,
                     plan.smoke->timeout_seconds),
         source_of(plan, "smoke"));
  else
    line("smoke test", fmt::format("off: {}", plan.smoke_reason), "");
  line("plan", plan.hash, "");
  for (const std::string& warning : plan.warnings) line("warning", redactor.text(warning), "");
  out += "\n" + render_ranks(plan) + "\n" + render_command(plan, redactor, detail);
  return out;
}

}  // namespace smlaunch
