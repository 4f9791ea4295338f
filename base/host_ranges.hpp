// SPDX-License-Identifier: Apache-2.0
// Lists of hosts in Slurm's syntax: "gn[01-04,7],login", "rack[1-2]n[1-8]-ib".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace smlaunch {

// No list names more hosts.
inline constexpr std::size_t most_listed_hosts = 1U << 17U;

// The list's entries, taken apart at commas and blanks outside of brackets. An entry is empty where a comma
// follows none; a list of blanks has no entries.
std::vector<std::string_view> split_host_list(std::string_view text);

// The names that one entry stands for, in order; the last bracket counts fastest. A bracket holds numbers and
// ranges, written as wide as a range's first number ("[01-10]": 01, 02, …). An entry without brackets is a
// name. The error is a sentence without a subject's end: "'gn[4-1]' has a range that runs backwards".
tl::expected<std::vector<std::string>, std::string> expand_host_ranges(std::string_view entry);

}  // namespace smlaunch
