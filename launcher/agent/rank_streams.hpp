// SPDX-License-Identifier: Apache-2.0
// The pipes of a rank's stdout and stderr, which are read line by line as long as there is room for more;
// and the pipe of its stdin, where it has one.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/line_splitter.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

class RankStreams {
 public:
  struct Callbacks {
    std::function<void(bool is_stderr, const std::string& lines)> lines;
    std::function<bool()> has_room;  // for more lines; otherwise the rank is held back until resume()
    std::function<void()> drained;   // called once: the rank has ended, and `lines` has had all its lines
  };

  RankStreams(boost::asio::io_context& loop, Callbacks callbacks);

  void open(UniqueFd out, UniqueFd err);
  void resume();  // there may be room again
  // The rank has ended. Where a descendant holds the pipes open, `drained` does not wait for it, and its
  // lines are still read.
  void rank_ended();

 private:
  struct Stream {
    explicit Stream(boost::asio::io_context& loop, bool is_err) : pipe(loop), is_stderr(is_err) {}
    boost::asio::posix::stream_descriptor pipe;
    LineSplitter splitter;
    std::unique_ptr<char[]> bytes;  // not set to zero: a rank that says nothing uses none of it
    bool is_stderr;
    bool open = false;
    bool held = false;  // nobody takes its lines, so it is not read
  };

  void read(Stream& stream);
  void wait_for_held_lines();
  void tell_if_drained();
  void tell_drained();

  Callbacks callbacks_;
  Stream out_;
  Stream err_;
  boost::asio::steady_timer drain_timer_;
  bool has_ended_ = false;
  bool is_drained_ = false;
};

// The stdin of a check program.
class RankInput {
 public:
  explicit RankInput(boost::asio::io_context& loop) : pipe_(loop) {}
  void open(UniqueFd pipe) { pipe_.assign(pipe.release()); }
  // Input that the leader repeats is written once.
  void take(const Input& input);

 private:
  void write();

  boost::asio::posix::stream_descriptor pipe_;
  std::string waiting_;
  std::string written_;  // the bytes that are being written
  std::uint64_t number_ = 0;
};

}  // namespace smlaunch
