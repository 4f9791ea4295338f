// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace smlaunch {
namespace {

constexpr int margin = 12;
constexpr int box_width = 320;
constexpr int core_size = 12;
constexpr int core_pitch = core_size + 4;
constexpr int cores_in_row = (box_width - 2 * margin + 4) / core_pitch;
constexpr int device_height = 24;
constexpr int device_pitch = device_height + 4;
constexpr int title_height = 30;
constexpr int legend_width = 150;
constexpr std::size_t boxes_in_row = 4;
constexpr std::size_t longest_text = 38;  // what fits into a box at this size of letters

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string shortened(const std::string& text, std::size_t longest) {
  return text.size() <= longest ? text : text.substr(0, longest - 3) + "...";
}

std::string rectangle(int x, int y, int width, int height, std::string_view colour) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"#555\"/>\n", x,
                     y, width, height, colour);
}

std::string label(int x, int y, const std::string& text) {
  return fmt::format("<text x=\"{}\" y=\"{}\">{}</text>\n", x, y, escaped(text));
}

std::string end_label(int x, int y, const std::string& text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"bold\">{}</text>\n", x, y,
                     escaped(text));
}

// What is drawn in one box: a NUMA node, or (without a number) all that lies near none.
struct Box {
  std::optional<int> numa;
  std::string title;
  std::vector<int> cores;
  std::vector<int> gpus;
  std::vector<int> nics;

  [[nodiscard]] int core_rows() const {
    return (static_cast<int>(cores.size()) + cores_in_row - 1) / cores_in_row;
  }
  [[nodiscard]] int height() const {
    const int devices = static_cast<int>(gpus.size() + nics.size());
    return title_height + core_rows() * core_pitch + devices * device_pitch + margin;
  }
};

std::vector<Box> boxes_of(const Machine& machine) {
  std::vector<Box> boxes;
  for (const NumaNode& node : machine.numa_nodes) {
    Box& box = boxes.emplace_back();
    box.numa = node.os_index;
    box.title =
        fmt::format("NUMA {}  {:.0f} GiB", node.os_index, static_cast<double>(node.memory_bytes) / (1 << 30));
    for (std::size_t core = 0; core < machine.core_cpus.size(); ++core) {
      if (!intersection(machine.core_cpus[core], node.cpus).empty())
        box.cores.push_back(static_cast<int>(core));
    }
  }
  boxes.push_back({std::nullopt, "near no NUMA node that is known", {}, {}, {}});
  const auto box_at = [&](const std::optional<int>& numa) -> Box& {
    const auto found =
        std::find_if(boxes.begin(), boxes.end(), [&](const Box& box) { return box.numa == numa; });
    return found == boxes.end() ? boxes.back() : *found;
  };
  for (std::size_t i = 0; i < machine.gpus.size(); ++i)
    box_at(machine.gpus[i].numa).gpus.push_back(static_cast<int>(i));
  for (std::size_t i = 0; i < machine.nics.size(); ++i)
    box_at(machine.nics[i].numa).nics.push_back(static_cast<int>(i));
  if (boxes.back().gpus.empty() && boxes.back().nics.empty()) boxes.pop_back();
  return boxes;
}

std::string found_or(const std::map<int, std::string>& texts, int key, const std::string& otherwise) {
  const auto found = texts.find(key);
  return found == texts.end() ? otherwise : found->second;
}

class Painter {
 public:
  Painter(const Machine& machine, const DrawingMarks& marks) : machine_(machine), marks_(marks) {}

  void draw(const Box& box, int x, int y, int height) {
    text += rectangle(x, y, box_width, height, "#f4f1ea") + label(x + margin, y + 20, box.title);
    int at = y + title_height;
    for (std::size_t i = 0; i < box.cores.size(); ++i) {
      const auto column = static_cast<int>(i % static_cast<std::size_t>(cores_in_row));
      const auto row = static_cast<int>(i / static_cast<std::size_t>(cores_in_row));
      text += rectangle(x + margin + column * core_pitch, at + row * core_pitch, core_size, core_size,
                        found_or(marks_.core_colours, box.cores[i], "#dde3ea"));
    }
    at += box.core_rows() * core_pitch;
    for (const int index : box.gpus) {
      const Gpu& gpu = machine_.gpus[static_cast<std::size_t>(index)];
      const std::string name = gpu.model.empty() ? fmt::format("GPU {}", gpu.index)
                                                 : fmt::format("GPU {}  {}", gpu.index, gpu.model);
      device(x, at, name, found_or(marks_.gpu_notes, index, ""), gpu.usable ? "#9c8" : "#ddd");
      gpus_[index] = {x, at + device_height / 2};
      at += device_pitch;
    }
    for (const int index : box.nics) {
      const Nic& nic = machine_.nics[static_cast<std::size_t>(index)];
      device(x, at, nic.name + (nic.link_up ? "" : "  (link down)"), found_or(marks_.nic_notes, index, ""),
             nic.link_up ? "#e9b872" : "#ddd");
      nics_[index] = {x, at + device_height / 2};
      at += device_pitch;
    }
  }

