// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "launcher/outcome/report_json.hpp"

namespace smlaunch {

// events.jsonl: a line for each event, written when it happens. Only its owner can read the file.
class EventLog {
 public:
  EventLog();
  // Without this, events go nowhere.
  Result<void> open(const std::filesystem::path& file);
  // Sets the event's time. Where a line cannot be written, it warns once and writes no more.
  void add(EventLine event);
  [[nodiscard]] double seconds() const;  // since this object was made

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::filesystem::path path_;
  std::uint64_t start_ns_;
};

}  // namespace smlaunch
