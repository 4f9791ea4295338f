// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "launcher/outcome/report_json.hpp"

namespace smlaunch {

// events.jsonl: a line for all that happens, written when it happens. Readable by its owner only.
class EventLog {
 public:
  EventLog();
  // Without this, events go nowhere.
  Result<void> open(const std::filesystem::path& file);
  // Sets the event's time. A line that cannot be written is said once, and is the last.
  void add(EventLine event);
  [[nodiscard]] double seconds() const;  // since the log was made

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::filesystem::path path_;
  std::uint64_t start_ns_;
};

}  // namespace smlaunch
