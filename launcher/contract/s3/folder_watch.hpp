// SPDX-License-Identifier: Apache-2.0
// Watches by inotify which files are written below a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

struct FolderEvent {
  enum class Kind {
    closed,  // a file was written and closed, or moved here
    found,   // a file that was there when its folder began to be watched, or when events were lost
    gone,    // a file or folder was moved away
  };
  Kind kind = Kind::closed;
  std::string path;  // below the folder
  bool operator==(const FolderEvent&) const = default;
};

// What to do about an event of inotify.
enum class WatchAction { none, closed, gone, watch_folder, forget_folder, look_again };
WatchAction action_of(std::uint32_t mask);

// Folders that come later are watched too; links to folders are not followed.
class FolderWatch {
 public:
  // `left_out`: a name directly below the folder that is not looked at.
  FolderWatch(std::filesystem::path folder, std::string left_out);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // Error (Fault::start): the kernel has no watch left. What cannot be watched is still found by look().
  Result<void> start();
  [[nodiscard]] int fd() const { return fd_; }  // readable when there is something to read; -1 before start()

  // The events since the last call; empty: there are none. Does not wait.
  std::vector<FolderEvent> read();
  // Every file that is there, as found.
  std::vector<FolderEvent> look();

  [[nodiscard]] const std::vector<std::string>& unwatched() const { return unwatched_; }

 private:
  void watch_below(const std::string& relative, std::vector<FolderEvent>& events);
  void forget_below(const std::string& relative);

  std::filesystem::path folder_;
  std::string left_out_;
  int fd_ = -1;
  std::map<int, std::string> folders_;  // watch -> path below the folder, "" for itself
  std::vector<std::string> unwatched_;
};

}  // namespace smlaunch
