// SPDX-License-Identifier: Apache-2.0
// The job's token on a host where mpirun starts the agents. mpirun tells its daemons everything in the clear, so it is
// not told the token: the leader's login leaves that on its host, in a file that only this user can read, and the
// agents there take it from the file.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

inline constexpr const char* left_token_folder = "/tmp";

// Also removes tokens of jobs that have never begun: those that are older than `longest`. Errors (Fault::start): the
// file cannot be written, or `job` is no marker of a job.
Result<void> leave_token(const std::string& job, const std::string& token,
                         const std::string& temporary = left_token_folder,
                         std::chrono::hours longest = std::chrono::hours(24));

// The token of a HandOver's bytes (messages.hpp), for its job.
Result<void> leave_handed_token(const std::string& hand_over);

// Nothing: none was left here, or the file could be another user's.
std::optional<std::string> find_left_token(const std::string& job,
                                           const std::string& temporary = left_token_folder);

void remove_left_token(const std::string& job, const std::string& temporary = left_token_folder);

}  // namespace smlaunch
