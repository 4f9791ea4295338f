// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/contributions.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

constexpr std::size_t all_fit = most_wrong_ranges;

// Collects ranges. Neighbouring elements of one slot lie `slots` apart.
class RangeCollector {
 public:
  explicit RangeCollector(int slots) : slots_(static_cast<std::size_t>(slots)) {}

  void add(std::size_t element, ContributionFault fault, std::optional<int> index, int times,
           std::int64_t value, std::int64_t expected) {
    for (WrongRange& open : found_) {
      if (open.fault != fault || open.index != index || open.times != times) continue;
      if (element - open.last > slots_) continue;
      open.last = element;
      return;
    }
    if (found_.size() < all_fit)
      found_.push_back({.fault = fault,
                        .index = index,
                        .times = times,
                        .first = element,
                        .last = element,
                        .value = value,
                        .expected = expected});
  }

  std::vector<WrongRange> take() { return std::move(found_); }

 private:
  std::size_t slots_;
  std::vector<WrongRange> found_;
};

struct Digit {
  int index = 0;
  int times = 0;
};

// The digits that are not 1. Nothing where the value is no sum of contributions at all: it has a digit beyond
// the slot's ranks, or more wrong digits than single ranks explain.
std::optional<std::vector<Digit>> read_digits(std::int64_t value, int slot, int ranks) {
  if (value < 0) return {};
  auto rest = static_cast<std::uint64_t>(value);
  const int in_slot = std::min(ranks_per_slot, ranks - slot * ranks_per_slot);
  std::vector<Digit> wrong;
  for (int digit = 0; digit < in_slot; ++digit, rest >>= 2U) {
    const int times = static_cast<int>(rest & 3U);
    if (times != 1) wrong.push_back({slot * ranks_per_slot + digit, times});
  }
  if (rest != 0) return {};
  return wrong;
}

// A few wrong digits are ranks that are missing or doubled; when most digits are wrong, bits are wrong.
bool is_plausible(const std::vector<Digit>& wrong, int ranks_of_slot) {
  const auto doubled = std::count_if(wrong.begin(), wrong.end(), [](const Digit& d) { return d.times > 1; });
  const auto missing = static_cast<long>(wrong.size()) - doubled;
  return doubled <= std::max(1, ranks_of_slot / 4) && missing < std::max(2, ranks_of_slot);
}

}  // namespace

std::string to_string(ContributionFault fault) {
  switch (fault) {
    case ContributionFault::missing: return "missing";
    case ContributionFault::doubled: return "doubled";
    case ContributionFault::corrupt: return "corrupt";
  }
  return "corrupt";
}

void fill_contributions(std::span<std::int64_t> elements, int index, int ranks, ContributionChange change) {
  if (change == ContributionChange::none && contribution_slots(ranks) == 1) {
    std::fill(elements.begin(), elements.end(), contribution_digit(index));
    return;
  }
  for (std::size_t i = 0; i < elements.size(); ++i)
    elements[i] = changed_contribution(change, i, elements.size(), index, ranks);
}

WrongElements find_wrong_sums(std::span<const std::int64_t> sums, int ranks) {
  WrongElements wrong;
  const int slots = contribution_slots(ranks);
  RangeCollector ranges(slots);
  std::vector<std::int64_t> expected;
  for (int slot = 0; slot < slots; ++slot)
    expected.push_back(expected_sum(static_cast<std::size_t>(slot), ranks));
  std::size_t slot = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i] != expected[slot]) {
      ++wrong.count;
      const int of_slot = std::min(ranks_per_slot, ranks - static_cast<int>(slot) * ranks_per_slot);
      const auto digits = read_digits(sums[i], static_cast<int>(slot), ranks);
      if (digits && is_plausible(*digits, of_slot)) {
        for (const Digit& digit : *digits)
          ranges.add(i, digit.times == 0 ? ContributionFault::missing : ContributionFault::doubled,
                     digit.index, digit.times, sums[i], expected[slot]);
      } else {
        ranges.add(i, ContributionFault::corrupt, std::nullopt, 0, sums[i], expected[slot]);
      }
    }
    if (++slot == expected.size()) slot = 0;
  }
  wrong.ranges = ranges.take();
  return wrong;
}

WrongElements find_wrong_contributions(std::span<const std::int64_t> sent, int index, int ranks) {
  WrongElements wrong;
  RangeCollector ranges(contribution_slots(ranks));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const std::int64_t expected = contribution(i, index, ranks);
    if (sent[i] == expected) continue;
    ++wrong.count;
    const bool is_multiple = expected != 0 && (sent[i] == 2 * expected || sent[i] == 3 * expected);
    const bool is_missing = expected != 0 && sent[i] == 0;
    ranges.add(i,
               is_multiple  ? ContributionFault::doubled
               : is_missing ? ContributionFault::missing
                            : ContributionFault::corrupt,
               index, is_multiple ? static_cast<int>(sent[i] / expected) : 0, sent[i], expected);
  }
  wrong.ranges = ranges.take();
  return wrong;
}

}  // namespace smlaunch
