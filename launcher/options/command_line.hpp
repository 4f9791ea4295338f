// SPDX-License-Identifier: Apache-2.0
// Where our own part of a command line ends and the program begins. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/options/option_table.hpp"

namespace smlaunch {

struct SplitLine {
  std::vector<std::string> own;                       // options, a command
  std::optional<std::vector<std::string>> program{};  // the entry point and its arguments
  std::string command{};                              // one of ours; empty: none
  std::size_t command_at = 0;                         // where it stands in the whole line
  std::optional<std::string> operand{};               // the word behind a command that takes one
  std::optional<std::string> unknown{};               // the first option or word that is none of ours
};

// The program is what stands behind `--`, or the first word that ends in .py and is no option's value, with all
// that follows it.
SplitLine split_line(const std::vector<std::string>& arguments, const OptionTable& table);

// Whether a flag stands in our own part; `letter`: its short name, '\0' for none.
bool has_flag(const SplitLine& line, const std::string& name, char letter);

// What is said of an option or word that is none of ours, with what may have been meant.
Error unknown_word(const std::string& word, const OptionTable& table);

}  // namespace smlaunch
