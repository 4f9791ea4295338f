// SPDX-License-Identifier: Apache-2.0
// The files on this host by which a rank tells of itself: its heartbeats, and the folder in which its Python processes can
// be asked. They lie in folders that only this user can enter.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "launcher/inspect/rank_thread_folder.hpp"
#include "launcher/progress/heartbeat_file.hpp"

namespace smlaunch {

class RankPrivateFiles {
 public:
  RankPrivateFiles() = default;
  RankPrivateFiles(const RankPrivateFiles&) = delete;
  RankPrivateFiles& operator=(const RankPrivateFiles&) = delete;
  ~RankPrivateFiles() { remove(); }

  // Makes those that can be made. Where a rank's heartbeats cannot be heard it runs all the same, and a warning says why.
  void make(int rank, bool with_threads);
  // The variables by which the rank finds them.
  void add_variables(std::map<std::string, std::string>& environment);
  // Where its Python processes can be asked; nothing: nowhere.
  [[nodiscard]] std::optional<std::string> threads() const;
  // What has come since the last time.
  Progress read_heartbeats(bool is_last);
  // Nobody writes into them any more.
  void remove();

 private:
  std::optional<HeartbeatFile> heartbeats_;
  std::optional<RankThreadFolder> threads_;
};

}  // namespace smlaunch
