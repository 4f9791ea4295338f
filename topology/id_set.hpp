// SPDX-License-Identifier: Apache-2.0
// A set of small numbers: CPUs, NUMA nodes, ranks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// Sorted, without repetition.
using IdSet = std::vector<int>;

// {0,1,2,8} -> "0-2,8"; the empty set -> "".
std::string to_string(const IdSet& ids);

// "0-2,8" -> {0,1,2,8}, in any order, repetitions allowed; nothing for anything else
// (a word, a range that runs backwards, a number above 1,048,575).
std::optional<IdSet> parse_id_set(std::string_view text);
// The same with no number above `highest`: a few bytes can name very many.
std::optional<IdSet> parse_id_set(std::string_view text, int highest);

IdSet intersection(const IdSet& a, const IdSet& b);
IdSet united(const IdSet& a, const IdSet& b);
IdSet without(const IdSet& all, const IdSet& some);

}  // namespace smlaunch
