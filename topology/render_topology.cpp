// SPDX-License-Identifier: Apache-2.0
#include "topology/render_topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "topology/nvlink_domain.hpp"

namespace smlaunch {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks apart, no blanks at a line's end.
std::string render_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string count_of(std::size_t number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string memory(std::uint64_t bytes) {
  return bytes == 0 ? "-"
                    : fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0));
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }
std::string or_dash(const std::optional<int>& number) { return number ? fmt::format("{}", *number) : "-"; }

std::string gpu_name(const Gpu& gpu) { return fmt::format("GPU{}", gpu.index); }

// As `nvidia-smi topo -m` prints it, which also shows the CPUs nearby for GPUs only.
std::string render_matrix(const Machine& machine) {
  std::vector<Row> rows{{""}};
  for (const Gpu& gpu : machine.gpus) rows[0].push_back(gpu_name(gpu));
  for (const Nic& nic : machine.nics) rows[0].push_back(nic.name);
  rows[0].insert(rows[0].end(), {"CPUs near", "NUMA"});
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    const Gpu& gpu = machine.gpus[i];
    Row& row = rows.emplace_back(Row{gpu_name(gpu)});
    row.insert(row.end(), machine.gpu_gpu[i].begin(), machine.gpu_gpu[i].end());
    for (const Nearness nearness : machine.gpu_nic[i]) row.push_back(to_string(nearness));
    row.insert(row.end(), {or_dash(to_string(gpu.cpus)), or_dash(gpu.numa)});
  }
  for (std::size_t i = 0; i < machine.nics.size(); ++i) {
    Row& row = rows.emplace_back(Row{machine.nics[i].name});
    for (const auto& of_gpu : machine.gpu_nic) row.push_back(to_string(of_gpu[i]));
    if (machine.nic_nic.empty())
      row.resize(row.size() + machine.nics.size(), "-");
    else
      row.insert(row.end(), machine.nic_nic[i].begin(), machine.nic_nic[i].end());
  }
  return render_table(rows);
}

}  // namespace

std::string render_topology(const Machine& machine) {
  std::string text =
      fmt::format("{}: {}{}, {}, {}\n", machine.host.empty() ? "this machine" : machine.host,
                  machine.packages == 0  // a saved machine need not say
                      ? ""
                      : count_of(static_cast<std::size_t>(machine.packages), "package") + ", ",
                  count_of(machine.numa_nodes.size(), "NUMA node"),
                  count_of(static_cast<std::size_t>(machine.cores), "core"),
                  count_of(static_cast<std::size_t>(machine.processing_units), "hardware thread"));
  std::vector<Row> rows{{"NUMA", "CPUs", "memory"}};
  for (const NumaNode& node : machine.numa_nodes) {
    rows.push_back(
        {fmt::format("{}", node.os_index), or_dash(to_string(node.cpus)), memory(node.memory_bytes)});
  }
  text += "\n" + render_table(rows);

  rows = {{"GPU", "model", "PCI", "NUMA", "memory", "UUID"}};
  for (const Gpu& gpu : machine.gpus) {
    rows.push_back(
        {fmt::format("{}", gpu.index), or_dash(gpu.model), or_dash(gpu.pci), or_dash(gpu.numa),
         memory(gpu.memory_bytes),
         gpu.usable ? or_dash(gpu.uuid) : fmt::format("not usable: {}", to_string(gpu.unusable_because))});
  }
  text += machine.gpus.empty() ? "\nno GPU\n" : "\n" + render_table(rows);

  if (const auto domain = domain_of(machine))
    text += fmt::format("\nNVLink domain {}, clique {}: NVLinks join the GPUs of its hosts\n",
                        domain->cluster, domain->clique);

  rows = {{"NIC", "kind", "PCI", "NUMA", "link"}};
  for (const Nic& nic : machine.nics) {
    rows.push_back(
        {nic.name, to_string(nic.kind), or_dash(nic.pci), or_dash(nic.numa), nic.link_up ? "up" : "down"});
  }
  text += machine.nics.empty() ? "\nno NIC on the PCI bus\n" : "\n" + render_table(rows);

  if (!machine.gpus.empty()) {
    text += "\n" + render_matrix(machine);
    text +=
        "\nNV# so many NVLinks; PIX one PCIe switch; PXB several; PHB the CPU's PCIe root; NODE two roots of "
        "one socket"
        "\nor NUMA node; SYS between sockets\n";
  }
  if (!machine.findings.empty()) text += '\n';
  for (const MachineFinding& finding : machine.findings)
    text += fmt::format("{}: {}\n", finding.is_warning ? "warning" : "note", to_string(finding));
  return text;
}

}  // namespace smlaunch
