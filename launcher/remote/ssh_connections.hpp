// SPDX-License-Identifier: Apache-2.0
// The connections that readiness's logins leave open for mpirun: their sockets lie in a folder of one run's
// own, so that no other run, and no other user, has to do with them.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

class SshConnections {
 public:
  // Makes the folder, and starts a guard (`smlaunch` again, at that path) that closes the connections when we
  // are killed. Errors (Fault::start): one of them cannot be had.
  static Result<SshConnections> open(const std::string& smlaunch);

  // Removes the folder. The connections themselves are our descendants, and ended as such.
  ~SshConnections();
  SshConnections(SshConnections&& other) noexcept;
  SshConnections& operator=(SshConnections&&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string control_path() const;  // ssh_config(5)

 private:
  explicit SshConnections(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;  // empty: moved away
  Child guard_;
};

// `smlaunch worker --guard FOLDER PID`: when PID, our parent, has ended, closes the connections in FOLDER and
// removes it. Returns the exit code.
inline constexpr const char* guard_argument = "--guard";
int run_connection_guard(const std::string& folder, int parent);

}  // namespace smlaunch
