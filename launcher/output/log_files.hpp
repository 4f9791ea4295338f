// SPDX-License-Identifier: Apache-2.0
// --log-dir: a file for each rank and stream.
#pragma once

#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// Keeps a bounded number of files open, whatever the number of ranks. The first lines of this run begin a
// file anew, with the mode that the user's umask gives.
class LogFiles {
 public:
  // Makes the folder where it is missing. Errors (Fault::start): it cannot be made, or nothing can be written
  // there.
  static Result<LogFiles> open(const std::filesystem::path& folder);

  // Appends to the file `name`. Returns 0 or an errno; after an error, a part of `lines` may be in the file.
  int append(const std::string& name, std::string_view lines);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Open {
    std::string name;
    UniqueFd fd;
  };
  explicit LogFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  int descriptor_of(const std::string& name);

  std::filesystem::path folder_;
  std::list<Open> open_;                                                // the one used last is first
  std::unordered_map<std::string, std::list<Open>::iterator> by_name_;  // of open_
  std::unordered_map<std::string, bool> begun_;                         // by us, in this run
};

}  // namespace smlaunch
