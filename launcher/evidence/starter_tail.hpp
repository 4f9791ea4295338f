// SPDX-License-Identifier: Apache-2.0
// The end of what a host's ranks printed through torchrun or xla, which give them one pipe: kept rank by rank
// where each line says whose it is, so that the peers of the one that failed cannot push its traceback out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/evidence/text_tail.hpp"

namespace smlaunch {

// What to tell of the end of a rank, or of all that a starter stands for.
struct LastWords {
  std::vector<std::string> lines;
  std::uint64_t traceback_ns = 0;  // when its traceback began to come; 0: there is none
  std::optional<int> failed_rank;  // whose lines they are, where several may be meant
  bool operator==(const LastWords&) const = default;
};

class StarterTail {
 public:
  // As TextTail::add.
  void add(std::string_view lines, std::uint64_t now_ns = 0);

  // The lines of the rank that torchrun names, or (where that one has only lost its peer) of the first of the
  // others with a reason of its own; of a rank whose lines are not known, the traceback that the summary has;
  // where no line says whose it is, the first traceback that does not blame a peer. torchrun's own summary
  // after them.
  [[nodiscard]] LastWords last_words() const;

 private:
  // The first traceback in lines that are nobody's, but for those that blame a peer and torchrun's own.
  class FirstTraceback {
   public:
    void add(std::string_view line, std::uint64_t now_ns);
    [[nodiscard]] LastWords found() const;

   private:
    [[nodiscard]] bool is_own() const;
    std::vector<std::string> lines_;  // of the one under way, or of the first
    std::size_t bytes_ = 0;
    std::size_t lines_after_ = 0;  // of the message that follows the exception
    std::uint64_t ns_ = 0;
    bool has_exception_ = false;
    bool goes_on_ = false;  // a chained one follows
    bool is_found_ = false;
  };
  [[nodiscard]] const TextTail* tail_of(int rank, int local_rank) const;
  [[nodiscard]] std::uint64_t ns_of_traceback(const std::vector<std::string>& traceback) const;
  void add_line(std::string_view line, std::uint64_t now_ns);
  // Of all whose lines are known, one that blames no peer first.
  [[nodiscard]] LastWords earliest_traceback() const;

  std::map<int, TextTail> by_local_rank_;
  std::map<int, TextTail> by_rank_;
  TextTail others_;
  FirstTraceback first_;
};

}  // namespace smlaunch
