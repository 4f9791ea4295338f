// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_streams.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_size = 64U << 10U;
// A descendant of the rank may hold its pipes open for ever. Lines that are written already arrive within
// this time.
constexpr std::chrono::milliseconds drain_bound{300};

}  // namespace

RankStreams::RankStreams(asio::io_context& loop, Callbacks callbacks)
    : callbacks_(std::move(callbacks)), out_(loop, false), err_(loop, true), drain_timer_(loop) {}

void RankStreams::open(UniqueFd out, UniqueFd err) {
  out_.pipe.assign(out.release());
  err_.pipe.assign(err.release());
  for (Stream* stream : {&out_, &err_}) {
    stream->bytes = std::make_unique_for_overwrite<char[]>(read_size);
    stream->open = true;
    read(*stream);
  }
}

void RankStreams::read(Stream& stream) {
  if (!stream.open) return;
  if (!callbacks_.has_room()) {
    stream.held = true;
    return;
  }
  stream.pipe.async_read_some(asio::buffer(stream.bytes.get(), read_size),
                              [this, &stream](error_code error, std::size_t got) {
                                if (error == asio::error::operation_aborted) return;
                                std::string lines;
                                if (error) {
                                  stream.open = false;
                                  stream.splitter.finish(lines);
                                } else {
                                  stream.splitter.feed(std::string_view(stream.bytes.get(), got), lines);
                                }
                                if (!lines.empty()) callbacks_.lines(stream.is_stderr, lines);
                                if (error) return tell_if_drained();
                                read(stream);
                              });
}

void RankStreams::resume() {
  for (Stream* stream : {&out_, &err_}) {
    if (!stream->held || !callbacks_.has_room()) continue;
    stream->held = false;
    read(*stream);
  }
}

void RankStreams::rank_ended() {
  has_ended_ = true;
  drain_timer_.expires_after(drain_bound);
  drain_timer_.async_wait([this](error_code error) {
    if (!error) wait_for_held_lines();
  });
  tell_if_drained();
}

// The bound is for a descendant that holds a pipe open without writing. A slow reader costs no line.
void RankStreams::wait_for_held_lines() {
  if (out_.held || err_.held) {
    drain_timer_.expires_after(drain_bound);
    drain_timer_.async_wait([this](error_code error) {
      if (!error) wait_for_held_lines();
    });
    return;
  }
  // A process that the rank has left running may still write, and would die of a pipe that nobody reads.
  for (Stream* stream : {&out_, &err_}) {
    std::string lines;
    stream->splitter.finish(lines);
    if (!lines.empty()) callbacks_.lines(stream->is_stderr, lines);
  }
  tell_drained();
}

void RankStreams::tell_if_drained() {
  if (has_ended_ && !out_.open && !err_.open) tell_drained();
}

void RankStreams::tell_drained() {
  if (is_drained_) return;
  is_drained_ = true;
  drain_timer_.cancel();
  callbacks_.drained();
}

void RankInput::take(const Input& input) {
  if (input.number <= number_ || !pipe_.is_open()) return;
  number_ = input.number;
  waiting_ += input.text;
  if (written_.empty()) write();
}

// A program that does not read, or has ended, gets no more.
void RankInput::write() {
  written_.swap(waiting_);
  if (written_.empty()) return;
  asio::async_write(pipe_, asio::buffer(written_), [this](error_code error, std::size_t) {
    written_.clear();
    if (error)
      pipe_.close(error);
    else
      write();
  });
}

}  // namespace smlaunch
