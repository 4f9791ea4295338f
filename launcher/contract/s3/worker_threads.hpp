// SPDX-License-Identifier: Apache-2.0
// A range of bytes cut into pieces that several threads work on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "launcher/contract/s3/s3_failure.hpp"

namespace smlaunch {

struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t index = 0;
};

// `end - begin` bytes in pieces of `size`, the last one shorter.
std::vector<Piece> cut_into_pieces(std::uint64_t begin, std::uint64_t end, std::uint64_t size);

// The threads begin with the constructor, have all signals blocked, and are gone after join() or the
// destructor. After the first piece that fails no other is begun.
class WorkerThreads {
 public:
  using Work = std::function<S3Result<void>(const Piece& piece)>;

  WorkerThreads(std::vector<Piece> pieces, int at_once, Work work);
  ~WorkerThreads();
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  // Waits for the next piece, in order, to be done. Nothing: all are, or one has failed.
  std::optional<Piece> next_in_order();

  // The first failure, if there was one.
  S3Result<void> join();

 private:
  void run();

  std::vector<Piece> pieces_;
  Work work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> done_;
  std::size_t next_ = 0;      // not yet begun
  std::size_t in_order_ = 0;  // not yet told
  bool stopped_ = false;
  std::optional<S3Failure> failure_;
  std::vector<std::thread> threads_;
};

}  // namespace smlaunch
