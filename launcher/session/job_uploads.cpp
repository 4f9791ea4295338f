// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_uploads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/own_words.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/session/run_options.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

milliseconds upload_bound(milliseconds upload_timeout, milliseconds stop_grace,
                          std::optional<milliseconds> since_stop) {
  if (!since_stop) return upload_timeout;
  return std::clamp(stop_grace - *since_stop, milliseconds(0), upload_timeout);
}

std::vector<std::string> render_not_uploaded(const std::vector<NotUploaded>& left) {
  constexpr std::size_t most = 5;
  struct Group {
    std::string why;
    std::vector<std::string> files = {};
  };
  std::map<std::optional<S3Cause>, Group> groups;
  for (const NotUploaded& each : left) {
    const std::string why = each.why ? each.why->problems.front().what : "no time was left";
    const auto cause = each.why ? std::optional(each.why->cause) : std::nullopt;
    groups.emplace(cause, Group{why}).first->second.files.push_back(each.file);
  }
  std::vector<std::string> sentences;
  for (const auto& [cause, group] : groups) {
    const auto& [why, files] = group;
    const std::vector<std::string> named(files.begin(),
                                         files.begin() + static_cast<long>(std::min(files.size(), most)));
    sentences.push_back(
        fmt::format("{} intermediate file{} not uploaded ({}): {}{}", files.size(),
                    files.size() == 1 ? " was" : "s were", why, fmt::join(named, ", "),
                    files.size() > most ? fmt::format(" and {} more", files.size() - most) : ""));
  }
  return sentences;
}

Result<void> JobUploads::start(const Environment& environment, const Variables& variables) {
  if (is_uploaded_by_platform(environment) && !options_.quiet)
    say("{} was there before the job: whoever made it uploads it",
        environment.paths.output_intermediate.string());
  auto started = IntermediateOutput::start(environment, variables, [](const Problem& problem) {
    say("warning: intermediate output: {}", to_string(problem));
  });
  if (!started) return tl::unexpected(std::move(started.error()));
  output_ = std::move(*started);
  return {};
}

void JobUploads::finish(std::optional<SteadyTime> stop_asked) {
  if (!output_) return;
  output_->end_input();
  wait(stop_asked);
  say_summary(output_->stop());
  output_.reset();
}

void JobUploads::wait(std::optional<SteadyTime> stop_asked) {
  constexpr milliseconds slice{50};
  constexpr milliseconds quiet{1000};
  const BlockedStopSignals signals;
  const SteadyTime start = std::chrono::steady_clock::now();
  const auto bound = [&](SteadyTime now) {
    std::optional<milliseconds> since_stop;
    if (stop_asked) since_stop = std::chrono::duration_cast<milliseconds>(now - *stop_asked);
    return upload_bound(milliseconds_of(options_.upload_timeout), milliseconds_of(options_.stop_grace),
                        since_stop);
  };
  SteadyTime deadline = start + bound(start);
  bool said = options_.quiet;
  while (!output_->wait(slice)) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= deadline) return;
    if (signals.take() != 0) {
      if (stop_asked) return;
      stop_asked = now;
      deadline = std::min(deadline, now + bound(now));
    }
    if (said || now < start + quiet) continue;
    said = true;
    const std::size_t count = output_->waiting();
    say("waiting for {} intermediate file{} to be uploaded, for at most {:.0f} s", count,
        count == 1 ? "" : "s", std::chrono::duration<double>(deadline - start).count());
  }
}

void JobUploads::say_summary(const IntermediateSummary& summary) const {
  if (summary.count > 0 && !options_.quiet)
    say("intermediate output: {} upload{} to {}", summary.count, summary.count == 1 ? "" : "s",
        summary.where);
  for (const std::string& sentence : render_not_uploaded(summary.left)) say("warning: {}", sentence);
}

}  // namespace smlaunch
