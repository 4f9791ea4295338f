// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/render_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <map>
#include <vector>

#include "base/svg_text.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_curves = 6;
constexpr std::size_t most_points = 400;
constexpr const char* first_name = "step";
// The scale of seconds is that of the timeline above.
constexpr int left = 190;
constexpr int width = 1000;
constexpr int height = 70;

struct Point {
  double seconds = 0;
  double value = 0;
};
struct Curve {
  int rank = INT_MAX;  // INT_MAX: it has not said which it is
  std::vector<Point> points;
};
using Curves = std::map<std::string, Curve>;

Curves find_curves(const RunRecord& record) {
  Curves curves;
  for (const RecordedEvent& event : record.events)
    for (const auto& [name, value] : event.progress) {
      Curve& curve = curves[name];
      const int rank = event.rank.value_or(INT_MAX);
      if (rank > curve.rank) continue;
      if (rank < curve.rank) curve = {.rank = rank, .points = {}};
      curve.points.push_back({.seconds = event.seconds, .value = value});
    }
  return curves;
}

std::string render_curve(const std::string& name, const Curve& curve, double end) {
  const auto [low, high] =
      std::minmax_element(curve.points.begin(), curve.points.end(),
                          [](const Point& a, const Point& b) { return a.value < b.value; });
  const double most = high->value;
  const double difference = most - low->value;
  const double range = std::isfinite(difference) ? difference : 0;
  const auto x = [&](double seconds) { return left + seconds / end * (width - left - 10); };
  const auto y = [&](double value) {
    return range <= 0 ? height / 2.0 : 8 + (most - value) / range * (height - 16);
  };
  std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", width, height,
                                xml_text(name));
  const std::string who = curve.rank == INT_MAX ? "" : fmt::format(" of rank {}", curve.rank);
  out += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", height / 2 - 4,
                     xml_text(fitted(name + who, left - 8, 12)));
  const std::string range_words =
      fmt::format("{:.4g} to {:.4g}, last {:.4g}", low->value, high->value, curve.points.back().value);
  out += fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", height / 2 + 12,
                     xml_text(fitted(range_words, left - 8, 12)));
  out += "<polyline class=\"curve\" points=\"";
  const std::size_t step = (curve.points.size() + most_points - 1) / most_points;
  for (std::size_t i = 0; i < curve.points.size(); i += step)
    out += fmt::format("{:.1f},{:.1f} ", x(curve.points[i].seconds), y(curve.points[i].value));
  // The last one is always there; alone it would be no line.
  const Point& last = curve.points.back();
  return out + fmt::format("{0:.1f},{1:.1f} {2:.1f},{1:.1f}\"/>\n</svg>\n", x(last.seconds), y(last.value),
                           x(last.seconds) + 2);
}

}  // namespace

std::string render_progress_html(const RunRecord& record) {
  const Curves curves = find_curves(record);
  if (curves.empty()) return "";
  double end = 0.1;
  for (const RecordedEvent& event : record.events) end = std::max(end, event.seconds);
  std::string out = "<h2>Progress</h2>\n";
  std::size_t shown = 0;
  const auto add = [&](const Curves::value_type& each) {
    if (shown++ < most_curves) out += render_curve(each.first, each.second, end);
  };
  if (const auto first = curves.find(first_name); first != curves.end()) add(*first);
  for (const auto& each : curves)
    if (each.first != first_name) add(each);
  if (shown > most_curves)
    out += fmt::format("<p class=dim>{} more values are in the events.</p>\n", shown - most_curves);
  return out;
}

}  // namespace smlaunch
