// SPDX-License-Identifier: Apache-2.0
// The few shapes that our pictures are made of. Sizes are pixels.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace smlaunch {

struct Drawing {
  std::string body;  // elements without the <svg> around them
  int width = 0;
  int height = 0;
};

// The document.
std::string render_svg(const Drawing& drawing);

struct TextStyle {
  int size = 12;
  bool bold = false;
  std::string_view colour = "#222";
  std::string_view anchor = "start";  // middle, end
};

// A colour for letters that stand on `colour` ("#4e79a7") and must be readable.
std::string_view letters_on(const std::string& colour);

class Canvas {
 public:
  void box(int x, int y, int width, int height, std::string_view fill, std::string_view line = "#8a8a8a",
           int corner = 3);
  // Without an edge.
  void area(int x, int y, int width, int height, std::string_view fill);
  // `y` is the base line of the letters.
  void text(int x, int y, std::string_view words, const TextStyle& style = {});
  // Text that is read upwards and ends at (x, y).
  void standing_text(int x, int y, std::string_view words, const TextStyle& style = {});
  void line(std::pair<int, int> from, std::pair<int, int> to, std::string_view colour, int width);

  std::string body;
};

}  // namespace smlaunch
