// SPDX-License-Identifier: Apache-2.0
// The words that mpirun starts ssh with, where they are those of the plan: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

struct SshWords {
  std::string host;
  std::string socket;   // of the open connection to it
  std::string command;  // as ssh hands it to a shell there
  bool operator==(const SshWords&) const = default;
};

// Options as own_options.cpp has them, with a ControlPath by the host's name, then the host and a command. Nothing: it is
// something else, which only ssh understands.
std::optional<SshWords> parse_ssh_words(const std::vector<std::string>& words);

// The argv of ssh itself for such words. `by_new_connection`: the open one was of no use.
std::vector<std::string> make_ssh_words(const std::vector<std::string>& words, bool by_new_connection);

}  // namespace smlaunch