  // NVLink from right edge to right edge, behind the devices; a GPU and its NIC from left edge to left edge.
  void join() {
    for (const auto& [from, start] : gpus_) {
      for (const auto& [to, end] : gpus_) {
        const auto a = static_cast<std::size_t>(from);
        const auto b = static_cast<std::size_t>(to);
        if (a >= b || machine_.gpu_gpu[a][b].substr(0, 2) != "NV") continue;
        line({start.first + box_width - margin, start.second}, {end.first + box_width - margin, end.second},
             "#696", 1);
      }
    }
    text += devices_;
    for (const auto& [gpu, nic] : marks_.gpu_nics) {
      const auto from = gpus_.find(gpu);
      const auto to = nics_.find(nic);
      if (from == gpus_.end() || to == nics_.end()) continue;
      const bool same_box = from->second.first == to->second.first;
      const int at = same_box ? margin / 2 : margin;
      // A bracket beside the devices where both are in one box.
      if (same_box) {
        line({from->second.first + margin, from->second.second},
             {from->second.first + at, from->second.second}, "#a50", 2);
        line({to->second.first + margin, to->second.second}, {to->second.first + at, to->second.second},
             "#a50", 2);
      }
      line({from->second.first + at, from->second.second}, {to->second.first + at, to->second.second}, "#a50",
           2);
    }
  }

  std::string text;

 private:
  using Point = std::pair<int, int>;

  void device(int x, int y, const std::string& name, const std::string& note, const char* colour) {
    devices_ += rectangle(x + margin, y, box_width - 2 * margin, device_height, colour);
    const std::size_t left = longest_text - std::min(longest_text / 2, note.empty() ? 0 : note.size() + 3);
    devices_ += label(x + margin + 8, y + 17, shortened(name, left));
    if (!note.empty())
      devices_ += end_label(x + box_width - margin - 8, y + 17, shortened(note, longest_text / 2));
  }

  void line(Point from, Point to, const char* colour, int width) {
    text += fmt::format(
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\" opacity=\"0.6\"/>\n",
        from.first, from.second, to.first, to.second, colour, width);
  }

  const Machine& machine_;
  const DrawingMarks& marks_;
  std::string devices_;
  std::map<int, Point> gpus_;
  std::map<int, Point> nics_;
};

}  // namespace

Drawing draw_machine(const Machine& machine, const std::string& title, const DrawingMarks& marks, int top) {
  const std::vector<Box> boxes = boxes_of(machine);
  Painter painter(machine, marks);
  painter.text = label(margin, top + 22, title);
  int y = top + 34;
  const std::size_t columns = std::max<std::size_t>(1, std::min(boxes.size(), boxes_in_row));
  const int width = margin + static_cast<int>(columns) * (box_width + margin);
  const int in_row = std::max(1, (width - 2 * margin) / legend_width);
  for (std::size_t i = 0; i < marks.legend.size(); ++i) {
    const int x = margin + static_cast<int>(i) % in_row * legend_width;
    const int at = y + static_cast<int>(i) / in_row * (core_pitch + 4);
    painter.text += rectangle(x, at, core_size, core_size, marks.legend[i].first) +
                    label(x + core_pitch + 2, at + core_size - 1, shortened(marks.legend[i].second, 20));
  }
  if (!marks.legend.empty())
    y += ((static_cast<int>(marks.legend.size()) - 1) / in_row + 1) * (core_pitch + 4) + 4;
  for (std::size_t first = 0; first < boxes.size(); first += boxes_in_row) {
    const std::size_t end = std::min(first + boxes_in_row, boxes.size());
    int height = 0;
    for (std::size_t i = first; i < end; ++i) height = std::max(height, boxes[i].height());
    for (std::size_t i = first; i < end; ++i) {
      painter.draw(boxes[i], margin + static_cast<int>(i - first) * (box_width + margin), y, height);
    }
    y += height + margin;
  }
  painter.join();
  return {std::move(painter.text), width, y - top};
}

std::string render_svg(const Drawing& drawing) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" font-family=\"sans-serif\" "
      "font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
      drawing.width, drawing.height, drawing.body);
}

}  // namespace smlaunch
