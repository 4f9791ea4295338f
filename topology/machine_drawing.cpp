// SPDX-License-Identifier: Apache-2.0
// Everything is measured first: every box gets the width that the widest box of its kind needs. So boxes
// stand in columns, and text is cut only where it cannot be given room.
#include "topology/machine_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/svg_text.hpp"
#include "topology/device_row.hpp"
#include "topology/nearness_table.hpp"
#include "topology/node_boxes.hpp"

namespace smlaunch {
namespace {

constexpr int margin = 12;
constexpr int gap = 10;
constexpr int padding = 10;
constexpr int inner_width = 316;
constexpr int title_size = 16;
constexpr int small = 11;
constexpr int node_head = 38;     // its name, its CPUs
constexpr int package_head = 26;  // its name
constexpr int device_pitch = device_height + 4;
constexpr int rail_pitch = 8;
constexpr int tag_width = 44;  // "NODE" beside a device, with the line on both sides of it
constexpr int cell_letters = 10;
constexpr int cell_height = 17;
constexpr int stripes_height = 9;  // above the numbers of several ranks
constexpr int widest_row = 1500;   // of packages
constexpr const char* machine_colour = "#fcfcfb";
constexpr const char* package_colour = "#eef1f5";
constexpr const char* node_colour = "#ffffff";
constexpr const char* idle_core_colour = "#f1f1ee";
constexpr const char* gpu_colour = "#cfe6c9";
constexpr const char* nic_colour = "#f6dfbb";
constexpr const char* unusable_colour = "#e4e4e4";
constexpr const char* rail_colour = "#b4651a";

std::string counted(int number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string facts_of(const Machine& machine) {
  return fmt::format("{}{}, {}, {}", machine.packages == 0 ? "" : counted(machine.packages, "package") + ", ",
                     counted(static_cast<int>(machine.numa_nodes.size()), "NUMA node"),
                     counted(machine.cores, "core"), counted(machine.processing_units, "hardware thread"));
}

template <class Index>
std::string found_or_empty(const std::map<Index, std::string>& texts, Index key) {
  const auto found = texts.find(key);
  return found == texts.end() ? "" : found->second;
}

// Without the domain 0000, which is the only one on nearly every machine.
std::string short_pci(const std::string& pci) { return pci.starts_with("0000:") ? pci.substr(5) : pci; }

class MachinePainter {
 public:
  MachinePainter(const Machine& machine, const DrawingMarks& marks)
      : machine_(machine), marks_(marks), packages_(boxes_of(machine, marks)) {
    std::size_t rails = 0;
    for (const PackageBox& package : packages_)
      for (const NodeBox& node : package.nodes) rails = std::max(rails, node.rails.size());
    gutter_ = rails == 0 ? 0 : static_cast<int>(rails) * rail_pitch + tag_width;
    for (std::size_t core = 0; core < machine.core_cpus.size(); ++core)
      cell_width_ = std::max(cell_width_, text_width(cell_label(static_cast<int>(core)), cell_letters) + 6);
    cell_width_ = std::min(cell_width_, inner_width);
    shares_cores_ = std::any_of(marks.cores.begin(), marks.cores.end(),
                                [](const auto& core) { return core.second.size() > 1; });
  }

  // Draws all packages from (`left`, `top`) on; returns their width and height together.
  std::pair<int, int> draw_packages(Canvas& canvas, int left, int top) const {
    int y = top;
    int width = 0;
    for (std::size_t first = 0; first < packages_.size();) {
      std::size_t end = first;
      int row_width = -gap;
      int height = 0;
      for (; end < packages_.size(); ++end) {
        const auto [own_width, own_height] = size_of(packages_[end]);
        if (end > first && row_width + gap + own_width > widest_row) break;
        row_width += gap + own_width;
        height = std::max(height, own_height);
      }
      int x = left;
      for (; first < end; ++first) {
        draw_package(canvas, packages_[first], x, y, height);
        x += size_of(packages_[first]).first + gap;
      }
      width = std::max(width, row_width);
      y += height + gap;
    }
    return {width, y - gap - top};
  }

 private:
  [[nodiscard]] int node_width() const { return 2 * padding + gutter_ + inner_width; }

  static std::size_t columns_of(const PackageBox& package) {
    const std::size_t nodes = package.nodes.size();
    return nodes <= 2 ? nodes : nodes <= 4 ? 2 : 4;
  }

  [[nodiscard]] int cell_pitch() const { return cell_width_ + 2; }
  [[nodiscard]] int full_cell_height() const { return cell_height + (shares_cores_ ? stripes_height : 0); }

  // The cores stand in as few rows as possible, and the rows are equally long.
  [[nodiscard]] std::size_t cells_in_row(const NodeBox& node) const {
    const auto most = static_cast<std::size_t>(std::max(1, (inner_width + 2) / cell_pitch()));
    const std::size_t rows = std::max<std::size_t>(1, (node.cores.size() + most - 1) / most);
    return std::max<std::size_t>(1, (node.cores.size() + rows - 1) / rows);
  }

  [[nodiscard]] int cores_height(const NodeBox& node) const {
    if (node.cores.empty()) return 0;
    const std::size_t rows = (node.cores.size() + cells_in_row(node) - 1) / cells_in_row(node);
    return static_cast<int>(rows) * (full_cell_height() + 2) + 4;
  }

  [[nodiscard]] int node_height(const NodeBox& node) const {
    return node_head + cores_height(node) +
           static_cast<int>(node.gpus.size() + node.nics.size()) * device_pitch + padding;
  }

  // The height of one row of the package's nodes: that of the highest node.
  [[nodiscard]] int row_height(const PackageBox& package, std::size_t first) const {
    int height = 0;
    for (std::size_t i = first; i < std::min(first + columns_of(package), package.nodes.size()); ++i)
      height = std::max(height, node_height(package.nodes[i]));
    return height;
  }

  [[nodiscard]] std::pair<int, int> size_of(const PackageBox& package) const {
    const auto columns = static_cast<int>(columns_of(package));
    int height = package.package ? package_head : 0;
    for (std::size_t first = 0; first < package.nodes.size(); first += columns_of(package))
      height += row_height(package, first) + gap;
    height -= package.package ? 0 : gap;
    const int edges = package.package ? 2 * gap : 0;
    return {edges + columns * node_width() + (columns - 1) * gap, height};
  }

  void draw_package(Canvas& canvas, const PackageBox& package, int x, int y, int height) const {
    const int width = size_of(package).first;
    if (package.package) {
      canvas.box(x, y, width, height, package_colour, "#9aa4b1", 5);
      canvas.text(x + gap, y + 18, fmt::format("Package {}", *package.package), {13, true, "#3b4a5c"});
    }
    int at = y + (package.package ? package_head : 0);
    const int left = x + (package.package ? gap : 0);
    for (std::size_t first = 0; first < package.nodes.size(); first += columns_of(package)) {
      const int node_row = row_height(package, first);
      for (std::size_t i = first; i < std::min(first + columns_of(package), package.nodes.size()); ++i)
        draw_node(canvas, package.nodes[i], left + static_cast<int>(i - first) * (node_width() + gap), at,
                  node_row);
      at += node_row + gap;
    }
  }

  void draw_node(Canvas& canvas, const NodeBox& node, int x, int y, int height) const {
    canvas.box(x, y, node_width(), height, node_colour);
    const int right = x + node_width() - padding;
    canvas.text(x + padding, y + 17, node.title, {12, true});
    canvas.text(right, y + 17, node.memory, {small, false, "#666", "end"});
    if (node.numa) {
      const std::string cpus = node.cpus.empty() ? "no CPUs" : "CPUs " + to_string(node.cpus);
      canvas.text(x + padding, y + 31, fitted(cpus, node_width() - 2 * padding, 10), {10, false, "#777"});
    }
    const int left = x + padding + gutter_;
    int at = y + node_head;
    const std::size_t in_row = cells_in_row(node);
    for (std::size_t i = 0; i < node.cores.size(); ++i)
      draw_core(canvas, node.cores[i], left + static_cast<int>(i % in_row) * cell_pitch(),
                at + static_cast<int>(i / in_row) * (full_cell_height() + 2));
    at += cores_height(node);
    std::map<GpuIndex, int> gpu_heights;
    std::map<NicIndex, int> nic_heights;
    for (const GpuIndex gpu : node.gpus) {
      draw_gpu(canvas, node, gpu, left, at);
      gpu_heights[gpu] = at + device_height / 2;
      at += device_pitch;
    }
    for (const NicIndex nic : node.nics) {
      draw_nic(canvas, nic, left, at);
      nic_heights[nic] = at + device_height / 2;
      at += device_pitch;
    }
    draw_rails(canvas, node, left, gpu_heights, nic_heights);
  }

  // The ranks that run on the core; where there is none, the number of its first CPU.
  [[nodiscard]] std::string cell_label(int core) const {
    constexpr std::size_t most_named = 4;
    const auto found = marks_.cores.find(core);
    if (found == marks_.cores.end()) {
      const IdSet& cpus = machine_.core_cpus[static_cast<std::size_t>(core)];
      return cpus.empty() ? "" : std::to_string(cpus.front());
    }
    if (found->second.size() > most_named) return fmt::format("{} ranks", found->second.size());
    std::string ranks;
    for (const CoreMark& mark : found->second)
      ranks += (ranks.empty() ? "" : " ") + std::to_string(mark.rank);
    return ranks;
  }

  void draw_core(Canvas& canvas, int core, int x, int y) const {
    const auto found = marks_.cores.find(core);
    const bool is_used = found != marks_.cores.end();
    const std::size_t ranks = is_used ? found->second.size() : 0;
    const std::string fill = ranks == 1 ? found->second.front().colour : idle_core_colour;
    canvas.box(x, y, cell_width_, full_cell_height(), fill, "#8a8a8a", 2);
    for (std::size_t i = 0; ranks > 1 && i < ranks; ++i) {
      const auto edge = [&](std::size_t stripe) {
        return x + 1 + static_cast<int>(stripe) * (cell_width_ - 2) / static_cast<int>(ranks);
      };
      canvas.area(edge(i), y + 1, edge(i + 1) - edge(i), stripes_height, found->second[i].colour);
    }
    const bool is_low = ranks > 1;
    const int middle =
        is_low ? stripes_height + (full_cell_height() - stripes_height) / 2 : full_cell_height() / 2;
    canvas.text(x + cell_width_ / 2, y + middle + 4, fitted(cell_label(core), cell_width_, cell_letters),
                {cell_letters, is_used,
                 !is_used ? "#a0a09a"
                 : is_low ? "#222"
                          : letters_on(fill),
                 "middle"});
  }

  void draw_gpu(Canvas& canvas, const NodeBox& node, GpuIndex index, int x, int y) const {
    const Gpu& gpu = machine_.gpu(index);
    std::vector<std::string> facts;
    const auto nic = marks_.gpu_nics.find(index);
    // The GPU's NIC is in another box, and no line leads there.
    const bool is_far = nic != marks_.gpu_nics.end() &&
                        std::none_of(node.rails.begin(), node.rails.end(),
                                     [&](const Rail& rail) { return rail.nic == nic->second; });
    if (is_far)
      facts.push_back(fmt::format("{} to {}", to_string(machine_.nearness(index, nic->second)),
                                  machine_.nic(nic->second).name));
    if (!gpu.model.empty()) facts.push_back(gpu.model);
    if (!gpu.pci.empty()) facts.push_back(short_pci(gpu.pci));
    std::string note = found_or_empty(marks_.gpu_notes, index);
    if (!gpu.usable && note.empty()) note = "not usable";
    draw_device_row(canvas, {x, y}, inner_width, gpu.usable ? gpu_colour : unusable_colour,
                    fmt::format("GPU {}", gpu.index), facts, note);
  }

  void draw_nic(Canvas& canvas, NicIndex index, int x, int y) const {
    const Nic& nic = machine_.nic(index);
    std::vector<std::string> facts = {to_string(nic.kind)};
    if (nic.gigabits > 0) facts.push_back(fmt::format("{} Gb/s", nic.gigabits));
    if (!nic.pci.empty()) facts.push_back(short_pci(nic.pci));
    const std::string note = nic.link_up ? found_or_empty(marks_.nic_notes, index) : "link down";
    draw_device_row(canvas, {x, y}, inner_width, nic.link_up ? nic_colour : unusable_colour, nic.name, facts,
                    note);
  }

  // A vertical line for each NIC, and from there a line to every device. That line has a gap, where a word
  // says how near the two are.
  void draw_rails(Canvas& canvas, const NodeBox& node, int left, const std::map<GpuIndex, int>& gpu_heights,
                  const std::map<NicIndex, int>& nic_heights) const {
    for (std::size_t i = 0; i < node.rails.size(); ++i) {
      const Rail& rail = node.rails[i];
      const int x = left - tag_width - static_cast<int>(i) * rail_pitch;
      const int nic = nic_heights.at(rail.nic);
      int top = nic;
      for (const GpuIndex gpu : rail.gpus) {
        const int y = gpu_heights.at(gpu);
        top = std::min(top, y);
        const std::string tag = to_string(machine_.nearness(gpu, rail.nic));
        canvas.line({x, y}, {left - tag_width + 3, y}, rail_colour, 2);
        canvas.line({left - 3, y}, {left, y}, rail_colour, 2);
        canvas.text(left - tag_width / 2, y + 4, tag, {10, true, rail_colour, "middle"});
      }
      canvas.line({x, nic}, {left, nic}, rail_colour, 2);
      canvas.line({x, top - 1}, {x, nic + 1}, rail_colour, 2);
    }
  }

  const Machine& machine_;
  const DrawingMarks& marks_;
  std::vector<PackageBox> packages_;
  int gutter_ = 0;
  int cell_width_ = 20;
  bool shares_cores_ = false;
};

// Draws each colour and what it stands for, as many in a line as there is room for. Returns the height.
int draw_legend(Canvas& canvas, const DrawingMarks& marks, int left, int top, int width) {
  if (marks.legend.empty()) return 0;
  int x = left;
  int y = top;
  for (const auto& [colour, words] : marks.legend) {
    const int swatch = colour.empty() ? 0 : 17;
    const int length = swatch + text_width(words, 12) + 10;
    if (x > left && x + length > left + width) {
      x = left;
      y += 18;
    }
    if (!colour.empty()) canvas.box(x, y, 12, 12, colour, "#8a8a8a", 2);
    canvas.text(x + swatch, y + 11, words);
    x += length;
  }
  return y + 20 - top;
}

}  // namespace

Drawing draw_machine(const Machine& machine, const std::string& title, const DrawingMarks& marks, int top) {
  const MachinePainter painter(machine, marks);
  const std::string facts = facts_of(machine);
  Canvas measured;
  const int packages_width = painter.draw_packages(measured, 0, 0).first;
  Drawing table;
  if (marks.with_table) table = draw_nearness_table(machine, 0, 0, packages_width);
  int width =
      std::max({packages_width, table.width, text_width(title, title_size, true), text_width(facts, 12)});
  for (const auto& entry : marks.legend) width = std::max(width, text_width(entry.second, 12) + 27);

  Canvas canvas;
  const int left = 2 * margin;
  int y = top + margin + 26;
  canvas.text(left, y, title, {title_size, true});
  y += 19;
  canvas.text(left, y, facts, {12, false, "#666"});
  y += 12;
  y += draw_legend(canvas, marks, left, y, width);
  y += painter.draw_packages(canvas, left, y).second + gap;
  if (marks.with_table && !machine.gpus.empty()) {
    table = draw_nearness_table(machine, left, y, width);
    canvas.body += table.body;
    y += table.height + gap;
  }
  Canvas frame;
  frame.box(margin, top + margin, width + 2 * margin, y - top - margin, machine_colour, "#c4c4c4", 6);
  return {frame.body + canvas.body, width + 4 * margin, y - top + margin};
}

}  // namespace smlaunch
