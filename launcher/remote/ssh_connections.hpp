// SPDX-License-Identifier: Apache-2.0
// The connections that the logins to hosts leave open for mpirun. Their sockets lie in a folder of this run,
// so that no other run and no other user can use them.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

class SshConnections {
 public:
  // Makes the folder, and starts a guard (`smlaunch` again, at that path) that cleans up when we are killed. `socket`:
  // choose_ssh_socket(). Errors (Fault::start): the folder cannot be made, or the guard cannot be started.
  static Result<SshConnections> open(const std::string& smlaunch, std::string socket);

  // Removes the folder. The connections themselves are our descendants, and end with them.
  ~SshConnections();
  SshConnections(SshConnections&& other) noexcept;
  SshConnections& operator=(SshConnections&&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string control_path() const;  // ssh_config(5)
  // mpirun starts our client (run_by_connection.hpp), not ssh.
  [[nodiscard]] bool takes_our_client() const;

 private:
  SshConnections(std::string folder, std::string socket)
      : folder_(std::move(folder)), socket_(std::move(socket)) {}

  std::string folder_;  // empty: moved away
  std::string socket_;
  Child guard_;
};

// `smlaunch worker --guard FOLDER PID`: when PID, our parent, has ended, closes the connections in FOLDER, removes FOLDER,
// and sees that the mpirun that used the connections ends, too, and that nothing of its files stays. Returns the exit code.
inline constexpr const char* guard_argument = "--guard";
int run_connection_guard(const std::string& folder, int parent);

}  // namespace smlaunch
