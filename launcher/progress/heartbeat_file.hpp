// SPDX-License-Identifier: Apache-2.0
// The file that SMLAUNCH_HEARTBEAT names: a rank, or whatever it has started, appends lines to it and never waits for
// us; we read what has come. What has been read takes no room on the disk.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/progress/progress.hpp"

namespace smlaunch {

inline constexpr const char* heartbeat_variable = "SMLAUNCH_HEARTBEAT";

class HeartbeatFile {
 public:
  // A new file of `rank` in `folder`, which only this user can enter; it goes with this object. Files there whose
  // makers are gone are removed. Errors (Fault::start): it cannot be made.
  static Result<HeartbeatFile> make(const std::string& folder, int rank);

  HeartbeatFile(HeartbeatFile&& other) noexcept;
  HeartbeatFile& operator=(HeartbeatFile&&) = delete;
  ~HeartbeatFile();

  [[nodiscard]] const std::string& path() const { return path_; }

  // What the lines say that have come since the last time; a line without its end waits for it until the next time, but
  // not the last time. It takes some milliseconds at most: of a rank that writes faster, the oldest lines are left out. A
  // program that writes the file anew instead of appending, or puts another one of this user's in its place, is
  // understood.
  Progress read(bool is_last = false);

 private:
  HeartbeatFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Progress read_open(bool is_last);
  bool open_replaced();
  void take_unfinished(std::string_view text, bool is_new, bool is_last, Progress& progress);
  // Another line, or none, stands in its place now.
  void leave_unfinished(std::string_view next, Progress& progress);
  void begin_again_where_rewritten(const struct stat& facts);
  void leave_out_old(off_t size);
  void give_room_back();

  std::string path_;
  int fd_ = -1;
  off_t at_ = 0;             // behind the last line that was read, or within a line that is too long
  off_t given_back_ = 0;     // as much of the file's beginning takes no room
  bool skips_line_ = false;  // `at_` is within a line whose beginning was left out
  std::string unfinished_;   // behind `at_`: a line without its end, at the last time
  bool is_told_ = false;     // it counted
  timespec changed_{};
};

}  // namespace smlaunch
