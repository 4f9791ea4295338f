// SPDX-License-Identifier: Apache-2.0
#include "topology/device_row.hpp"

#include "base/svg_text.hpp"

namespace smlaunch {
namespace {

constexpr int letters = 12;
constexpr int small = 11;
constexpr int edge = 8;  // from the row's end to the text

}  // namespace

void draw_device_row(Canvas& canvas, std::pair<int, int> corner, int width, const char* fill,
                     const std::string& name, const std::vector<std::string>& facts,
                     const std::string& note) {
  const auto [x, y] = corner;
  const int base = y + 16;
  canvas.box(x, y, width, device_height, fill);
  const std::string shown_note = fitted(note, width / 2, letters, true);
  const int note_width = shown_note.empty() ? 0 : text_width(shown_note, letters, true) + 10;
  const std::string shown = fitted(name, width - 2 * edge - note_width, letters, true);
  const int name_width = text_width(shown, letters, true) + 4;
  const int room = width - 2 * edge - note_width - name_width;
  std::string about;
  for (const std::string& fact : facts) {
    if (about.empty()) {
      about = fitted(fact, room, small);
    } else if (const std::string longer = about + "  " + fact; text_width(longer, small) <= room) {
      about = longer;
    }
  }
  canvas.text(x + edge, base, shown, {letters, true});
  canvas.text(x + width - edge, base, shown_note, {letters, true, "#222", "end"});
  canvas.text(x + edge + name_width, base, about, {small, false, "#444"});
}

}  // namespace smlaunch
