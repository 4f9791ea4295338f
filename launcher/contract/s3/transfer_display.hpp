// SPDX-License-Identifier: Apache-2.0
// How far a transfer is, as one line on a terminal; nothing elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace smlaunch {

// "fetching s3://bucket/key: 34.0 of 210.5 MiB, 56 MiB/s", at most `width` characters: what is in the middle
// of `what` goes first. `size` 0: not known.
std::string render_transfer(std::string_view what, std::uint64_t done, std::uint64_t size, double seconds,
                            std::size_t width);

// In columns; 0: not a terminal.
std::size_t probe_terminal_width(int fd);

class TransferDisplay {
 public:
  // On a terminal of `width` columns, whose other end may be elsewhere; 0: nothing is shown. Begins after
  // `quiet`.
  TransferDisplay(int fd, std::size_t width, std::string what,
                  std::chrono::milliseconds quiet = std::chrono::milliseconds(1000));
  ~TransferDisplay();  // takes the line away
  TransferDisplay(const TransferDisplay&) = delete;
  TransferDisplay& operator=(const TransferDisplay&) = delete;

  // For S3Client::Settings::size_known and counter; from any thread.
  void set_size(std::uint64_t size) { size_ = size; }
  void add(std::uint64_t bytes);

 private:
  void write(const std::string& text) const;

  const int fd_;
  const std::size_t width_;
  const std::string what_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<std::uint64_t> size_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_;
  bool shown_ = false;
};

}  // namespace smlaunch
