// SPDX-License-Identifier: Apache-2.0
// How many files this process may open; it raises the number for a while where that is allowed.
#pragma once

#include <sys/resource.h>

#include <cstddef>

namespace smlaunch {

class FileLimit {
 public:
  // Raises the soft limit to the hard one if fewer than `wanted` descriptors are free.
  explicit FileLimit(std::size_t wanted);
  ~FileLimit();  // restores the limit, so that processes that start later do not inherit it
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

  std::size_t free() const { return free_; }

 private:
  rlimit before_{};
  bool raised_ = false;
  std::size_t free_ = 0;
};

}  // namespace smlaunch
