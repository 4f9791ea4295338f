// SPDX-License-Identifier: Apache-2.0
// The last lines of a host's ranks under torchrun or xla, which give all ranks one pipe. Where each line
// says whose it is, the lines are kept rank by rank. So the peers of the rank that failed cannot push its
// traceback out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/evidence/text_tail.hpp"
#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

// The lines to show for the end of a rank, or of all ranks of a starter.
struct LastWords {
  std::vector<std::string> lines;
  std::uint64_t traceback_ns = 0;  // when the traceback began to come; 0: there is none
  std::optional<int> failed_rank;  // the rank whose lines these are, where there are several ranks
  bool operator==(const LastWords&) const = default;
};

class StarterTail {
 public:
  // As TextTail::add. `rank`: whose lines they are, where that is known without words before them.
  void add(std::string_view lines, std::uint64_t now_ns = 0, std::optional<int> rank = {});

  // How a rank has ended; nothing: it has begun, or nobody has seen its end.
  void set_end(int rank, const std::optional<ExitStatus>& status);

  // The lines of the rank that torchrun names, or, without its summary, of the first that was seen to fail; where
  // that rank has only lost its peer, the lines of the first other rank with a reason of its own; where the rank's
  // lines are not known, the traceback in the summary; where no line says whose it is, the first traceback that does
  // not blame a peer. torchrun's own summary follows.
  [[nodiscard]] LastWords last_words() const;

 private:
  // The first traceback in lines without a rank that neither blames a peer nor is torchrun's own.
  class FirstTraceback {
   public:
    void add(std::string_view line, std::uint64_t now_ns);
    [[nodiscard]] LastWords found() const;

   private:
    [[nodiscard]] bool is_own() const;
    std::vector<std::string> lines_;  // of the traceback that is coming, or of the first
    std::size_t bytes_ = 0;
    std::size_t lines_after_ = 0;  // of the message that follows the exception
    std::uint64_t ns_ = 0;
    bool has_exception_ = false;
    bool goes_on_ = false;  // a chained traceback follows
    bool is_found_ = false;
  };
  [[nodiscard]] const TextTail* tail_of(int rank, int local_rank) const;
  [[nodiscard]] std::uint64_t ns_of_traceback(const std::vector<std::string>& traceback) const;
  void add_line(std::string_view line, std::uint64_t now_ns, std::optional<int> rank);
  // The earliest traceback of all ranks whose lines are known; a traceback that blames no peer comes first.
  [[nodiscard]] LastWords earliest_traceback() const;

  std::map<int, TextTail> by_local_rank_;
  std::map<int, TextTail> by_rank_;
  TextTail others_;
  FirstTraceback first_;
  std::vector<TorchrunFailure> failed_;  // as they were seen, the first in front
};

}  // namespace smlaunch
