// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/progress.hpp"

#include <fmt/format.h>

#include <utility>

namespace smlaunch {

std::string to_string(Ask ask) {
  switch (ask) {
    case Ask::stop: return "stop";
    case Ask::restart: return "restart";
    case Ask::exclude_host: return "exclude-host";
  }
  return "stop";
}

std::optional<Ask> parse_ask(std::string_view text) {
  for (const Ask each : {Ask::stop, Ask::restart, Ask::exclude_host})
    if (to_string(each) == text) return each;
  return {};
}

void Progress::add(Progress later) {
  beats += later.beats;
  for (auto& [name, value] : later.values)
    if (values.size() < most_progress_values || values.contains(name)) values[name] = value;
  if (later.ask) ask = later.ask;
}

std::string in_words(const ProgressValues& values) {
  std::string text;
  const auto append = [&](const auto& value) {
    text += fmt::format("{}{}={:.10g}", text.empty() ? "" : " ", value.first, value.second);
  };
  const auto step = values.find(std::string(step_value));
  if (step != values.end()) append(*step);
  for (const auto& value : values)
    if (value.first != step_value) append(value);
  return text;
}

}  // namespace smlaunch
