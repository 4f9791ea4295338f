// SPDX-License-Identifier: Apache-2.0
// The thread that answers `smlaunch status` and renews the file of --metrics. Only this thread waits
// for slow readers and slow disks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "launcher/channel/private_folders.hpp"
#include "launcher/process/unique_fd.hpp"
#include "launcher/status/status_board.hpp"
#include "launcher/status/status_socket.hpp"

namespace smlaunch {

class StatusService {
 public:
  // `board` outlives this object. A user who has no private folder cannot be asked: that is no reason to run no job.
  StatusService(StatusBoard& board, std::optional<std::filesystem::path> metrics,
                const PrivatePlaces& places = own_private_places());
  // Writes the metrics for the last time.
  ~StatusService();
  StatusService(const StatusService&) = delete;
  StatusService& operator=(const StatusService&) = delete;

 private:
  void run();
  [[nodiscard]] std::string answer(const StatusQuestion& question);
  void write_metrics(const JobStatus& status);

  StatusBoard& board_;
  std::optional<std::filesystem::path> metrics_;
  PrivatePlaces places_;
  std::optional<StatusListener> listener_;
  UniqueFd end_;  // an eventfd
  std::thread thread_;
};

// Eight hexadecimal digits.
std::string make_run_id();

}  // namespace smlaunch
