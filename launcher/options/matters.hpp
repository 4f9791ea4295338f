// SPDX-License-Identifier: Apache-2.0
// The matters that `smlaunch help MATTER` explains; they are the groups of --help-all.
#pragma once

#include <string>
#include <vector>

#include "launcher/options/option_table.hpp"

namespace smlaunch {

struct Matter {
  std::string word;
  std::string title;
  std::string text;  // lines that begin with a blank are shown as they are; the matter's options follow
};

// In the order in which they are shown. An option's `matter` is one of their words.
const std::vector<Matter>& all_matters();

// The options that belong to it, in the table's order.
std::vector<OptionInfo> options_of(const Matter& matter, const OptionTable& table);

// The lines of its text, in blocks that are shown as they are and blocks that are filled.
struct TextBlock {
  bool is_verbatim = false;
  std::vector<std::string> lines = {};
};
std::vector<TextBlock> blocks_of(const Matter& matter);

// The ten options that --help shows, by their names.
const std::vector<std::string>& first_options();

}  // namespace smlaunch
