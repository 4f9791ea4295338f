// SPDX-License-Identifier: Apache-2.0
// What somebody meant who wrote a word that is not known.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// The word of `words` that differs least from `word`, where that is at most a third of it; else empty. A letter
// left out, too many, wrong or exchanged with its neighbour counts one.
std::string nearest_word(const std::string& word, const std::vector<std::string>& words);

}  // namespace smlaunch
