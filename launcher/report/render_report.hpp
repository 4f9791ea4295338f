// SPDX-License-Identifier: Apache-2.0
// A run for people: on a terminal, and as one page that a browser opens from a disk. Pure.
#pragma once

#include <string>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// Lines of at most about 110 characters. Control characters of ranks' lines are shown as \xNN.
std::string render_report_text(const RunRecord& record);

// HTML with everything inside it: no script, no other file, nothing from a network. `title`: where the run
// was read from. Text of ranks, hosts and files is text, whatever characters it holds.
std::string render_report_html(const RunRecord& record, const std::string& title);

// The run as a trace: OTLP's JSON (opentelemetry-proto, ExportTraceServiceRequest), for a collector or a viewer to
// read. One span for the run, below it the hosts' readiness, the stages of the all-reduce test and each host's ranks;
// what came at one moment is an event of the run's span. `traceparent`: W3C's, whose trace and span this run belongs
// to; empty or malformed: a trace of its own.
std::string render_trace(const RunRecord& record, const std::string& traceparent);

}  // namespace smlaunch
