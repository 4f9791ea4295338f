// SPDX-License-Identifier: Apache-2.0
#include "mpi/placement_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "mpi/mpirun_words.hpp"

namespace smlaunch {
namespace {

// Objects that ranks are mapped to or numbered by, in either version, which leave them on the hosts that the
// plan shows.
constexpr std::array<std::string_view, 11> objects = {"slot",    "hwthread", "core", "l1cache",
                                                      "l2cache", "l3cache",  "numa", "package",
                                                      "socket",  "board",    "node"};

bool is_object(std::string_view word) { return std::count(objects.begin(), objects.end(), word) > 0; }

// "core:PE=2" → {"core", "pe=2"}
std::vector<std::string> parts_of(std::string_view value) {
  const std::string text = lower_case(value);
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(':', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// Names CPUs for a rank, which means nothing unless mpirun binds.
bool names_cpus(const MpirunOption& option) {
  if (option.name == "cpu-list" || option.name == "cpus-per-proc" || option.name == "rankfile") return true;
  if (option.name != "map-by") return false;
  const std::vector<std::string> parts = parts_of(option.values[0]);
  return parts[0].starts_with("pe-list") || parts[0] == "rankfile" ||
         std::any_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return part.starts_with("pe="); });
}

bool maps_to_hardware(const MpirunOption& option) {
  if (option.name != "map-by") return false;
  const std::vector<std::string> parts = parts_of(option.values[0]);
  if (parts[0] == "ppr") return parts.size() > 2 && parts[2] != "node";
  return parts[0] != "slot" && parts[0] != "node" && parts[0] != "seq";
}

// -bind-to itself has the last word, then a list of CPUs, then a mapping.
void find_binding(UserOptions& user) {
  user.binding = UserBinding::not_said;
  user.binding_option.clear();
  const auto found = [&](UserBinding binding, const MpirunOption& option) {
    user.binding = binding;
    user.binding_option = to_string(option);
  };
  for (const MpirunOption& option : user.options)
    if (maps_to_hardware(option)) found(UserBinding::by_default, option);
  for (const MpirunOption& option : user.options)
    if (names_cpus(option)) found(UserBinding::on, option);
  for (const MpirunOption& option : user.options) {
    if (option.name != "bind-to") continue;
    found(parts_of(option.values[0])[0] == "none" ? UserBinding::off : UserBinding::on, option);
  }
}

// Measured with 4.1.4: hosts take turns where ranks are mapped by node, and are numbered in turns where they
// are ranked by node, which mapping by node implies. Any other mapping fills host after host.
void find_host_order(UserOptions& user) {
  const auto word_of = [&](const char* name) -> std::string {
    for (const MpirunOption& option : user.options)
      if (option.name == name) return parts_of(option.values[0])[0];
    return "";
  };
  const std::string ranked = word_of("rank-by");
  const bool by_node = word_of("map-by") == "node";
  user.counting = by_node ? HostOrder::by_node : HostOrder::by_slot;
  user.numbering = ranked == "node" || (ranked.empty() && by_node) ? HostOrder::by_node : HostOrder::by_slot;
}

bool moves_ranks(const MpirunOption& option) {
  if (option.name == "rankfile") return true;
  if (option.name != "map-by" && option.name != "rank-by") return false;
  const std::vector<std::string> parts = parts_of(option.values[0]);
  if (std::find(parts.begin(), parts.end(), "span") != parts.end()) return true;
  const bool filling = option.name == "rank-by" && parts[0] == "fill";
  return !filling && !is_object(parts[0]);
}

}  // namespace

void find_placement(UserOptions& user) {
  find_binding(user);
  find_host_order(user);
  user.moving_options.clear();
  for (const MpirunOption& option : user.options)
    if (moves_ranks(option)) user.moving_options.push_back(to_string(option));
}

bool is_mapping_policy(std::string_view value) {
  const std::string word = parts_of(value)[0];
  // Nothing before the first colon: only qualifiers are given.
  return is_object(word) || word.empty() || word == "seq" || word == "ppr" || word == "dist" ||
         word == "rankfile" || word.starts_with("pe-list=");
}

bool is_ranking_policy(std::string_view value) {
  const std::string word = parts_of(value)[0];
  return is_object(word) || word == "fill" || word == "span";
}

}  // namespace smlaunch
