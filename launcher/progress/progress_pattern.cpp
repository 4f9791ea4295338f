// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/progress_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <regex>
#include <vector>

#include "launcher/progress/heartbeat_line.hpp"

namespace smlaunch {

namespace {

// A longer line is rarely progress, and costs much.
constexpr std::size_t longest_matched = 1024;
// Of what repetitions make of an expression. The library goes through it by recursion.
constexpr std::size_t most_parts = 1000;
// Places of a line, times places that are ahead of each, times parts of the expression: some tenths of a second.
constexpr std::size_t most_work = 8'000'000;
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

struct Repetition {
  std::size_t count = 1;  // the most of {n}, {n,}, {n,m}
  std::size_t length = 0;
};

// What stands at the beginning of `text`, if it is one.
Repetition take_repetition(std::string_view text) {
  const std::size_t end = text.find('}');
  if (!text.starts_with('{') || end == std::string_view::npos) return {};
  Repetition found{.count = 0, .length = end + 1};
  std::size_t number = 0;
  for (const char c : text.substr(1, end - 1)) {
    if (c == ',') number = 0;
    if (c >= '0' && c <= '9')
      number = std::min(number * 10 + static_cast<std::size_t>(c - '0'), most_parts + 1);
    found.count = std::max(found.count, number);
  }
  return found;
}

// How many parts there are once each repetition is written out; more than most_parts is as good as any.
std::size_t count_parts(std::string_view text) {
  std::vector<std::size_t> groups = {0};  // the parts of each that is open
  std::size_t last = 0;                   // those of what a repetition would repeat
  const auto add = [&](std::size_t parts) {
    last = parts;
    groups.back() = std::min(groups.back() + parts, most_parts + 1);
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(') {
      groups.push_back(1);
    } else if (c == ')' && groups.size() > 1) {
      const std::size_t parts = groups.back();
      groups.pop_back();
      add(parts);
    } else if (c == '{') {
      const Repetition repetition = take_repetition(text.substr(at));
      if (repetition.length == 0) continue;
      at += repetition.length - 1;
      if (repetition.count > 1) {
        const std::size_t all = std::min(last * repetition.count, most_parts + 1);
        add(all - std::min(all, last));
        last = all;
      }
    } else if (c == '*' || c == '+' || c == '?') {
      continue;
    } else {
      if (c == '\\') ++at;
      if (c == '[') {
        for (++at; at < text.size() && text[at] != ']'; ++at)
          if (text[at] == '\\') ++at;
      }
      add(1);
    }
  }
  return groups.front();
}

bool looks_ahead(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '[') {
      for (++at; at < text.size() && text[at] != ']'; ++at)
        if (text[at] == '\\') ++at;
    } else if (text.substr(at).starts_with("(?=") || text.substr(at).starts_with("(?!")) {
      return true;
    }
  }
  return false;
}

std::size_t find_longest(std::size_t parts) {
  const double places =
      std::sqrt(2.0 * static_cast<double>(most_work) / static_cast<double>(std::max<std::size_t>(parts, 1)));
  return std::min(longest_matched, static_cast<std::size_t>(places));
}

}  // namespace

struct ProgressPattern::Compiled {
  std::size_t longest = longest_matched;
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
  if (looks_ahead(groups.expression))
    return refused("looks ahead, by (?= or (?!, which takes too long on some lines");
  const std::size_t parts = count_parts(groups.expression);
  if (parts > most_parts)
    return refused(
        fmt::format("repeats too much: written out, it would have more than {} parts", most_parts));
  auto compiled = std::make_shared<Compiled>();
  compiled->longest = find_longest(parts);
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
  line = line.substr(0, compiled_->longest);
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
