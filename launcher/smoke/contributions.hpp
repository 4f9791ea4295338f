// SPDX-License-Identifier: Apache-2.0
// What each rank adds in the all-reduce. The numbers are chosen so that a wrong sum names the missing rank.
//
// The elements are 64-bit integers, read as 31 digits to the base 4. Element i belongs to slot
// i mod contribution_slots(n). The rank with index r in its group adds 4^(r mod 31) to the elements of slot
// r / 31, and 0 to all others. A right sum has the digit 1 for each rank of the slot. The digit 0 means that
// the rank is missing, and 2 or 3 that it was counted so often. (To the base 2, a rank that is counted twice
// would look like its neighbour.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace smlaunch {

inline constexpr int ranks_per_slot = 31;

// These four are for device code, too (nvcc: --expt-relaxed-constexpr).
constexpr int contribution_slots(int ranks) { return (ranks + ranks_per_slot - 1) / ranks_per_slot; }
// 4^digit, for digits 0 to 30.
constexpr std::int64_t contribution_digit(int digit) {
  return static_cast<std::int64_t>(std::uint64_t{1} << (2U * static_cast<unsigned>(digit)));
}
// What the rank with this index (from 0, in its group of `ranks`) adds to an element.
constexpr std::int64_t contribution(std::size_t element, int index, int ranks) {
  const auto slot = static_cast<int>(element % static_cast<std::size_t>(contribution_slots(ranks)));
  return index / ranks_per_slot == slot ? contribution_digit(index % ranks_per_slot) : 0;
}
// The sum of all ranks' contributions to an element.
constexpr std::int64_t expected_sum(std::size_t element, int ranks) {
  const auto slot = static_cast<int>(element % static_cast<std::size_t>(contribution_slots(ranks)));
  const int in_slot =
      ranks - slot * ranks_per_slot < ranks_per_slot ? ranks - slot * ranks_per_slot : ranks_per_slot;
  return static_cast<std::int64_t>(((std::uint64_t{1} << (2U * static_cast<unsigned>(in_slot))) - 1) / 3);
}

// Faults that a rehearsal puts into a rank's own contribution (injection.hpp). `corrupt` inverts bits in the
// second eighth of the elements.
enum class ContributionChange { none, doubled, corrupt };
inline constexpr std::int64_t corrupted_bits = 0x2AAA'5A5A'A5A5'AAAALL;
constexpr bool is_corrupted_element(std::size_t element, std::size_t elements) {
  return element >= elements / 8 && element < elements / 4 + (elements < 8 ? 1 : 0);
}
constexpr std::int64_t changed_contribution(ContributionChange change, std::size_t element,
                                            std::size_t elements, int index, int ranks) {
  const std::int64_t own = contribution(element, index, ranks);
  if (change == ContributionChange::doubled) return 2 * own;
  if (change == ContributionChange::corrupt && is_corrupted_element(element, elements))
    return own ^ corrupted_bits;
  return own;
}

// Writes the whole buffer of the rank with this index.
void fill_contributions(std::span<std::int64_t> elements, int index, int ranks,
                        ContributionChange change = ContributionChange::none);

enum class ContributionFault { missing, doubled, corrupt };
std::string to_string(ContributionFault fault);

// Neighbouring wrong elements of one slot that are wrong in the same way.
struct WrongRange {
  ContributionFault fault = ContributionFault::corrupt;
  std::optional<int> index;  // the rank's index in its group; nothing: the digits make no sense
  int times = 0;             // how often its contribution was counted: 0 missing, 2 or 3 doubled
  std::size_t first = 0;     // elements, both included
  std::size_t last = 0;
  std::int64_t value = 0;  // of the first element
  std::int64_t expected = 0;
  bool operator==(const WrongRange&) const = default;
};

struct WrongElements {
  std::size_t count = 0;           // of all
  std::vector<WrongRange> ranges;  // the first most_wrong_ranges, by their first element
  bool operator==(const WrongElements&) const = default;
};
inline constexpr std::size_t most_wrong_ranges = 16;

// Looks at every element of a sum over `ranks`.
WrongElements find_wrong_sums(std::span<const std::int64_t> sums, int ranks);

// Looks at every element of the buffer that the rank with this index has sent. A wrong element was wrong
// before the collective, or the collective changed it. Every range has the rank's index.
WrongElements find_wrong_contributions(std::span<const std::int64_t> sent, int index, int ranks);

}  // namespace smlaunch
