// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "launcher/inspect/flat_json.hpp"
#include "launcher/inspect/ras_status.hpp"

namespace smlaunch {

namespace {

using Json = nlohmann::json;

constexpr int deepest = 8;
constexpr std::size_t most_facts = 8;
constexpr std::size_t most_operations = 32;  // of a communicator; each is looked up in all its ranks
constexpr std::size_t most_named = 4;
constexpr std::size_t most_text = 400;
constexpr std::size_t most_words = 64;

const Json& list(const Json& object, const char* name) {
  static const Json empty = Json::array();
  const Json& found = member(object, name);
  return found.is_array() ? found : empty;
}

std::optional<std::int64_t> whole_of(const Json& value) {
  if (!value.is_number_integer()) return {};
  const auto number = value.get<std::int64_t>();
  return number < 0 ? std::nullopt : std::optional(number);
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get_ref<const std::string&>().substr(0, most_words) : std::string();
}

// The job's ranks by their processes; a number that several hosts have given tells nothing.
class RanksByProcess {
 public:
  explicit RanksByProcess(const std::vector<RankLook>& looks) {
    for (const RankLook& look : looks) {
      knows_all_ = knows_all_ && look.state;
      if (look.state)
        for (const ProcessState& process : look.state->processes) {
          const auto [found, is_new] = looks_.try_emplace(process.pid, &look);
          if (!is_new && found->second != &look) found->second = nullptr;
        }
    }
  }
  // False: the processes of a rank are not known, and any process may be its.
  [[nodiscard]] bool knows_all() const { return knows_all_; }
  [[nodiscard]] bool knows(std::int64_t pid) const { return looks_.contains(pid); }

  // "rank 5 (gn02)"; empty: of no rank, or of several.
  [[nodiscard]] std::string name_of(std::int64_t pid) const {
    const auto found = looks_.find(pid);
    if (found == looks_.end() || found->second == nullptr) return "";
    return fmt::format("rank {} ({})", found->second->rank.value, found->second->host);
  }

  // "rank 5 (gn02)", otherwise "its rank 5 (10.0.0.2, pid 77)".
  [[nodiscard]] std::string name(const Json& rank) const {
    const auto pid = whole_of(member(rank, "pid"));
    if (std::string own = pid ? name_of(*pid) : ""; !own.empty()) return own;
    return fmt::format("its rank {} ({}, pid {})", whole_of(member(rank, "rank")).value_or(-1),
                       text_of(member(rank, "host")), pid.value_or(0));
  }

