// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "launcher/inspect/flat_json.hpp"
#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {

namespace {

using Json = nlohmann::json;

constexpr int deepest = 12;
constexpr std::size_t most_threads = 64;
constexpr std::size_t most_frames = 48;
constexpr std::size_t most_groups = 256;
constexpr std::size_t most_ranges = 1U << 14U;
constexpr int last_rank = 1 << 20;
constexpr std::size_t most_text = 300;
constexpr double longest_wait_ms = 1e9;
// Of a group that has used each of them: that many of its last collectives, and of those that have not ended.
constexpr std::size_t most_kept = 12;
constexpr std::size_t most_timed = 48;
constexpr std::size_t most_timed_groups = 16;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get_ref<const std::string&>().substr(0, most_text) : std::string();
}

std::optional<int> whole_of(const Json& value) {
  if (!value.is_number_integer()) return {};
  const auto number = value.get<std::int64_t>();
  if (number < 0 || number > std::numeric_limits<int>::max()) return {};
  return static_cast<int>(number);
}

std::optional<std::uint64_t> sequence_of(const Json& value) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<std::int64_t>() < 0)) return {};
  return value.get<std::uint64_t>();
}

bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

// "[1000, 10]" of [1000, 10], or of the same as a text.
std::string size_in_words(const Json& size) {
  if (size.is_string()) return text_of(size);
  std::string parts;
  if (size.is_array())
    for (const Json& each : size)
      if (const auto number = sequence_of(each))
        parts += (parts.empty() ? "" : ", ") + std::to_string(*number);
  return "[" + parts + "]";
}

// "[1000, 10] float32, [3] int64"; sizes and types are lists of the same length.
std::string sizes_in_words(const Json& sizes, const Json& types) {
  std::string words;
  if (!sizes.is_array()) return words;
  for (std::size_t i = 0; i < sizes.size() && words.size() < most_text; ++i) {
    if (i > 0) words += ", ";
    words += size_in_words(sizes[i]);
    const std::string type = types.is_array() && i < types.size() ? text_of(types[i]) : std::string();
    if (!type.empty()) words += " " + type;
  }
  return words;
}

std::optional<ToldCall> call_of(const Json& object) {
  if (!object.is_object()) return {};
  return ToldCall{.op = text_of(member(object, "op")),
                  .group = text_of(member(object, "group")),
                  .sizes = sizes_in_words(member(object, "sizes"), member(object, "types")),
                  .peer = whole_of(member(object, "peer"))};
}

ToldThread thread_of(const Json& object) {
  ToldThread thread{.name = text_of(member(object, "name")),
                    .is_main = is_true(member(object, "is_main")),
                    .call = call_of(member(object, "call"))};
  if (const Json& frames = member(object, "frames"); frames.is_array())
    for (const Json& each : frames) {
      if (!each.is_array() || each.size() != 3 || thread.frames.size() == most_frames) continue;
      thread.frames.push_back(
          {.function = text_of(each[0]), .file = text_of(each[1]), .line = whole_of(each[2]).value_or(0)});
    }
  return thread;
}

ToldGroup group_of(const Json& object) {
  ToldGroup group{.name = text_of(member(object, "name")),
                  .description = text_of(member(object, "description")),
                  .is_default = is_true(member(object, "is_default")),
                  .sequence = sequence_of(member(object, "sequence"))};
  const Json& ranges = member(object, "ranks");
  if (!ranges.is_array()) return group;
  for (const Json& each : ranges) {
    if (!each.is_array() || each.size() != 2 || group.ranks.size() == most_ranges) continue;
    const auto first = whole_of(each[0]);
    const auto last = whole_of(each[1]);
    if (first && last && *first <= *last && *last <= last_rank) group.ranks.push_back({*first, *last});
  }
  return group;
}

// "gloo:all_reduce" -> "all_reduce"
std::string op_of(const Json& entry) {
  const std::string name = text_of(member(entry, "profiling_name"));
  return name.substr(name.find(':') + 1);
}

std::string group_of_entry(const Json& entry) {
  const Json& group = member(entry, "process_group");
  return group.is_array() && !group.empty() ? text_of(group[0]) : text_of(group);
}

// gloo's entries stay "scheduled", and are retired when they have ended.
bool has_ended(const Json& entry) {
  return is_true(member(entry, "retired")) || text_of(member(entry, "state")) == "completed";
}

bool is_collective(const Json& entry) {
  return entry.is_object() && !is_true(member(entry, "is_p2p")) &&
         sequence_of(member(entry, "collective_seq_id"));
}

// Who broadcasts waits for nobody.
bool waits_for_all(std::string_view op) {
  constexpr std::array<std::string_view, 8> ops = {"all_reduce", "allreduce",      "all_gather", "allgather",
                                                   "barrier",    "reduce_scatter", "all_to_all", "alltoall"};
  return std::any_of(ops.begin(), ops.end(),
                     [&](std::string_view each) { return op.find(each) != std::string_view::npos; });
}

// [sequence, begun, waited], or nothing. A rank comes to a collective of gloo's when it calls it; to one of NCCL's when
// its GPU does, and only TORCH_NCCL_ENABLE_TIMING tells how long that has waited.
std::optional<Json> time_of(const Json& entry) {
  const auto begun = sequence_of(member(entry, "time_created_ns"));
  if (!is_collective(entry) || !begun || !waits_for_all(op_of(entry))) return {};
  const Json& duration = member(entry, "duration_ms");
  const double waited = duration.is_number() ? duration.get<double>() : -1;
  const bool is_known = waited >= 0 && waited < longest_wait_ms;
  if (!is_known && !text_of(member(entry, "profiling_name")).starts_with("gloo:")) return {};
  return Json::array({*sequence_of(member(entry, "collective_seq_id")), *begun,
                      is_known ? Json(static_cast<std::uint64_t>(waited * 1e6)) : Json(nullptr)});
}

