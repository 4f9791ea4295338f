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
#include "base/host_ranges.hpp"
#include "base/problem_list.hpp"

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

struct WrongEntry {
  std::string what;
  std::string remedy;
};

// "name", "name:8", "[fe80::1]:8", "gn[01-04,7]:8".
struct Entry {
  std::vector<HostSlots> hosts;
  std::optional<WrongEntry> problem;
};

Entry wrong_entry(std::string what, std::string remedy = "") {
  return {{}, WrongEntry{std::move(what), std::move(remedy)}};
}

// What stands in brackets at the beginning is an address if there is a colon in it, else a range.
bool begins_with_address(std::string_view text) {
  return !text.empty() && text.front() == '[' && text.substr(0, text.find(']')).find(':') != text.npos;
}

Entry parse_entry(std::string_view text) {
  std::vector<std::string> names;
  std::string_view after_name;
  if (begins_with_address(text)) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return wrong_entry(fmt::format("'{}' opens a bracket and does not close it", text));
    names.emplace_back(text.substr(1, close - 1));
    after_name = text.substr(close + 1);
    if (!after_name.empty() && after_name.front() != ':')
      return wrong_entry(fmt::format("'{}' follows the bracket where ':SLOTS' may stand", after_name));
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    after_name = text.substr(colon);
    if (after_name.find(':', 1) != std::string_view::npos)
      return wrong_entry(fmt::format("'{}' may be an IPv6 address with or without slots", text),
                         "write an address in brackets: [fe80::1] or [fe80::1]:8");
    auto expanded = expand_host_ranges(text.substr(0, colon));
    if (!expanded) return wrong_entry(expanded.error());
    names = std::move(*expanded);
  }
  Entry entry;
  for (std::string& name : names) {
    if (name.empty())
      return wrong_entry(text.empty() ? "an empty host name" : fmt::format("'{}' has no host name", text));
    if (const auto problem = host_name_problem(name))
      return wrong_entry(fmt::format("host name '{}' {}", name, *problem));
    entry.hosts.push_back({std::move(name), {}});
  }
  if (after_name.empty()) return entry;
  const auto slots = parse_slots(after_name.substr(1));
  if (!slots) return wrong_entry(not_slots(after_name.substr(1)));
  for (HostSlots& host : entry.hosts) host.slots = slots;
  return entry;
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
  std::vector<HostSlots> hosts;
  std::optional<int> slots;
  std::optional<int> most;
  std::vector<Problem> problems;
};

// A bare number is the slots of those who forgot to write slots=.
bool is_host(std::string_view word) {
  static constexpr std::string_view settings[] = {
      "slots", "count", "cpu", "max_slots", "max-slots", "username", "user-name", "user_name", "="};
  return word.find_first_not_of("0123456789") != std::string_view::npos &&
         std::find(std::begin(settings), std::end(settings), word) == std::end(settings);
}

void parse_hosts(std::string_view hosts, const std::string& where, Line& line) {
  for (const std::string_view name : split_host_list(hosts)) {
    if (!name.empty() && (name.front() == '^' || name.front() == '+')) {
      line.problems.push_back(
          {where, fmt::format("'{}': excluded (^) and relative (+) hosts are not supported", name),
           "list the hosts of the job by name"});
      continue;
    }
    if (name.find('@') != std::string_view::npos) {
      line.problems.push_back({where, fmt::format("'{}': a login name per host is not supported", name),
                               "set User for the host in ~/.ssh/config"});
      continue;
    }
    const bool bare_address = name.find('[') == std::string_view::npos && name.find(':') != name.rfind(':');
    Entry entry = bare_address ? parse_entry(fmt::format("[{}]", name)) : parse_entry(name);
    if (entry.problem) line.problems.push_back({where, entry.problem->what, entry.problem->remedy});
    for (HostSlots& host : entry.hosts) line.hosts.push_back(std::move(host));
  }
}

