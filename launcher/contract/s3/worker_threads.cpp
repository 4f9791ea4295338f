// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/worker_threads.hpp"

#include <algorithm>

#include "base/signal_free_thread.hpp"

namespace smlaunch {

std::vector<Piece> cut_into_pieces(std::uint64_t begin, std::uint64_t end, std::uint64_t size) {
  std::vector<Piece> pieces;
  for (; begin < end; begin += std::min(size, end - begin))
    pieces.push_back({begin, begin + std::min(size, end - begin), pieces.size()});
  return pieces;
}

WorkerThreads::WorkerThreads(std::vector<Piece> pieces, int at_once, Work work)
    : pieces_(std::move(pieces)), work_(std::move(work)), done_(pieces_.size()) {
  const std::size_t count = std::min(pieces_.size(), static_cast<std::size_t>(std::max(at_once, 1)));
  for (std::size_t i = 0; i < count; ++i) threads_.push_back(start_signal_free_thread([this] { run(); }));
}

WorkerThreads::~WorkerThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  (void)join();
}

void WorkerThreads::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_ && next_ < pieces_.size()) {
    const Piece piece = pieces_[next_++];
    lock.unlock();
    auto worked = work_(piece);
    lock.lock();
    if (worked) {
      done_[piece.index] = true;
    } else {
      stopped_ = true;
      if (!failure_) failure_ = std::move(worked.error());
    }
    changed_.notify_all();
  }
}

std::optional<Piece> WorkerThreads::next_in_order() {
  std::unique_lock lock(mutex_);
  if (in_order_ == pieces_.size()) return {};
  changed_.wait(lock, [this] { return stopped_ || done_[in_order_]; });
  if (stopped_) return {};
  return pieces_[in_order_++];
}

S3Result<void> WorkerThreads::join() {
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  if (failure_) return tl::unexpected(*failure_);
  return {};
}

}  // namespace smlaunch