void add_times(Json& times, const Json& entries) {
  for (const Json& entry : entries) {
    auto time = time_of(entry);
    if (!time) continue;
    const std::string name = group_of_entry(entry);
    if (!times.contains(name) && times.size() == most_timed_groups) continue;
    Json& of_group = times[name];
    of_group.push_back(std::move(*time));
    if (of_group.size() > most_timed) of_group.erase(of_group.begin());
  }
}

std::vector<TimedCollective> times_of(const Json& times) {
  std::vector<TimedCollective> timed;
  if (!times.is_array()) return timed;
  for (const Json& each : times) {
    if (!each.is_array() || each.size() != 3 || timed.size() == most_timed) continue;
    const auto sequence = sequence_of(each[0]);
    const auto begun = sequence_of(each[1]);
    if (sequence && begun)
      timed.push_back({.sequence = *sequence, .begun_ns = *begun, .waited_ns = sequence_of(each[2])});
  }
  std::sort(timed.begin(), timed.end());
  return timed;
}

void add_entries(RankTold& told, const Json& entries) {
  for (const Json& entry : entries) {
    if (!is_collective(entry)) continue;
    const std::string name = group_of_entry(entry);
    const auto group = std::find_if(told.groups.begin(), told.groups.end(),
                                    [&](const ToldGroup& each) { return each.name == name; });
    if (group == told.groups.end()) continue;
    group->recorded.push_back(
        {.sequence = *sequence_of(member(entry, "collective_seq_id")),
         .op = op_of(entry),
         .sizes = sizes_in_words(member(entry, "input_sizes"), member(entry, "input_dtypes")),
         .has_ended = has_ended(entry)});
  }
}

// What a recorder says, as an object; a null where there is none.
Json recorder_of(const Json& answer, const char* name) {
  const Json& value = member(answer, name);
  if (value.is_object()) return value;
  if (!value.is_string()) return nullptr;
  auto parsed = parse_flat(value.get_ref<const std::string&>(), deepest);
  return parsed ? std::move(*parsed) : Json(nullptr);
}

const std::vector<const char*> recorders = {"recorder", "nccl_recorder"};

// The last collectives of each group, and the first that have not ended.
Json shorten_entries(const Json& entries) {
  std::map<std::string, std::size_t> last;
  std::map<std::string, std::size_t> open;
  std::vector<bool> kept(entries.size(), false);
  for (std::size_t i = entries.size(); i-- > 0;)
    if (entries[i].is_object() && last[group_of_entry(entries[i])]++ < most_kept) kept[i] = true;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (is_collective(entries[i]) && !has_ended(entries[i]) && open[group_of_entry(entries[i])]++ < most_kept)
      kept[i] = true;
  Json shorter = Json::array();
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (kept[i]) shorter.push_back(entries[i]);
  return shorter;
}

}  // namespace

std::optional<std::string> shorten_told(std::string_view answer) {
  auto json = parse_flat(answer, deepest);
  if (!json) return {};
  Json times = Json::object();
  for (const char* name : recorders) {
    Json recorder = recorder_of(*json, name);
    if (const Json& entries = member(recorder, "entries"); entries.is_array()) {
      add_times(times, entries);
      recorder["entries"] = shorten_entries(entries);
    }
    if (json->contains(name)) (*json)[name] = std::move(recorder);
  }
  if (!times.empty()) (*json)["times"] = std::move(times);
  const auto dump = [&] { return json->dump(-1, ' ', false, Json::error_handler_t::replace); };
  std::string text = dump();
  if (text.size() <= most_told) return text;
  // The times are only for a hint.
  if (json->erase("times") > 0) text = dump();
  if (text.size() <= most_told) return text;
  for (const char* name : recorders)
    if (json->contains(name)) (*json)[name] = nullptr;
  text = dump();
  return text.size() <= most_told ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<RankTold> parse_told(std::string_view answer) {
  const auto json = parse_flat(answer, deepest);
  if (!json) return {};
  RankTold told{.counts_from_one = is_true(member(*json, "counts_from_one")),
                .rank = whole_of(member(*json, "rank"))};
  if (const Json& threads = member(*json, "threads"); threads.is_array())
    for (const Json& each : threads)
      if (told.threads.size() < most_threads) told.threads.push_back(thread_of(each));
  if (const Json& groups = member(*json, "groups"); groups.is_array())
    for (const Json& each : groups)
      if (told.groups.size() < most_groups) told.groups.push_back(group_of(each));
  bool is_recording = false;
  for (const char* name : recorders) {
    const Json recorder = recorder_of(*json, name);
    const Json& entries = member(recorder, "entries");
    if (!entries.is_array() || entries.empty()) continue;
    is_recording = true;
    add_entries(told, entries);
  }
  for (ToldGroup& group : told.groups) {
    std::stable_sort(group.recorded.begin(), group.recorded.end(),
                     [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    // A group without an entry has begun nothing, if its own count says so, too.
    group.timed = times_of(member(member(*json, "times"), group.name.c_str()));
    group.is_recorded = !group.recorded.empty() || (is_recording && group.sequence.value_or(0) == 0);
  }
  return told;
}

}  // namespace smlaunch
