// SPDX-License-Identifier: Apache-2.0
// Text for a picture: what a file, a driver or a host calls itself may hold any byte, and must neither break
// the document nor grow out of its box.
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// Well-formed UTF-8 of characters that XML allows, & < > " as entities; what is neither becomes U+FFFD.
std::string xml_text(std::string_view text);

// How wide a text is, in pixels, at most, at a size of letters of so many pixels; no font is known here.
int text_width(std::string_view text, int size, bool bold = false);

// The text, or its beginning and "…", so that it is no wider; cut between characters. Empty where not even a
// letter fits.
std::string fitted(std::string_view text, int width, int size, bool bold = false);

}  // namespace smlaunch
