// SPDX-License-Identifier: Apache-2.0
// A folder of one rank: in it lie python/rank_thread/sitecustomize.py, which starts a thread in each Python process of
// the rank, and the sockets by which these threads are asked (ask_threads.hpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

class RankThreadFolder {
 public:
  // A new folder of `rank` in the first of `folders` where a socket's path is short enough; only this user can enter
  // them. It goes with this object. Those whose makers are gone are removed. Errors (Fault::start): it cannot be made.
  static Result<RankThreadFolder> make(const std::vector<std::string>& folders, int rank);

  RankThreadFolder(RankThreadFolder&& other) noexcept = default;
  RankThreadFolder& operator=(RankThreadFolder&&) = delete;
  ~RankThreadFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

  // Has the rank's Python processes start the thread, and PyTorch record its collectives, as far as the user has not
  // said how. What PyTorch itself writes when NCCL has timed out goes to SM_OUTPUT_DATA_DIR/smlaunch/hang/nccl-rank-N,
  // where there is such a folder.
  void add_variables(std::map<std::string, std::string>& environment);

 private:
  RankThreadFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;           // of the folder, as long as it is ours
  std::string dumps_ = {};  // the folder that was made for PyTorch's files; empty: none
};

// The texts of sitecustomize.py and tell.py.
const char* rank_thread_script();
const char* rank_tell_script();

}  // namespace smlaunch
