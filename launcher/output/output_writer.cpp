// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/output_writer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/own_words.hpp"
#include "base/signal_free_thread.hpp"
#include "launcher/output/live_line.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t long_queue = 8U << 20U;
constexpr std::size_t short_queue = 2U << 20U;
constexpr std::chrono::seconds stalled_bound{10};

constexpr int log_stream = 0;  // all files of --log-dir

const char* name_of(int stream) {
  return stream == 1 ? "stdout" : stream == 2 ? "stderr" : "a file of --log-dir";
}

}  // namespace

struct OutputWriter::Block {
  int stream = log_stream;
  std::string file;  // of log_stream
  std::string lines;
};

struct OutputWriter::Shared {
  struct Stream {
    bool closed = false;  // its reader is gone
    std::size_t lost_bytes = 0;
    int error_number = 0;  // why the first of these bytes were lost
  };
  std::function<void()> drained;
  std::shared_ptr<LogFiles> log_files;  // only the thread uses them
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<OutputWriter::Block> queue;
  std::size_t waiting_bytes = 0;
  std::size_t written = 0;  // grows with every write, which shows progress
  std::array<Stream, 3> streams;
  std::optional<std::string> live;  // a new one, not yet shown
  LiveLine live_line{2};            // only the thread uses it
  bool was_long = false;
  bool ending = false;
  std::thread thread;
};

OutputWriter::OutputWriter(std::function<void()> drained, std::shared_ptr<LogFiles> log_files)
    : shared_(std::make_shared<Shared>()) {
  shared_->drained = std::move(drained);
  shared_->log_files = std::move(log_files);
  // Signals belong to the event loop's thread.
  shared_->thread = start_signal_free_thread([shared = shared_] { run(shared); });
}

OutputWriter::~OutputWriter() {
  std::unique_lock lock(shared_->mutex);
  shared_->drained = nullptr;
  shared_->ending = true;
  shared_->changed.notify_all();
  auto deadline = std::chrono::steady_clock::now() + stalled_bound;
  for (std::size_t written = shared_->written; !shared_->queue.empty();) {
    const bool in_time = shared_->changed.wait_until(lock, deadline) == std::cv_status::no_timeout;
    if (shared_->written != written)
      deadline = std::chrono::steady_clock::now() + stalled_bound;
    else if (!in_time)
      break;
    written = shared_->written;
  }
  const std::size_t left = shared_->waiting_bytes;
  const auto streams = shared_->streams;
  shared_->queue.clear();
  std::thread thread = std::move(shared_->thread);
  lock.unlock();
  if (left == 0)
    thread.join();
  else
    thread.detach();
  if (left > 0)
    say("nobody has read our output for {} s: its last {} bytes were not written", stalled_bound.count(),
        left);
  for (const int stream : {1, 2, log_stream}) {
    const auto& each = streams[static_cast<std::size_t>(stream)];
    if (each.lost_bytes > 0 && each.error_number != EPIPE)
      say("{} bytes of the ranks' lines for {} were lost: {}", each.lost_bytes, name_of(stream),
          std::strerror(each.error_number));
  }
}

void OutputWriter::write(int stream, std::string lines) { add({stream, "", std::move(lines)}); }

void OutputWriter::log(std::string file, std::string lines) {
  add({log_stream, std::move(file), std::move(lines)});
}

void OutputWriter::add(Block block) {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting_bytes += block.lines.size();
  if (shared_->waiting_bytes > long_queue) shared_->was_long = true;
  shared_->queue.push_back(std::move(block));
  shared_->changed.notify_all();
}

void OutputWriter::show_live(std::string line) {
  const std::lock_guard lock(shared_->mutex);
  shared_->live = std::move(line);
  shared_->changed.notify_all();
}

bool OutputWriter::is_long() {
  const std::lock_guard lock(shared_->mutex);
  return shared_->was_long;
}

void OutputWriter::run(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->changed.wait(lock, [&] { return !shared->queue.empty() || shared->ending || shared->live; });
    if (shared->queue.empty()) {
      const bool is_over = shared->ending;
      if (is_over) shared->live = "";
      show_live(*shared, lock);
      if (is_over) return;
      continue;
    }
    const Block block = std::move(shared->queue.front());
    const bool closed = shared->streams[static_cast<std::size_t>(block.stream)].closed;
    lock.unlock();
    const int error_number = closed ? EPIPE : write_block(*shared, block);
    lock.lock();
    // Meanwhile our owner has given up, and has counted this block as not written.
    if (shared->queue.empty()) return;
    if (error_number != 0) {
      auto& stream = shared->streams[static_cast<std::size_t>(block.stream)];
      if (stream.lost_bytes == 0) {
        stream.error_number = error_number;
        stream.closed = error_number == EPIPE;
        say("{} cannot be written ({}): ranks' lines are lost, the job goes on", name_of(block.stream),
            std::strerror(error_number));
      }
      stream.lost_bytes += block.lines.size();
    }
    shared->waiting_bytes -= block.lines.size();
    ++shared->written;
    shared->queue.pop_front();
    shared->changed.notify_all();
    // Between lines that come close together it is not drawn.
    if (shared->queue.empty() && !shared->ending) show_live(*shared, lock);
    if (!shared->was_long || shared->waiting_bytes > short_queue) continue;
    shared->was_long = false;
    if (shared->drained) shared->drained();
  }
}

// Where the terminal takes nothing, the thread waits, and not who adds lines.
void OutputWriter::show_live(Shared& shared, std::unique_lock<std::mutex>& lock) {
  std::optional<std::string> line = std::exchange(shared.live, std::nullopt);
  lock.unlock();
  if (line) shared.live_line.set(std::move(*line));
  shared.live_line.draw();
  lock.lock();
}

int OutputWriter::write_block(Shared& shared, const Block& block) {
  if (block.stream != log_stream) {
    shared.live_line.make_room(block.stream);
    return write_all(shared, block.stream, block.lines);
  }
  return shared.log_files ? shared.log_files->append(block.file, block.lines) : 0;
}

// Returns 0 or an errno.
int OutputWriter::write_all(Shared& shared, int stream, const std::string& lines) {
  std::size_t at = 0;
  while (at < lines.size()) {
    const ssize_t wrote = ::write(stream, lines.data() + at, lines.size() - at);
    if (wrote > 0) {
      at += static_cast<std::size_t>(wrote);
      const std::lock_guard lock(shared.mutex);
      ++shared.written;
      shared.changed.notify_all();
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd writable{stream, POLLOUT, 0};
      poll(&writable, 1, 1000);
      continue;
    }
    return wrote < 0 ? errno : EIO;
  }
  return 0;
}

}  // namespace smlaunch
