// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/event_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/own_words.hpp"
#include "base/steady_time.hpp"
#include "launcher/process/unique_fd.hpp"
#include "launcher/process/write_file.hpp"

namespace smlaunch {

EventLog::EventLog() : start_ns_(steady_now_ns()) {}

Result<void> EventLog::open(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  // A pipe that nobody reads is an error, not a reason to wait.
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    Error not_written = file_not_written(file, errno);
    not_written.problems.front().where = "the events " + file.string();
    return tl::unexpected(std::move(not_written));
  }
  fcntl(fd.get(), F_SETFL, O_WRONLY);
  file_.reset(fdopen(fd.release(), "w"));
  path_ = file;
  return {};
}

double EventLog::seconds() const { return static_cast<double>(steady_now_ns() - start_ns_) / 1e9; }

void EventLog::add(EventLine event) {
  if (!file_) return;
  event.seconds = seconds();
  const std::string line = render_event(event) + "\n";
  const bool whole = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size();
  if (whole && std::fflush(file_.get()) == 0) return;
  say("warning: the events {}: cannot be written: {}; they end here", path_.string(), std::strerror(errno));
  file_.reset();
}

}  // namespace smlaunch
