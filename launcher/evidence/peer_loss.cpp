// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/peer_loss.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "launcher/evidence/failure_reason.hpp"

namespace smlaunch {

namespace {

// The program has survived errors further back.
constexpr std::size_t most_lines = 60;

constexpr std::array<std::string_view, 19> words = {
    // gloo: "Read error [10.0.0.2]:1234: Connection reset by peer", "Connection closed by peer",
    // "writev [10.0.0.2]:1234: Broken pipe", "Timed out waiting 1800000ms for recv operation to complete"
    "Connection reset by peer", "Connection closed by peer", "Broken pipe", "Timed out waiting",
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

// NCCL's own words stand behind the exception that PyTorch makes of them.
constexpr std::size_t most_lines_behind = 2;

bool has_words(std::string_view line) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view each) { return has(line, each); });
}

}  // namespace

bool blames_peer(const std::vector<std::string>& last_lines) {
  const std::size_t begin = last_lines.size() > most_lines ? last_lines.size() - most_lines : 0;
  return std::any_of(last_lines.begin() + static_cast<std::ptrdiff_t>(begin), last_lines.end(), has_words);
}

bool fails_for_peer(const std::vector<std::string>& last_lines) {
  if (!blames_peer(last_lines)) return false;
  const auto reason = find_reason(last_lines);
  if (!reason || !reason->is_traceback) return true;
  if (has_words(reason->text)) return true;
  const std::size_t end = std::min(reason->end + most_lines_behind, last_lines.size());
  for (std::size_t i = reason->begin; i < end; ++i) {
    // "[W socket.cpp:601] …": of another thread, while the interpreter ends.
    const bool is_log_line = i >= reason->end && last_lines[i].starts_with("[W");
    if (!is_log_line && has_words(last_lines[i])) return true;
  }
  return false;
}

}  // namespace smlaunch
