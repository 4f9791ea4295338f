// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/progress_pattern.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <regex>
#include <vector>

#include "launcher/progress/heartbeat_line.hpp"

namespace smlaunch {

namespace {

// A longer line is rarely progress, and costs much.
constexpr std::size_t longest_matched = 1024;
constexpr std::size_t longest_expression = 1024;

// The standard's way to match tries every path one after the other, by recursion. This one follows all at once.
#ifdef __GLIBCXX__
constexpr auto flags =
    std::regex::ECMAScript | std::regex_constants::__polynomial;  // NOLINT(bugprone-reserved-identifier)
#else
constexpr auto flags = std::regex::ECMAScript;
#endif

struct NamedGroups {
  std::string expression;                 // without the names
  std::vector<std::string> names = {""};  // by group, from 1; empty: it has none
  std::string wrong_name = {};
};

NamedGroups take_names(std::string_view text) {
  NamedGroups groups;
  bool in_brackets = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    groups.expression += c;
    if (c == '\\' && at + 1 < text.size()) {
      groups.expression += text[++at];
    } else if (in_brackets) {
      in_brackets = c != ']';
    } else if (c == '[') {
      in_brackets = true;
    } else if (c == '(') {
      std::string_view rest = text.substr(at + 1);
      const std::size_t prefix = rest.starts_with("?P<") ? 3 : rest.starts_with("?<") ? 2 : 0;
      const std::size_t end = rest.find('>');
      if (prefix == 0 || end == std::string_view::npos) {
        if (!rest.starts_with('?')) groups.names.emplace_back();
        continue;
      }
      const std::string name(rest.substr(prefix, end - prefix));
      if (!is_progress_name(name) && groups.wrong_name.empty())
        groups.wrong_name = name.empty() ? "<>" : name;
      groups.names.push_back(name);
      at += end + 1;
    }
  }
  return groups;
}

}  // namespace

struct ProgressPattern::Compiled {
  std::regex expression;
  std::vector<std::string> names;
};

Result<ProgressPattern> ProgressPattern::parse(const std::string& expression, const std::string& where) {
  const auto refused = [&](const std::string& what) {
    return failure(Fault::usage, where,
                   fmt::format("\"{}\" {}", expression.substr(0, longest_expression), what),
                   "an example: step (?P<step>[0-9]+) loss (?P<loss>[0-9.]+)");
  };
  if (expression.empty() || expression.size() > longest_expression)
    return refused(fmt::format("has {} bytes, not between 1 and {}", expression.size(), longest_expression));
  NamedGroups groups = take_names(expression);
  if (!groups.wrong_name.empty())
    return refused(
        fmt::format("has a group named {}: a name is made of letters, digits and _", groups.wrong_name));
  auto compiled = std::make_shared<Compiled>();
  try {
    compiled->expression = std::regex(groups.expression, flags);
  } catch (const std::regex_error& error) {
    return refused(fmt::format("is no regular expression: {}", error.what()));
  }
  compiled->names = std::move(groups.names);
  ProgressPattern pattern;
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

Progress ProgressPattern::match(std::string_view line) const {
  Progress progress;
  line = line.substr(0, longest_matched);
  std::match_results<std::string_view::const_iterator> found;
  try {
    if (!std::regex_search(line.begin(), line.end(), found, compiled_->expression)) return progress;
  } catch (const std::regex_error&) {
    return progress;  // it would have taken too much
  }
  progress.beats = 1;
  for (std::size_t group = 1; group < found.size() && group < compiled_->names.size(); ++group) {
    const std::string& name = compiled_->names[group];
    if (name.empty() || !found[group].matched) continue;
    const std::string text = found[group].str();
    const auto number = parse_progress_number(text);
    if (number && progress.values.size() < most_progress_values) progress.values[name] = *number;
  }
  return progress;
}

}  // namespace smlaunch
