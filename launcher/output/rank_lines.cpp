// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/rank_lines.hpp"

#include <fmt/format.h>

#include "base/json_writer.hpp"

namespace smlaunch {

namespace {

const std::string cyan = "\033[36m";
const std::string yellow = "\033[33m";
const std::string plain = "\033[0m";

const char* stream_name(const LineOrigin& origin) { return origin.is_stderr ? "stderr" : "stdout"; }

std::string prefix_of(const LineOrigin& origin) {
  if (origin.alone) return "";
  const std::string who =
      origin.rank ? fmt::format("[{} {}]", *origin.rank, origin.host) : fmt::format("[{}]", origin.host);
  return origin.is_colored ? (origin.is_stderr ? yellow : cyan) + who + plain + " " : who + " ";
}

std::string json_of(const LineOrigin& origin, std::string_view line) {
  JsonWriter json;
  json.open_object();
  json.key("host").value(origin.host);
  json.key("line").value(line);
  json.key("rank");
  if (origin.rank)
    json.value(*origin.rank);
  else
    json.null();
  json.key("stream").value(stream_name(origin));
  json.key("t").raw(fmt::format("{:.6f}", origin.seconds)).close_object();
  return json.take() + "\n";
}

}  // namespace

std::string render_rank_lines(LogFormat format, const LineOrigin& origin, std::string_view lines) {
  const std::string prefix = format == LogFormat::text ? prefix_of(origin) : "";
  if (format == LogFormat::text && prefix.empty()) return std::string(lines);
  std::string text;
  text.reserve(lines.size() + lines.size() / 2);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n') + 1);
    if (format == LogFormat::json)
      text += json_of(origin, line.substr(0, line.size() - 1));
    else
      text.append(prefix).append(line);
    lines.remove_prefix(line.size());
  }
  return text;
}

std::string log_file_name(const LineOrigin& origin, int restart_count) {
  const std::string who = origin.rank ? fmt::format("rank-{}", *origin.rank) : origin.host;
  const std::string again = restart_count == 0 ? "" : fmt::format(".restart-{}", restart_count);
  return fmt::format("{}{}.{}", who, again, stream_name(origin));
}

}  // namespace smlaunch
