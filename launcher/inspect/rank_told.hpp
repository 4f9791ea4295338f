// SPDX-License-Identifier: Apache-2.0
// What a Python process of a rank tells of itself: the answer of the thread that python/rank_thread/sitecustomize.py
// starts in it. Foreign text: a key that is missing or strange has its default.
//
// {pid, python, torch: its version, threads: [{name, is_main, frames: [[function, file, line]], innermost first,
// call: null or {op, group, sizes, types, peer}}]}, and where torch.distributed is imported {counts_from_one, rank,
// groups: [{name, description, is_default, backend, ranks: [[first, last]], sequence}], recorder, nccl_recorder:
// PyTorch's flight recorder as JSON in a text, or null}. shorten_told() adds times: {name of a group: [[sequence, begun,
// waited]]} of the last collectives in which every rank waits for all others.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// Bytes of an answer after shorten_told().
inline constexpr std::size_t most_told = 128U << 10U;

struct ToldFrame {
  std::string function = {};
  std::string file = {};
  int line = 0;
};

// A call of torch.distributed that a thread is in.
struct ToldCall {
  std::string op = {};           // the function that the program has called: "all_reduce"
  std::string group = {};        // empty: not known
  std::string sizes = {};        // of the tensors: "[1000, 10] float32"; empty: none, or not known
  std::optional<int> peer = {};  // of send and recv: the other rank
};

struct ToldThread {
  std::string name = {};
  bool is_main = false;
  std::vector<ToldFrame> frames = {};  // innermost first
  std::optional<ToldCall> call = {};
};

// A collective that the flight recorder has seen.
struct RecordedCollective {
  std::uint64_t sequence = 0;
  std::string op = {};  // without the library's name: "all_reduce"
  std::string sizes = {};
  bool has_ended = false;
};

// When a rank came to a collective in which every rank waits for all others.
struct TimedCollective {
  std::uint64_t sequence = 0;
  std::uint64_t begun_ns = 0;                   // by its host's calendar
  std::optional<std::uint64_t> waited_ns = {};  // in it; nothing: the recorder knows only when it came
  auto operator<=>(const TimedCollective&) const = default;
};

// Ranks of torch's default group, from the first to the last.
struct RankRange {
  int first = 0;
  int last = 0;
  auto operator<=>(const RankRange&) const = default;
};

struct ToldGroup {
  std::string name = {};
  std::string description = {};
  bool is_default = false;
  std::vector<RankRange> ranks = {};
  std::optional<std::uint64_t> sequence = {};     // of the last collective that it has begun
  std::vector<RecordedCollective> recorded = {};  // ascending, the last ones and those that have not ended
  bool is_recorded = false;                       // a recorder would know this group's collectives
  std::vector<TimedCollective> timed = {};        // the last ones, ascending
};

struct RankTold {
  bool counts_from_one = false;  // its groups' sequence numbers
  std::optional<int> rank = {};  // in torch's default group
  std::vector<ToldThread> threads = {};
  std::vector<ToldGroup> groups = {};
};

// The same answer with the last collectives of the recorders and those that have not ended only: at most `most_told`
// bytes. Nothing for what is no answer, is nested deeper than one, or stays too long.
std::optional<std::string> shorten_told(std::string_view answer);

// Nothing for what is no answer.
std::optional<RankTold> parse_told(std::string_view answer);

// The frames as in ProcessState::python_stack: "train.py:12 in load".
std::vector<std::string> stack_of(const ToldThread& thread);
// Of the main thread.
std::vector<std::string> main_stack(const RankTold& told);

// Where its main thread is in the user's program, "load (train.py:12)", which is not within Python's own or installed
// modules if there is another frame; empty: there is none at all.
std::string place_in_program(const RankTold& told);

}  // namespace smlaunch
