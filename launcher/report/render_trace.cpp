// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/json_writer.hpp"
#include "launcher/report/render_report.hpp"
#include "launcher/report/timeline.hpp"

namespace smlaunch {

namespace {

constexpr int status_ok = 1;
constexpr int status_error = 2;
constexpr int kind_internal = 1;

struct TraceIds {
  std::string trace;   // 32 digits
  std::string parent;  // of the run's span: 16 digits, or empty
};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"; all zeros name nothing.
TraceIds make_ids(const RunRecord& record, std::string_view traceparent) {
  const auto is_some = [](std::string_view id) {
    return id.find_first_not_of('0') != std::string_view::npos;
  };
  if (traceparent.size() >= 55 && traceparent[2] == '-' && traceparent[35] == '-' && traceparent[52] == '-') {
    const std::string_view trace = traceparent.substr(3, 32), parent = traceparent.substr(36, 16);
    if (is_hex(trace) && is_hex(parent) && is_some(trace) && is_some(parent))
      return {std::string(trace), std::string(parent)};
  }
  return {sha256_hex(fmt::format("{} {}", record.plan_hash, record.start_unix_ms)).substr(0, 32), ""};
}

class Trace {
 public:
  Trace(const RunRecord& record, TraceIds ids) : record_(record), ids_(std::move(ids)) {}

  std::string render() {
    const Timeline timeline = make_timeline(record_);
    json_.open_object().key("resourceSpans").open_list().open_object();
    json_.key("resource").open_object().key("attributes").open_list();
    attribute("service.name", "smlaunch");
    json_.close_list().close_object();
    json_.key("scopeSpans").open_list().open_object();
    json_.key("scope").open_object().key("name").value("smlaunch").close_object();
    json_.key("spans").open_list();
    add_run(timeline);
    for (const TimelineRow& row : timeline.rows)
      for (const Bar& bar : row.bars) {
        open_span(row.bars.size() > 1 ? fmt::format("{}: {}", row.label, bar.words) : row.label, run_id(),
                  bar.begin, bar.end);
        json_.key("attributes").open_list();
        attribute("smlaunch.words", bar.words);
        json_.close_list();
        status(bar.kind == BarKind::bad ? status_error : status_ok, "");
        json_.close_object();
      }
    json_.close_list().close_object().close_list().close_object().close_list().close_object();
    return json_.take() + "\n";
  }

 private:
  void add_run(const Timeline& timeline) {
    open_span("run", ids_.parent, 0, timeline.end);
    json_.key("attributes").open_list();
    attribute("smlaunch.outcome", record_.outcome);
    attribute("smlaunch.class", record_.failure_class);
    attribute("smlaunch.plan", record_.plan_hash);
    attribute("smlaunch.ranks", std::to_string(record_.ranks.size()));
    json_.close_list();
    json_.key("events").open_list();
    for (const Mark& mark : timeline.marks) {
      json_.open_object().key("name").value(mark.words);
      json_.key("timeUnixNano").value(at(mark.at)).close_object();
    }
    json_.close_list();
    status(record_.outcome == "failure" ? status_error : status_ok, record_.message);
    json_.close_object();
  }

  void open_span(const std::string& name, const std::string& parent, double begin, double end) {
    json_.open_object().key("traceId").value(ids_.trace);
    json_.key("spanId").value(span_id(count_++));
    if (!parent.empty()) json_.key("parentSpanId").value(parent);
    json_.key("name").value(name).key("kind").value(kind_internal);
    json_.key("startTimeUnixNano").value(at(begin)).key("endTimeUnixNano").value(at(std::max(begin, end)));
  }

  void attribute(std::string_view name, std::string_view value) {
    json_.open_object().key("key").value(name);
    json_.key("value").open_object().key("stringValue").value(value).close_object().close_object();
  }

  void status(int code, const std::string& message) {
    json_.key("status").open_object().key("code").value(code);
    if (code == status_error && !message.empty()) json_.key("message").value(message);
    json_.close_object();
  }

  [[nodiscard]] std::string span_id(int number) const {
    return sha256_hex(fmt::format("{} {}", ids_.trace, number)).substr(0, 16);
  }
  [[nodiscard]] std::string run_id() const { return span_id(0); }

  // OTLP's JSON has 64-bit numbers as texts. A time of an event that is no time is the start.
  [[nodiscard]] std::string at(double seconds) const {
    constexpr double most = 1e9;
    const double sane = seconds >= 0 && seconds < most ? seconds : 0;
    return std::to_string(record_.start_unix_ms * 1'000'000 + static_cast<long>(sane * 1e9));
  }

  const RunRecord& record_;
  TraceIds ids_;
  JsonWriter json_;
  int count_ = 0;
};

}  // namespace

std::string render_trace(const RunRecord& record, const std::string& traceparent) {
  return Trace(record, make_ids(record, traceparent)).render();
}

}  // namespace smlaunch
