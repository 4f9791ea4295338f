// SPDX-License-Identifier: Apache-2.0
// The matters that `smlaunch help MATTER` explains; they are the groups of --help-all.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

struct Matter {
  std::string word;
  std::string title;
  std::string text;  // lines that begin with a blank are shown as they are; the matter's options follow
};

// In the order in which they are shown. An option's `matter` is one of their words.
const std::vector<Matter>& all_matters();

// The ten options that --help shows, by their names.
const std::vector<std::string>& first_options();

}  // namespace smlaunch
