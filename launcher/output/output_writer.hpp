// SPDX-License-Identifier: Apache-2.0
// Our stdout, stderr and log files. A thread writes them: a reader that stops reading, or a slow disk, stops
// this thread and not the event loop.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "launcher/output/log_files.hpp"

namespace smlaunch {

class OutputWriter {
 public:
  // `drained` is called from the thread whenever a long queue has become short again. `log_files`: where
  // log() writes; may be null.
  OutputWriter(std::function<void()> drained, std::shared_ptr<LogFiles> log_files);
  OutputWriter(const OutputWriter&) = delete;
  OutputWriter& operator=(const OutputWriter&) = delete;
  // Writes the lines that are left, and gives up after ten seconds without progress. Then it says on stderr
  // how much was not written, and why.
  ~OutputWriter();

  // Takes whole lines for stdout (1) or stderr (2). Lines given in one call are written together. Lines that
  // cannot be written (a full disk, a reader that went away) are counted; stderr tells the first failure.
  void write(int stream, std::string lines);
  // A line that stays below all others on stderr, if that is a terminal; it is gone while lines are printed, and at
  // the end. Empty: none.
  void show_live(std::string line);
  // Takes whole lines for a file of --log-dir.
  void log(std::string file, std::string lines);
  // True while too many lines wait: the caller should pause.
  [[nodiscard]] bool is_long();

 private:
  // Shared with the thread, which may be inside write(2) for longer than this object lives.
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);
  struct Block;
  void add(Block block);
  static void show_live(Shared& shared, std::unique_lock<std::mutex>& lock);
  static int write_block(Shared& shared, const Block& block);
  static int write_all(Shared& shared, int stream, const std::string& lines);

  std::shared_ptr<Shared> shared_;
};

}  // namespace smlaunch
