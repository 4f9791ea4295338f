// SPDX-License-Identifier: Apache-2.0
// What Open MPI's own reader does with a hostfile (4.1.4: `slots = 4` with blanks, `count` and `cpu` as other
// names for slots, "//" comments) is read alike; what it only half understands (an IPv6 address without
// brackets and with a slot count behind it, a byte order mark, CR LF) is read as meant. Another login per
// host is refused: readiness logs in by ssh's own configuration, and both must agree.
#include "mpi/hostfile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "base/host_name.hpp"

namespace smlaunch {
namespace {

constexpr int max_slots = 65536;

std::optional<int> parse_slots(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > max_slots) return {};
  return value;
}

std::string not_slots(std::string_view text) {
  return fmt::format("'{}' is no number of slots from 1 to {}", text, max_slots);
}

std::string lower(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

// "name", "name:8", "[fe80::1]", "[fe80::1]:8". `what` of the Problem is empty if all is well.
struct Entry {
  HostSlots host;
  std::string problem;
  std::string remedy;
};

Entry parse_entry(std::string_view text) {
  Entry entry;
  std::optional<std::string_view> slots;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) {
      entry.problem = fmt::format("'{}' opens a bracket and does not close it", text);
      return entry;
    }
    entry.host.name = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') {
      entry.problem = fmt::format("'{}' follows the bracket where ':SLOTS' may stand", rest);
      return entry;
    }
    if (!rest.empty()) slots = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      entry.problem = fmt::format("'{}' may be an IPv6 address with or without slots", text);
      entry.remedy = "write an address in brackets: [fe80::1] or [fe80::1]:8";
      return entry;
    }
    entry.host.name = text.substr(0, colon);
    if (colon != std::string_view::npos) slots = text.substr(colon + 1);
  }
  if (entry.host.name.empty()) {
    entry.problem = text.empty() ? "an empty host name" : fmt::format("'{}' has no host name", text);
    return entry;
  }
  if (const std::string problem = host_name_problem(entry.host.name); !problem.empty()) {
    entry.problem = fmt::format("host name '{}' {}", entry.host.name, problem);
    return entry;
  }
  if (slots) {
    entry.host.slots = parse_slots(*slots);
    if (!entry.host.slots) entry.problem = not_slots(*slots);
  }
  return entry;
}

// "a:8, b:8\nc" → a:8 b:8 c. An empty entry where a comma has no host on one of its sides; none at all for
// blanks alone.
std::vector<std::string_view> split_hosts(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string_view> entries;
  if (text.find_first_not_of(blanks) == std::string_view::npos) return entries;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view part = text.substr(start, comma - start);
    start = comma + 1;
    std::size_t word = part.find_first_not_of(blanks);
    if (word == std::string_view::npos) entries.emplace_back();
    while (word != std::string_view::npos) {
      const std::size_t end = std::min(part.find_first_of(blanks, word), part.size());
      entries.push_back(part.substr(word, end - word));
      word = part.find_first_not_of(blanks, end);
    }
  }
  return entries;
}

// The words of a hostfile's line, '=' a word of its own, comments gone.
std::vector<std::string_view> split_line(std::string_view line) {
  if (const std::size_t comment = line.find('#'); comment != std::string_view::npos)
    line = line.substr(0, comment);
  if (const std::size_t comment = line.find("//"); comment != std::string_view::npos)
    line = line.substr(0, comment);
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      ++i;
      continue;
    }
    std::size_t end = line[i] == '=' ? i + 1 : line.find_first_of(" \t\r=", i);
    if (end == std::string_view::npos) end = line.size();
    words.push_back(line.substr(i, end - i));
    i = end;
  }
  return words;
}

struct Line {
  HostSlots host;
  std::optional<int> most;
  std::vector<Problem> problems;
};

