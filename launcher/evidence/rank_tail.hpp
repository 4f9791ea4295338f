// SPDX-License-Identifier: Apache-2.0
// The room launcher/evidence: what a rank's last lines say: which exception, whose prefix, whose words,
// whether only a peer was lost. It promises to keep little, however much a rank prints. It is pure and
// touches nothing.
//
// This file: the end of a rank's two streams, which are the lines to show when the rank has failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/evidence/starter_tail.hpp"
#include "launcher/evidence/text_tail.hpp"

namespace smlaunch {

// Keeps the last bytes as they come: a rank may print a million lines a second to stdout, and few failures are told
// there.
class ByteTail {
 public:
  // Whole lines, read at `now_ns`.
  void add(std::string_view lines, std::uint64_t now_ns);
  // The last whole lines, 64 KiB of them at most.
  [[nodiscard]] std::string_view lines() const;
  // When a Python traceback began to come last; 0: none came.
  [[nodiscard]] std::uint64_t traceback_ns() const { return traceback_ns_; }

 private:
  std::string bytes_;
  std::uint64_t traceback_ns_ = 0;
};

class RankTail {
 public:
  // `of_starter`: the program is torchrun or xla, and its children are the ranks.
  explicit RankTail(bool of_starter);
  void add_stdout(std::string_view lines, std::uint64_t now_ns) { stdout_.add(lines, now_ns); }
  // `rank`: whose lines they are, where a starter's ranks have pipes of their own.
  void add_stderr(std::string_view lines, std::uint64_t now_ns, std::optional<int> rank = {});

  // How a starter's rank has ended; nothing: it has begun, or nobody has seen its end.
  void set_end(int rank, const std::optional<ExitStatus>& status) {
    if (starter_) starter_->set_end(rank, status);
  }

  // The last lines of stderr. Where they tell no error and stdout's last lines tell one: stdout's lines from
  // the error on. Where stderr is empty: stdout's last lines.
  [[nodiscard]] LastWords last_words() const;

 private:
  [[nodiscard]] LastWords words_on_stdout(const LastWords& on_stderr) const;

  std::optional<StarterTail> starter_;
  TextTail stderr_;
  ByteTail stdout_;
};

}  // namespace smlaunch
