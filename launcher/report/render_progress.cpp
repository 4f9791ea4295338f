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

// Four digits that count; of large numbers the whole part.
std::string number_of(double value) {
  constexpr double least_whole = 1e4, most_whole = 1e9;
  return std::abs(value) >= least_whole && std::abs(value) < most_whole ? fmt::format("{:.0f}", value)
                                                                        : fmt::format("{:.4g}", value);
}

// A try that was begun anew begins another line.
std::string render_curve(const std::string& name, const Curve& curve, double end,
                         const std::vector<double>& restarts) {
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
  const Point& last = curve.points.back();
  const std::string who = curve.rank == INT_MAX ? "" : fmt::format(", rank {}", curve.rank);
  const std::string range_words =
      fmt::format("{} to {}{}", number_of(low->value), number_of(high->value), who);
  const auto add_text = [&](int at, const char* kind, const std::string& words) {
    out += fmt::format("<text{} x=\"0\" y=\"{}\">{}</text>", kind, at, xml_text(fitted(words, left - 8, 12)));
  };
  add_text(22, "", name);
  add_text(39, "", "last " + number_of(last.value));
  add_text(56, " class=dim", range_words);
  const auto close = [&](const Point& point) {
    // Alone it would be no line.
    out += fmt::format("{0:.1f},{1:.1f} {2:.1f},{1:.1f}\"/>\n", x(point.seconds), y(point.value),
                       x(point.seconds) + 2);
  };
  const char* const begin_of_line = "<polyline class=\"curve\" points=\"";
  out += begin_of_line;
  const std::size_t step = (curve.points.size() + most_points - 1) / most_points;
  auto restart = std::upper_bound(restarts.begin(), restarts.end(), curve.points.front().seconds);
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const Point& point = curve.points[i];
    if (restart != restarts.end() && point.seconds >= *restart) {
      close(curve.points[i - 1]);
      out += begin_of_line;
      restart = std::upper_bound(restart, restarts.end(), point.seconds);
    }
    if (i % step == 0) out += fmt::format("{:.1f},{:.1f} ", x(point.seconds), y(point.value));
  }
  close(last);
  return out + "</svg>\n";
}

}  // namespace

std::string render_progress_html(const RunRecord& record) {
  const Curves curves = find_curves(record);
  if (curves.empty()) return "";
  double end = 0.1;
  std::vector<double> restarts;
  for (const RecordedEvent& event : record.events) {
    end = std::max(end, event.seconds);
    if (event.event == "restart") restarts.push_back(event.seconds);
  }
  std::sort(restarts.begin(), restarts.end());
  std::string out = "<h2>Progress</h2>\n";
  std::size_t shown = 0;
  const auto add = [&](const Curves::value_type& each) {
    if (shown++ < most_curves) out += render_curve(each.first, each.second, end, restarts);
  };
  if (const auto first = curves.find(first_name); first != curves.end()) add(*first);
  for (const auto& each : curves)
    if (each.first != first_name) add(each);
  if (shown > most_curves)
    out += fmt::format("<p class=dim>{} more values are in the events.</p>\n", shown - most_curves);
  return out;
}

}  // namespace smlaunch
