// SPDX-License-Identifier: Apache-2.0
// The channel's words: what agents and leader say to each other, as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/line_splitter.hpp"

namespace smlaunch {

enum class FrameKind : std::uint8_t {
  hello = 1,     // agent: who it is; nothing comes before it
  welcome,       // leader: the last data frame it has
  start,         // leader: the rank's variables; sent when all agents are there
  ping,          // leader: its clock
  pong,          // agent: that, and its own clock
  ack,           // leader: the last data frame it has
  signal,        // leader: a signal that ends the rank
  release,       // leader: leave
  outcome,       // leader to a worker: what the job came to; from it, without a payload: it has it
  stop_request,  // worker: its host was told to stop, by this signal; or (agent, too) Slurm has sent it SIGUSR1, SIGUSR2 or SIGTERM
  inspect,       // leader: what are the processes of your rank doing? "look": ask nothing of them
  input,         // leader: text for the stdin of a check program
  pass_on,       // leader: a signal that does not end the rank
  start_agents,  // leader to a worker that starts its host's agents: for these ranks
  end_agents,    // leader to it: a signal for those that it has started
  refusal,       // leader to a worker, instead of the welcome: why it is not let in
  relayed_up,    // the relay of a host to the leader: a frame of a neighbour (relay_messages.hpp)
  relayed_down,  // leader to the relay: a frame for a neighbour
  relayed_end,   // either: a neighbour's connection is over
  relayed_quiet,  // the relay to the leader: a neighbour that says nothing
  leader_quiet,   // the relay to its neighbours: when the host of a leader that says nothing was heard last
  status_wanted,  // worker: somebody on its host asks what the job is doing
  status_told,    // leader to it: that
  // Data frames: their payload begins with a sequence number, and they survive a lost connection.
  started = 32,  // agent: the entry point runs
  start_failed,  // agent: it could not be started
  output,        // agent: whole lines of one stream
  ended,         // agent: how the entry point ended
  inspected,     // agent: what the processes of its rank are doing
  code_ended,    // worker: what came of the user's code on its host
  end_unknown,   // agent: the entry point ended, and how is not known: why
  left_running,  // agent: what its rank has left running and is ended now
  progress,      // agent: what its rank has said of its progress since the last one
  agents_ended,  // worker: of the agents that it has started none runs any more
  device,        // the first agent of a host: what has happened to a device of the host
  starter_rank,  // agent of a starter (torchrun): a rank that it has started, or that has ended
  handed_over,   // the first agent of a host: it tells a smlaunch that waits there of the job
};

inline bool is_data(FrameKind kind) { return kind >= FrameKind::started; }

// What follows a frame's length, in bytes: of one whose sender has not said who it is, and of any other. A frame that is
// carried has some more around it.
inline constexpr std::size_t most_in_first_frame = 64U << 10U;
inline constexpr std::size_t most_in_frame = LineSplitter::longest_line + (1U << 20U);
inline constexpr std::size_t most_around_frame = 16;

struct Frame {
  FrameKind kind = FrameKind::hello;
  std::string payload;  // of a data frame: without the sequence number
  std::uint64_t sequence = 0;
};

std::string encode_frame(FrameKind kind, std::string_view payload);
std::string encode_data_frame(FrameKind kind, std::uint64_t sequence, std::string_view payload);
std::string encode_frame(const Frame& frame);  // of either

// Takes frames out of a stream of bytes.
class FrameReader {
 public:
  // A frame above `most` bytes breaks the stream: before a peer has proved who it is, that is little.
  explicit FrameReader(std::size_t most) : most_(most) {}
  void set_most(std::size_t most) { most_ = most; }
  void feed(std::string_view bytes);
  std::optional<Frame> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t most_;
  bool broken_ = false;
};

// Lines of one stream: the payload of an output frame.
struct OutputLines {
  bool is_stderr = false;
  std::uint64_t time_ns = 0;     // the agent's steady clock
  std::string_view lines;        // each ends with \n
  std::optional<int> rank = {};  // whose lines they are, where a starter (torchrun) has several ranks
};
std::string encode_output(const OutputLines& output);
std::optional<OutputLines> decode_output(std::string_view payload);

// The agent's side of a connection that may be lost and taken up again: keeps every data frame until the
// leader has it.
class UnackedFrames {
 public:
  // The frame's bytes, to be sent now.
  const std::string& add(FrameKind kind, std::string_view payload);
  void acknowledge(std::uint64_t sequence);
  [[nodiscard]] std::string all() const;  // to be sent again
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return frames_.empty(); }

 private:
  std::deque<std::string> frames_;
  std::uint64_t first_ = 1;  // the sequence number of frames_.front()
  std::size_t bytes_ = 0;
};

}  // namespace smlaunch
