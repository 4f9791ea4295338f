// SPDX-License-Identifier: Apache-2.0
#include "base/svg_canvas.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "base/svg_text.hpp"

namespace smlaunch {
namespace {

std::string attributes_of(const TextStyle& style) {
  return fmt::format("font-size=\"{}\" fill=\"{}\"{}{}", style.size, style.colour,
                     style.bold ? " font-weight=\"bold\"" : "",
                     style.anchor == "start" ? "" : fmt::format(" text-anchor=\"{}\"", style.anchor));
}

}  // namespace

std::string render_svg(const Drawing& drawing) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" "
      "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
      drawing.width, drawing.height, drawing.width, drawing.height, drawing.body);
}

std::string_view letters_on(const std::string& colour) {
  if (colour.size() != 7) return "#222";
  // How bright the colour looks to the eye, from 0 to 255,000.
  const auto part = [&](std::size_t at) { return std::stoi(colour.substr(at, 2), nullptr, 16); };
  return 299 * part(1) + 587 * part(3) + 114 * part(5) < 140'000 ? "#ffffff" : "#222";
}

void Canvas::box(int x, int y, int width, int height, std::string_view fill, std::string_view line,
                 int corner) {
  body += fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\" stroke=\"{}\"/>\n", x, y,
      width, height, corner, fill, line);
}

void Canvas::area(int x, int y, int width, int height, std::string_view fill) {
  body += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", x, y, width,
                      height, fill);
}

void Canvas::text(int x, int y, std::string_view words, const TextStyle& style) {
  if (words.empty()) return;
  body += fmt::format("<text x=\"{}\" y=\"{}\" {}>{}</text>\n", x, y, attributes_of(style), xml_text(words));
}

void Canvas::standing_text(int x, int y, std::string_view words, const TextStyle& style) {
  if (words.empty()) return;
  body += fmt::format("<text transform=\"translate({},{}) rotate(-90)\" {}>{}</text>\n", x, y,
                      attributes_of(style), xml_text(words));
}

void Canvas::line(std::pair<int, int> from, std::pair<int, int> to, std::string_view colour, int width) {
  body += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
                      from.first, from.second, to.first, to.second, colour, width);
}

}  // namespace smlaunch
