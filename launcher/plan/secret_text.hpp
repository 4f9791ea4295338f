// SPDX-License-Identifier: Apache-2.0
// Secrets that a text shows by its form, whatever it belongs to.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace smlaunch {

struct TextPart {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextPart&) const = default;
};

// In order, none empty, none within another: the password of a URL (and whoever logs in by http without one:
// that is a token), what its query names as a key, a token or a signature; where NAME looks secret: the
// value of NAME=VALUE, "NAME": "VALUE", --NAME VALUE, -mca NAME VALUE, of NAME: VALUE and NAME = VALUE at the
// beginning of a line, with what is indented below it; what follows "Authorization:" and "Bearer"; and what
// find_token_forms() knows.
std::vector<TextPart> find_secrets_in_text(std::string_view text);

// --lr, and not a secret that begins with dashes, as private keys do.
bool is_option(std::string_view word);
// One of Open MPI's options that a parameter's name and value follow.
bool is_mca_option(std::string_view word);

}  // namespace smlaunch
