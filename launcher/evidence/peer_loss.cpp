// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/peer_loss.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {

namespace {

// The program has survived errors further back.
constexpr std::size_t most_lines = 60;

constexpr std::array<std::string_view, 18> words = {
    // gloo: "Read error [10.0.0.2]:1234: Connection reset by peer", "Connection closed by peer",
    // "Timed out waiting 1800000ms for recv operation to complete"
    "Connection reset by peer", "Connection closed by peer", "Timed out waiting",
    // NCCL
    "ncclRemoteError", "remote process exited or there was a network error",
    "Connection closed by remote peer", "closed by remote",
    // PyTorch
    "Watchdog caught collective operation timeout", "collective operation timeout",
    "Connection was likely closed. Did the remote server shutdown or crash", "failed to recv, got 0 bytes",
    "recvValue failed", "TCPStore server has shut down",
    // Open MPI
    "MPI_ERR_PROC_FAILED", "ORTE has lost communication", "readv failed: Connection",
    // Horovod
    "HorovodInternalError", "Horovod has been shut down"};

}  // namespace

bool blames_peer(const std::vector<std::string>& last_lines) {
  const std::size_t begin = last_lines.size() > most_lines ? last_lines.size() - most_lines : 0;
  return std::any_of(
      last_lines.begin() + static_cast<std::ptrdiff_t>(begin), last_lines.end(), [](const std::string& line) {
        return std::any_of(words.begin(), words.end(),
                           [&](std::string_view each) { return line.find(each) != std::string::npos; });
      });
}

}  // namespace smlaunch