Line parse_line(const std::vector<std::string_view>& words, const std::string& where) {
  Line line;
  const std::string_view name = words[0];
  if (name.front() == '^' || name.front() == '+') {
    line.problems.push_back({where,
                             fmt::format("'{}': excluded (^) and relative (+) hosts are not supported", name),
                             "list the hosts of the job by name"});
    return line;
  }
  if (name.find('@') != std::string_view::npos) {
    line.problems.push_back({where, fmt::format("'{}': a login name per host is not supported", name),
                             "set User for the host in ~/.ssh/config"});
    return line;
  }
  const bool bare_address = name.front() != '[' && name.find(':') != name.rfind(':');
  Entry entry = bare_address ? parse_entry(fmt::format("[{}]", name)) : parse_entry(name);
  if (!entry.problem.empty()) line.problems.push_back({where, entry.problem, entry.remedy});
  line.host = std::move(entry.host);

  for (std::size_t i = 1; i < words.size();) {
    const std::string_view key = words[i];
    if (i + 2 >= words.size() || words[i + 1] != "=") {
      line.problems.push_back(
          {where, fmt::format("'{}' stands where slots=N or max_slots=N may", key), "one host a line"});
      break;
    }
    const std::string_view value = words[i + 2];
    i += 3;
    if (key == "slots" || key == "count" || key == "cpu") {
      if (line.host.slots && entry.problem.empty()) {
        line.problems.push_back({where, "the number of slots is given twice", ""});
      }
      line.host.slots = parse_slots(value);
      if (!line.host.slots) line.problems.push_back({where, not_slots(value), ""});
    } else if (key == "max_slots" || key == "max-slots") {
      line.most = parse_slots(value);
      if (!line.most) line.problems.push_back({where, not_slots(value), ""});
    } else if (key == "username" || key == "user-name" || key == "user_name") {
      line.problems.push_back(
          {where, "a login name per host is not supported", "set User for the host in ~/.ssh/config"});
    } else {
      line.problems.push_back(
          {where, fmt::format("unknown setting '{}'", key), "slots=N and max_slots=N are known"});
    }
  }
  if (line.most && line.host.slots && *line.host.slots > *line.most) {
    line.problems.push_back(
        {where, fmt::format("slots={} is more than max_slots={}", *line.host.slots, *line.most), ""});
  }
  return line;
}

}  // namespace

Result<std::vector<HostSlots>> parse_host_option(std::string_view text, std::string_view where) {
  std::vector<HostSlots> hosts;
  std::vector<Problem> problems;
  std::unordered_map<std::string, std::size_t> seen;
  const std::vector<std::string_view> entries = split_hosts(text);
  if (entries.empty())
    return failure(Fault::usage, std::string(where), "no hosts are given", "name them: a:8,b:8");
  for (std::size_t number = 1; number <= entries.size(); ++number) {
    Entry entry = parse_entry(entries[number - 1]);
    if (entry.problem.empty()) {
      const auto [first, is_new] = seen.emplace(lower(entry.host.name), number);
      if (is_new) {
        hosts.push_back(std::move(entry.host));
        continue;
      }
      entry.problem = fmt::format("host '{}' is named already as entry {}", entry.host.name, first->second);
      entry.remedy = "name each host once, with all its slots";
    }
    problems.push_back({fmt::format("{}, entry {}", where, number), entry.problem, entry.remedy});
  }
  if (!problems.empty()) return tl::unexpected<Error>(Error{Fault::usage, std::move(problems)});
  return hosts;
}

Result<std::vector<HostSlots>> parse_hostfile(std::string_view text, std::string_view file) {
  struct Seen {
    std::size_t host;
    std::size_t line;
    bool counted;  // with slots: a second line for the host is refused, as Open MPI does
  };
  std::vector<HostSlots> hosts;
  std::vector<Problem> problems;
  std::unordered_map<std::string, Seen> seen;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());

  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = split_line(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
    if (words.empty()) continue;
    const std::string where = fmt::format("{}:{}", file, number);
    Line line = parse_line(words, where);
    if (!line.problems.empty()) {
      problems.insert(problems.end(), line.problems.begin(), line.problems.end());
      continue;
    }
    const bool counted = line.host.slots.has_value();
    const auto [first, is_new] = seen.emplace(lower(line.host.name), Seen{hosts.size(), number, counted});
    if (is_new) {
      hosts.push_back(std::move(line.host));
      continue;
    }
    if (counted || first->second.counted) {
      problems.push_back({where,
                          fmt::format("host '{}' is on line {} already, and one of the two says its slots",
                                      line.host.name, first->second.line),
                          "say slots=N once, or repeat the bare name once per slot"});
      continue;
    }
    std::optional<int>& slots = hosts[first->second.host].slots;
    slots = slots.value_or(1) + 1;
  }
  if (hosts.empty() && problems.empty()) {
    problems.push_back({std::string(file), "no hosts are listed", "one host a line: name slots=N"});
  }
  if (!problems.empty()) return tl::unexpected<Error>(Error{Fault::configuration, std::move(problems)});
  return hosts;
}

}  // namespace smlaunch
