// SPDX-License-Identifier: Apache-2.0
// The known word that was probably meant by an unknown one.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// The word of `words` that differs least from `word`, if at most a third of the letters differ; else empty.
// Each letter that is missing, too many, wrong, or exchanged with its neighbour counts.
std::string nearest_word(const std::string& word, const std::vector<std::string>& words);

}  // namespace smlaunch
