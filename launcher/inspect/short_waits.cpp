// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/short_waits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "launcher/inspect/collective_waits.hpp"
#include "launcher/inspect/rank_view.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t least_collectives = 8;
// The others' wait must be worth a word: in itself, and beside the time from one collective to the next.
constexpr double least_difference = 0.005;  // seconds
constexpr double least_share = 0.1;
constexpr double clearly_shorter = 0.2;

// Of a list that is not empty; of two in the middle the greater.
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double seconds_of(std::uint64_t ns) { return static_cast<double>(ns) * 1e-9; }

// Ranks that can be compared with each other.
struct Compared {
  std::string group = {};
  bool has_waits = false;  // otherwise only when they came
  struct Member {
    const RankView* view = nullptr;
    std::map<std::uint64_t, TimedCollective> timed = {};
  };
  std::vector<Member> members = {};
};

// By group, by what is known, and, where only one host has one clock, by host.
std::vector<Compared> compare(const std::vector<RankView>& views) {
  std::map<std::tuple<std::string, std::vector<RankRange>, bool, std::string>, Compared> found;
  for (const RankView& view : views) {
    if (!view.told) continue;
    for (const ToldGroup& group : view.told->groups)
      for (const bool has_waits : {false, true}) {
        Compared::Member member{.view = &view};
        for (const TimedCollective& each : group.timed)
          if (each.waited_ns.has_value() == has_waits) member.timed.emplace(each.sequence, each);
        if (member.timed.empty()) continue;
        Compared& compared = found[{group.name, group.ranks, has_waits, has_waits ? "" : view.host}];
        compared.group = name_group(group);
        compared.has_waits = has_waits;
        compared.members.push_back(std::move(member));
      }
  }
  std::vector<Compared> list;
  for (auto& [key, compared] : found)
    if (compared.members.size() > 1) list.push_back(std::move(compared));
  return list;
}

std::vector<std::uint64_t> common_sequences(const Compared& compared) {
  std::vector<std::uint64_t> common;
  for (const auto& timed : compared.members.front().timed)
    if (std::all_of(compared.members.begin(), compared.members.end(),
                    [&](const Compared::Member& each) { return each.timed.contains(timed.first); }))
      common.push_back(timed.first);
  return common;
}

// Of each member, in each of the collectives; seconds.
std::vector<std::vector<double>> waits_of(const Compared& compared,
                                          const std::vector<std::uint64_t>& common) {
  std::vector<std::vector<double>> waits(compared.members.size());
  for (const std::uint64_t sequence : common) {
    std::uint64_t last = 0;  // when the last of them came
    for (const Compared::Member& each : compared.members)
      last = std::max(last, each.timed.at(sequence).begun_ns);
    for (std::size_t i = 0; i < waits.size(); ++i) {
      const TimedCollective& timed = compared.members[i].timed.at(sequence);
      waits[i].push_back(seconds_of(timed.waited_ns.value_or(last - timed.begun_ns)));
    }
  }
  return waits;
}

// From one of the collectives to the next.
double period_of(const Compared& compared, const std::vector<std::uint64_t>& common) {
  const auto& timed = compared.members.front().timed;
  const std::uint64_t first = timed.at(common.front()).begun_ns;
  const std::uint64_t last = timed.at(common.back()).begun_ns;
  return last <= first ? 0 : seconds_of(last - first) / static_cast<double>(common.size() - 1);
}

void add_short_waits(const Compared& compared, std::map<Rank, ShortWaits>& found) {
  const std::vector<std::uint64_t> common = common_sequences(compared);
  if (common.size() < least_collectives) return;
  std::vector<double> medians;
  for (std::vector<double>& waits : waits_of(compared, common)) medians.push_back(median(std::move(waits)));
  const double others = median(medians);
  if (others < least_share * period_of(compared, common)) return;
  std::vector<std::size_t> late;
  for (std::size_t i = 0; i < medians.size(); ++i)
    if (medians[i] <= clearly_shorter * others && others - medians[i] >= least_difference) late.push_back(i);
  // Where so many are late, nobody is slow: they have their work at another time.
  if (medians.size() > 2 && late.size() * 2 >= medians.size()) return;
  for (const std::size_t i : late) {
    const RankView& view = *compared.members[i].view;
    ShortWaits& known = found[view.shown];
    if (known.others_seconds >= others) continue;
    known = {.rank = view.shown,
             .host = view.host,
             .group = compared.group,
             .seconds = medians[i],
             .others_seconds = others,
             .others = medians.size() - 1,
             .collectives = common.size()};
  }
}

// "0.12 ms", "1.5 s"
std::string duration_in_words(double seconds) {
  return seconds < 1 ? fmt::format("{:.3g} ms", seconds * 1e3) : fmt::format("{:.3g} s", seconds);
}

}  // namespace

std::vector<ShortWaits> find_short_waits(const std::vector<RankLook>& looks) {
  const std::vector<RankView> views = view_ranks(looks);
  std::map<Rank, ShortWaits> found;
  for (const Compared& compared : compare(views)) add_short_waits(compared, found);
  std::vector<ShortWaits> list;
  for (auto& [rank, waits] : found) list.push_back(std::move(waits));
  return list;
}

std::string describe(const ShortWaits& waits) {
  return fmt::format("waits {} in a collective of {}, where {} {} (medians of {})",
                     duration_in_words(waits.seconds), group_in_words(waits.group),
                     waits.others == 1 ? "the other waits" : "others wait",
                     duration_in_words(waits.others_seconds), waits.collectives);
}

}  // namespace smlaunch