void parse_settings(const std::vector<std::string_view>& words, std::size_t first, const std::string& where,
                    Line& line) {
  for (std::size_t i = first; i < words.size();) {
    const std::string_view key = words[i];
    if (i + 2 >= words.size() || words[i + 1] != "=") {
      line.problems.push_back({where, fmt::format("'{}' stands where slots=N or max_slots=N may", key),
                               "write the hosts first: name slots=N"});
      return;
    }
    const std::string_view value = words[i + 2];
    i += 3;
    if (key == "slots" || key == "count" || key == "cpu") {
      if (line.slots) line.problems.push_back({where, "the number of slots is given twice", ""});
      line.slots = parse_slots(value);
      if (!line.slots) line.problems.push_back({where, not_slots(value), ""});
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
}

Line parse_line(const std::vector<std::string_view>& words, const std::string& where) {
  Line line;
  std::size_t settings = 1;
  while (settings < words.size() && is_host(words[settings]) &&
         (settings + 1 == words.size() || words[settings + 1] != "="))
    ++settings;
  const auto hosts_end = words.begin() + static_cast<std::ptrdiff_t>(settings);
  parse_hosts(fmt::format("{}", fmt::join(words.begin(), hosts_end, " ")), where, line);
  if (line.problems.empty()) parse_settings(words, settings, where, line);
  for (HostSlots& host : line.hosts) {
    if (line.slots && host.slots) line.problems.push_back({where, "the number of slots is given twice", ""});
    if (line.slots) host.slots = line.slots;
    if (line.most && host.slots && *host.slots > *line.most)
      line.problems.push_back(
          {where, fmt::format("slots={} is more than max_slots={}", *host.slots, *line.most), ""});
    if (!line.problems.empty()) break;
  }
  return line;
}

}  // namespace

Result<std::vector<HostSlots>> parse_host_option(std::string_view text, std::string_view where) {
  std::vector<HostSlots> hosts;
  ProblemList problems;
  std::unordered_map<std::string, std::size_t> seen;
  const std::vector<std::string_view> entries = split_host_list(text);
  if (entries.empty())
    return failure(Fault::usage, std::string(where), "no hosts are given", "name them: a:8,b:8");
  for (std::size_t number = 1; number <= entries.size(); ++number) {
    Entry entry = parse_entry(entries[number - 1]);
    for (HostSlots& host : entry.hosts) {
      const auto [first, is_new] = seen.emplace(lower(host.name), number);
      if (!is_new) {
        entry.problem =
            WrongEntry{fmt::format("host '{}' is named already as entry {}", host.name, first->second),
                       "name each host once, with all its slots"};
        break;
      }
      hosts.push_back(std::move(host));
    }
    if (entry.problem)
      problems.add({fmt::format("{}, entry {}", where, number), entry.problem->what, entry.problem->remedy});
  }
  if (!problems.empty()) return tl::unexpected<Error>(Error{Fault::usage, problems.take(std::string(where))});
  return hosts;
}

Result<std::vector<HostSlots>> parse_hostfile(std::string_view text, std::string_view file) {
  struct Seen {
    std::size_t host;
    std::size_t line;
    bool counted;  // with slots: a second line for the host is refused, as Open MPI does
  };
  std::vector<HostSlots> hosts;
  ProblemList problems;
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
      problems.add(std::move(line.problems));
      continue;
    }
    for (HostSlots& host : line.hosts) {
      const bool counted = host.slots.has_value();
      const auto [first, is_new] = seen.emplace(lower(host.name), Seen{hosts.size(), number, counted});
      if (is_new) {
        hosts.push_back(std::move(host));
        continue;
      }
      if (counted || first->second.counted) {
        problems.add({where,
                      fmt::format("host '{}' is on line {} already, and one of the two says its slots",
                                  host.name, first->second.line),
                      "say slots=N once, or repeat the bare name once per slot"});
        break;
      }
      std::optional<int>& slots = hosts[first->second.host].slots;
      slots = slots.value_or(1) + 1;
    }
  }
  if (hosts.empty() && problems.empty()) {
    problems.add({std::string(file), "no hosts are listed", "one host a line: name slots=N"});
  }
  if (!problems.empty())
    return tl::unexpected<Error>(Error{Fault::configuration, problems.take(std::string(file))});
  return hosts;
}

}  // namespace smlaunch
