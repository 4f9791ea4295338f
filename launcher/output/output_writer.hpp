// SPDX-License-Identifier: Apache-2.0
// Our stdout, stderr and log files, written by a thread: a reader that stops reading, or a slow disk, stops
// this thread, not the event loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "launcher/output/log_files.hpp"

namespace smlaunch {

class OutputWriter {
 public:
  // `drained` is called from the thread whenever the queue has become short after having been long.
  // `log_files`: where log() writes; may be null.
  OutputWriter(std::function<void()> drained, std::shared_ptr<LogFiles> log_files);
  OutputWriter(const OutputWriter&) = delete;
  OutputWriter& operator=(const OutputWriter&) = delete;
  // Writes what is left, as long as somebody reads: gives up after ten seconds without progress. Says on
  // stderr how much was not written, and why.
  ~OutputWriter();

  // Takes whole lines for stdout (1) or stderr (2). Lines given in one call are written together. Lines that
  // cannot be written (a full disk, a reader that went away) are counted; the first of them is said.
  void write(int stream, std::string lines);
  // Takes whole lines for a file of --log-dir.
  void log(std::string file, std::string lines);
  // True while more waits than is good: whoever produces lines should pause.
  [[nodiscard]] bool is_long();

 private:
  // The thread's too: it may sit in write(2) for longer than we live.
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);
  struct Block;
  void add(Block block);
  static int write_block(Shared& shared, const Block& block);
  static int write_all(Shared& shared, int stream, const std::string& lines);

  std::shared_ptr<Shared> shared_;
};

}  // namespace smlaunch