 private:
  std::map<std::int64_t, const RankLook*> looks_;
  bool knows_all_ = true;
};

bool tells_of(const Json& answer, const RanksByProcess& ranks) {
  for (const Json& communicator : list(answer, "communicators"))
    for (const char* which : {"ranks", "missing_ranks"})
      for (const Json& rank : list(communicator, which))
        if (const auto pid = whole_of(member(rank, "pid")); pid && ranks.knows(*pid)) return true;
  return false;
}

// "rank 5 (gn02), rank 6 (gn02) and 3 more"
std::string name_all(const RanksByProcess& ranks, const std::vector<const Json*>& named) {
  std::string text;
  for (std::size_t i = 0; i < named.size() && i < most_named; ++i)
    text += (i == 0 ? "" : ", ") + ranks.name(*named[i]);
  if (named.size() > most_named) text += fmt::format(" and {} more", named.size() - most_named);
  return text;
}

// What most ranks have launched comes first; of what few have, the ranks are named.
std::string describe_counts(const std::string& op, const Json& communicator, const RanksByProcess& ranks) {
  std::map<std::int64_t, std::vector<const Json*>> by_count;
  for (const Json& rank : list(communicator, "ranks"))
    if (const auto count = whole_of(member(member(rank, "collective_counts"), op.c_str())))
      by_count[*count].push_back(&rank);
  if (by_count.size() < 2) return "";
  std::vector<std::pair<std::int64_t, std::vector<const Json*>>> counts(by_count.begin(), by_count.end());
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  const bool has_majority = counts[0].second.size() > counts[1].second.size();
  std::string text;
  for (std::size_t i = 0; i < counts.size() && i < most_named; ++i) {
    const auto& [count, of] = counts[i];
    if (i > 0) text += ", ";
    text += i == 0 && has_majority ? std::to_string(of.size()) : name_all(ranks, of);
    text += i == 0 ? fmt::format(" {} launched {} {} times", of.size() == 1 ? "has" : "have", op, count)
                   : fmt::format(" {} times", count);
  }
  return text;
}

std::vector<const Json*> ranks_with(const Json& communicator, const char* which, const char* key) {
  std::vector<const Json*> found;
  for (const Json& rank : list(communicator, which)) {
    const Json& value = member(member(rank, "status"), key);
    if ((value.is_boolean() && value.get<bool>()) || whole_of(value).value_or(0) != 0) found.push_back(&rank);
  }
  return found;
}

void add_facts(const Json& communicator, const RanksByProcess& ranks, std::vector<std::string>& facts) {
  const std::string who = fmt::format("communicator {} of {} ranks", text_of(member(communicator, "hash")),
                                      whole_of(member(communicator, "size")).value_or(0));
  const auto add = [&](const std::string& text) {
    if (!text.empty() && facts.size() < most_facts) facts.push_back((who + ": " + text).substr(0, most_text));
  };
  const Json& all = list(communicator, "ranks");
  std::size_t operations = 0;
  if (!all.empty())
    if (const Json& counts = member(all.front(), "collective_counts"); counts.is_object())
      for (const auto& [op, count] : counts.items()) {
        if (++operations > most_operations || facts.size() >= most_facts) break;
        add(describe_counts(op.substr(0, most_words), communicator, ranks));
      }
  const auto add_all = [&](const char* which, const char* key, const char* words) {
    const std::vector<const Json*> named = ranks_with(communicator, which, key);
    if (!named.empty()) add(name_all(ranks, named) + words);
  };
  add_all("missing_ranks", "considered_dead", ": counts as dead");
  add_all("missing_ranks", "unresponsive", ": NCCL there does not answer");
  add_all("ranks", "async_error", ": NCCL has an error");
  add_all("ranks", "abort_flag", ": aborts");
}

std::vector<std::string> facts_of_json(const Json& answer, const RanksByProcess& ranks) {
  std::vector<std::string> facts;
  const Json* largest = nullptr;
  const auto size_of = [](const Json& each) { return whole_of(member(each, "size")).value_or(0); };
  for (const Json& communicator : list(answer, "communicators")) {
    if (facts.size() < most_facts) add_facts(communicator, ranks, facts);
    if (largest == nullptr || size_of(communicator) > size_of(*largest)) largest = &communicator;
  }
  if (facts.empty() && largest != nullptr)
    facts.push_back(
        fmt::format("communicator {} of {} ranks: all that answer have launched the same collectives",
                    text_of(member(*largest, "hash")), size_of(*largest)));
  return facts;
}

bool is_head(std::string_view line) {
  return line.starts_with('#') || line == "INCOMPLETE" || line == "DEAD" || line == "TIMEOUT";
}

// "… managed by process 72 on node 10.0.0.1", "Process 72 on node …": the number, and where it ends.
std::optional<std::pair<std::int64_t, std::size_t>> find_process(std::string_view text, std::size_t from) {
  constexpr std::string_view before = "rocess ";
  constexpr std::string_view behind = " on node ";
  for (std::size_t at = text.find(before, from); at != text.npos; at = text.find(before, at + 1)) {
    const char* digits = text.data() + at + before.size();
    std::int64_t pid = 0;
    const auto [stopped, error] = std::from_chars(digits, text.data() + text.size(), pid);
    const auto end = static_cast<std::size_t>(stopped - text.data());
    if (error == std::errc() && text.substr(end).starts_with(behind)) return std::pair(pid, end);
  }
  return {};
}

enum class OfJob { yes, no, unknown };

// A text names processes only where ranks differ or do not answer.
OfJob judge_text(std::string_view answer, const RanksByProcess& ranks) {
  bool names_any = false;
  for (auto found = find_process(answer, 0); found; found = find_process(answer, found->second)) {
    if (ranks.knows(found->first)) return OfJob::yes;
    names_any = true;
  }
  return names_any && ranks.knows_all() ? OfJob::no : OfJob::unknown;
}

// "… process 72, rank 2 (gn02), on node 10.0.0.1"
std::string with_ranks(std::string_view line, const RanksByProcess& ranks) {
  std::string named;
  std::size_t taken = 0;
  for (auto found = find_process(line, 0); found; found = find_process(line, found->second)) {
    named += line.substr(taken, found->second - taken);
    if (const std::string rank = ranks.name_of(found->first); !rank.empty()) named += ", " + rank + ",";
    taken = found->second;
  }
  named += line.substr(taken);
  return named;
}

// Each head with the lines below it.
std::vector<std::string> facts_of_text(std::string_view answer, const RanksByProcess& ranks) {
  std::vector<std::string> facts;
  bool is_below = false;
  while (!answer.empty()) {
    const std::size_t end = std::min(answer.find('\n'), answer.size());
    const std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    const bool is_new = is_head(line);
    const bool continues = is_below && line.starts_with("  ");
    if (is_new && facts.size() == most_facts) break;
    if (is_new) facts.emplace_back(line.substr(0, most_words));
    if (continues && facts.back().size() < most_text) {
      facts.back() += facts.back().find(": ") == std::string::npos ? ": " : "; ";
      if (line.find_first_not_of(' ') != std::string_view::npos)
        facts.back() += with_ranks(line.substr(2), ranks);
      facts.back() = facts.back().substr(0, most_text);
    }
    is_below = is_new || continues;
  }
  if (facts.empty())
    facts.emplace_back(
        "NCCL on one of the hosts tells of no errors and no differences, perhaps of another job");
  return facts;
}

}  // namespace

bool is_ras_json(std::string_view answer) { return answer.starts_with('{'); }

const std::string* choose_ras_answer(const std::vector<RankLook>& looks) {
  const RanksByProcess ranks(looks);
  const std::string* text = nullptr;
  OfJob text_is = OfJob::unknown;
  for (const RankLook& look : looks) {
    if (!look.state || look.state->nccl_ras.empty()) continue;
    const std::string& answer = look.state->nccl_ras;
    if (!is_ras_json(answer)) {
      const OfJob is = judge_text(answer, ranks);
      if (is == OfJob::no || (text != nullptr && (text_is == OfJob::yes || is != OfJob::yes))) continue;
      text = &answer;
      text_is = is;
      continue;
    }
    const auto json = parse_flat(answer, deepest);
    if (json && tells_of(*json, ranks)) return &answer;
  }
  return text;
}

std::vector<std::string> find_ras_facts(std::string_view answer, const std::vector<RankLook>& looks) {
  if (!is_ras_json(answer)) return facts_of_text(answer, RanksByProcess(looks));
  const auto json = parse_flat(answer, deepest);
  return json ? facts_of_json(*json, RanksByProcess(looks)) : std::vector<std::string>();
}

}  // namespace smlaunch
