// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpirun_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "mpi/mpirun_words.hpp"

namespace smlaunch {
namespace {

bool is_raw(const MpirunOption& option) { return option.name.starts_with("-"); }
bool is_list(std::string_view name) {
  return name == "display" || name == "output" || name == "runtime-options";
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

// 4 says socket, 5 says package: "socket:PE=2", "ppr:2:socket".
std::string replace_object(std::string_view value, std::string_view from, std::string_view to) {
  std::vector<std::string> parts = split(value, ':');
  for (std::string& part : parts) {
    if (equal_ignoring_case(part, from)) part = to;
  }
  return fmt::format("{}", fmt::join(parts, ":"));
}

bool places_ranks(std::string_view name) {
  return name == "map-by" || name == "rank-by" || name == "bind-to";
}

std::vector<std::string> render_for_4(const MpirunOption& option) {
  // As the SageMaker toolkit writes them; -am, -tune and the one-letter options have no second dash at all.
  constexpr std::array<std::string_view, 6> one_dash = {"mca", "bind-to", "map-by", "np", "am", "tune"};
  const bool one = option.name.size() == 1 || std::count(one_dash.begin(), one_dash.end(), option.name) > 0;
  std::vector<std::string> words;
  words.push_back(is_raw(option) ? option.name : (one ? "-" : "--") + option.name);
  words.insert(words.end(), option.values.begin(), option.values.end());
  return words;
}

MpirunOption parameter_for_5(const MpirunOption& option) {
  const ParameterIn5 in_5 = parameter_in_5(option.values[0]);
  std::string value = option.values[1];
  if (in_5.name == "smsc" && value == "none") value = "^cma,knem,xpmem";
  if (in_5.name == "btl" && value.starts_with("^")) {
    // openib is gone, and with it the need to exclude it.
    std::vector<std::string> names = split(std::string_view(value).substr(1), ',');
    if (names.size() > 1) std::erase(names, "openib");
    value = fmt::format("^{}", fmt::join(names, ","));
  }
  return {std::string(in_5.option), {in_5.name, value}};
}

// --map-by of 5: one option that also carries what were options of their own.
struct Mapping {
  std::string object = "slot";
  std::vector<std::string> qualifiers;
};

void add_to_mapping(const MpirunOption& option, Mapping& mapping) {
  if (option.name == "map-by") {
    std::vector<std::string> parts = split(replace_object(option.values[0], "socket", "package"), ':');
    // "ppr:2:node" is an object with colons in it.
    const std::size_t object_parts =
        equal_ignoring_case(parts[0], "ppr") ? std::min<std::size_t>(3, parts.size()) : 1;
    const auto rest = parts.begin() + static_cast<std::ptrdiff_t>(object_parts);
    mapping.object = fmt::format("{}", fmt::join(parts.begin(), rest, ":"));
    mapping.qualifiers.insert(mapping.qualifiers.begin(), rest, parts.end());
  } else if (option.name == "rankfile") {
    mapping.object = "rankfile";
    mapping.qualifiers.push_back("file=" + option.values[0]);
  } else if (option.name == "cpu-list") {
    mapping.object = "pe-list=" + option.values[0];
  } else if (option.name == "cpus-per-proc") {
    std::erase_if(mapping.qualifiers,
                  [](const std::string& each) { return equal_ignoring_case(each.substr(0, 3), "PE="); });
    mapping.qualifiers.push_back("PE=" + option.values[0]);
  } else if (option.name == "use-hwthread-cpus") {
    mapping.qualifiers.emplace_back("HWTCPUS");
  } else {
    const std::string word = option.name == "oversubscribe" ? "OVERSUBSCRIBE" : "NOOVERSUBSCRIBE";
    const bool said =
        std::any_of(mapping.qualifiers.begin(), mapping.qualifiers.end(),
                    [&](const std::string& qualifier) { return equal_ignoring_case(qualifier, word); });
    if (!said) mapping.qualifiers.push_back(word);
  }
}

bool belongs_to_mapping(std::string_view name) {
  constexpr std::array<std::string_view, 7> names = {"map-by",           "rankfile",      "cpu-list",
                                                     "cpus-per-proc",    "oversubscribe", "nooversubscribe",
                                                     "use-hwthread-cpus"};
  return std::count(names.begin(), names.end(), name) > 0;
}

// PRRTE 3.0 refuses a second --map-by, --bind-to, --display or --runtime-options ("multi-instances"), and
// warns at each option that it knows only by its old name or with one dash.
std::vector<std::string> render_for_5(const std::vector<MpirunOption>& options) {
  std::vector<MpirunOption> folded;
  Mapping mapping;
  std::optional<std::size_t> mapping_at;
  const auto add_directive = [&](std::string_view list, std::string_view directive) {
    const auto found =
        std::find_if(folded.begin(), folded.end(), [&](const auto& option) { return option.name == list; });
    if (found == folded.end()) {
      folded.push_back({std::string(list), {std::string(directive)}});
    } else {
      found->values[0] += fmt::format(",{}", directive);
    }
  };
  for (const MpirunOption& option : options) {
    const auto directive = std::find_if(directives().begin(), directives().end(),
                                        [&](const Directive& known) { return known.option == option.name; });
    if (directive != directives().end()) {
      add_directive(directive->list, directive->name);
    } else if (is_list(option.name)) {
      add_directive(option.name, option.values[0]);
    } else if (belongs_to_mapping(option.name)) {
      if (!mapping_at) mapping_at = folded.size();
      if (*mapping_at == folded.size()) folded.push_back({"map-by", {}});
      add_to_mapping(option, mapping);
    } else if (option.name == "mca") {
      folded.push_back(parameter_for_5(option));
    } else if (places_ranks(option.name)) {
      folded.push_back({option.name, {replace_object(option.values[0], "socket", "package")}});
    } else {
      folded.push_back(option);
    }
  }
  if (mapping_at) {
    std::string value = mapping.object;
    for (const std::string& qualifier : mapping.qualifiers) value += ":" + qualifier;
    folded[*mapping_at].values = {value};
  }
  std::vector<std::string> words;
  for (const MpirunOption& option : folded) {
    words.push_back(is_raw(option) ? option.name : (option.name.size() == 1 ? "-" : "--") + option.name);
    words.insert(words.end(), option.values.begin(), option.values.end());
  }
  return words;
}

}  // namespace

std::string option_key(const MpirunOption& option) {
  if (option.name == "x") return "x " + option.values[0].substr(0, option.values[0].find('='));
  if (option.name == "rankfile") return "map-by";
  if (option.name == "nooversubscribe") return "oversubscribe";
  if (is_list(option.name)) return option.name + " " + option.values[0];
  if (option.name != "mca") return option.name;
  std::string parameter = option.values[0];
  constexpr std::string_view exclude = "_if_exclude";
  if (parameter.ends_with(exclude))
    parameter.replace(parameter.size() - exclude.size(), exclude.size(), "_if_include");
  if (parameter == "smsc") parameter = "btl_vader_single_copy_mechanism";
  if (parameter.starts_with("btl_sm_")) parameter = "btl_vader_" + parameter.substr(7);
  return "mca " + parameter;
}

std::string to_string(const MpirunOption& option) {
  return fmt::format("{}", fmt::join(render_for_4(option), " "));
}

std::vector<std::string> render_options(const std::vector<MpirunOption>& options,
                                        const OpenMpiVersion& version) {
  if (version.major >= 5) return render_for_5(options);
  std::vector<std::string> words;
  for (const MpirunOption& option : options) {
    const std::vector<std::string> rendered = render_for_4(option);
    words.insert(words.end(), rendered.begin(), rendered.end());
  }
  return words;
}

bool includes_interfaces(std::string_view parameter) {
  return parameter == "btl_tcp_if_include" || parameter == "oob_tcp_if_include";
}

std::vector<std::string> named_interfaces(std::string_view list) {
  std::vector<std::string> names = split(list, ',');
  std::erase_if(names,
                [](const std::string& name) { return name.empty() || name.find('/') != std::string::npos; });
  return names;
}

}  // namespace smlaunch
