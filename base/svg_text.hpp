// SPDX-License-Identifier: Apache-2.0
// Text for a picture: the name of a file, a driver or a host may hold any byte. It must neither break the
// document nor grow out of its box.
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// Well-formed UTF-8 of characters that XML allows, & < > " as entities; anything else becomes U+FFFD.
std::string xml_text(std::string_view text);

// The greatest width of a text in pixels, with letters of `size` pixels; the reader's font is not known here.
int text_width(std::string_view text, int size, bool bold = false);

// The text, or its beginning and "…", at most `width` pixels wide. It is cut between characters; empty where
// not even one letter fits.
std::string fitted(std::string_view text, int width, int size, bool bold = false);

}  // namespace smlaunch
