// SPDX-License-Identifier: Apache-2.0
#include "topology/nearness_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/svg_text.hpp"

namespace smlaunch {
namespace {

constexpr int letters = 11;
constexpr int row_height = 19;
constexpr int column_width = 44;
constexpr int line_height = 15;
constexpr int longest_lying_name = column_width - 6;
constexpr int longest_name = 150;

const char* colour_of(const std::string& relation) {
  if (relation.starts_with("NV")) return "#9ad0a2";
  if (relation == "PIX") return "#bfe3c3";
  if (relation == "PXB") return "#dbeecf";
  if (relation == "PHB") return "#fbf3c5";
  if (relation == "NODE") return "#fbdfbd";
  if (relation == "SYS") return "#f5c4bd";
  return "#ececec";
}

struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

Table table_of(const Machine& machine) {
  Table table;
  for (const Gpu& gpu : machine.gpus) table.names.push_back(fmt::format("GPU{}", gpu.index));
  for (const Nic& nic : machine.nics) table.names.push_back(fitted(nic.name, longest_name, letters, true));
  for (std::size_t gpu = 0; gpu < machine.gpus.size(); ++gpu) {
    table.rows.push_back(machine.gpu_gpu[gpu]);
    for (const Nearness nearness : machine.gpu_nic[gpu]) table.rows.back().push_back(to_string(nearness));
  }
  for (std::size_t nic = 0; nic < machine.nics.size() && !machine.nic_nic.empty(); ++nic) {
    auto& row = table.rows.emplace_back();
    for (const auto& of_gpu : machine.gpu_nic) row.push_back(to_string(of_gpu[nic]));
    row.insert(row.end(), machine.nic_nic[nic].begin(), machine.nic_nic[nic].end());
  }
  return table;
}

// Explains the words of the table, as many in a line as there is room for. Returns the last line's `y`.
int write_words(Canvas& canvas, int left, int top, int width) {
  struct Word {
    const char* relation;
    const char* meaning;
  };
  constexpr Word words[] = {{"NV#", "so many NVLinks"},
                            {"PIX", "one PCIe switch between"},
                            {"PXB", "several switches"},
                            {"PHB", "the CPU's PCIe root"},
                            {"NODE", "two roots of one socket or NUMA node"},
                            {"SYS", "between sockets"}};
  int x = left;
  int y = top + line_height;
  for (const auto& [relation, meaning] : words) {
    const std::string both = fmt::format("{} {}", relation, meaning);
    const int length = text_width(both, letters) + 18;
    if (x > left && x + length > left + width) {
      x = left;
      y += line_height;
    }
    canvas.area(x, y - 9, 10, 10, colour_of(relation));
    canvas.text(x + 14, y, both, {letters, false, "#555"});
    x += length + 6;
  }
  return y;
}

}  // namespace

Drawing draw_nearness_table(const Machine& machine, int left, int top, int width) {
  if (machine.gpus.empty()) return {};
  const Table table = table_of(machine);
  Canvas canvas;
  int names_width = 0;
  for (const std::string& name : table.names)
    names_width = std::max(names_width, text_width(name, letters, true) + 8);
  const bool stands = std::any_of(table.names.begin(), table.names.end(), [](const std::string& name) {
    return text_width(name, letters, true) > longest_lying_name;
  });
  const int head = stands ? names_width : row_height;
  const auto columns = static_cast<int>(table.names.size());
  for (int column = 0; column < columns; ++column) {
    const std::string& name = table.names[static_cast<std::size_t>(column)];
    const int middle = left + names_width + column * column_width + column_width / 2;
    if (stands)
      canvas.standing_text(middle + 4, top + head - 4, name, {letters, true});
    else
      canvas.text(middle, top + head - 5, name, {letters, true, "#222", "middle"});
  }
  int y = top + head;
  for (std::size_t row = 0; row < table.rows.size(); ++row, y += row_height) {
    canvas.text(left, y + 14, table.names[row], {letters, true});
    for (std::size_t column = 0; column < table.rows[row].size(); ++column) {
      const std::string& relation = table.rows[row][column];
      const int x = left + names_width + static_cast<int>(column) * column_width;
      canvas.area(x + 1, y + 1, column_width - 2, row_height - 2, colour_of(relation));
      canvas.text(x + column_width / 2, y + 14, relation, {letters, false, "#222", "middle"});
    }
  }
  const int table_width = names_width + columns * column_width;
  y = write_words(canvas, left, y + 6, std::max(width, table_width));
  return {std::move(canvas.body), left + std::max(width, table_width), y + 4 - top};
}

}  // namespace smlaunch
