// SPDX-License-Identifier: Apache-2.0
// A frame: its length (4 bytes, little endian, of what follows), its kind (1 byte), for a data frame its
// sequence number (8 bytes), its payload.
#include "launcher/channel/frame.hpp"

#include <cassert>

namespace smlaunch {

namespace {

template <class T>
void append_number(std::string& out, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((number >> (8 * i)) & 0xFFU);
}

template <class T>
T read_number(std::string_view bytes) {
  T number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    number = static_cast<T>(number |
                            static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
  return number;
}

// An output frame: bits of its first byte, then the time (8 bytes), then the rank (4 bytes) if there is one.
constexpr int stderr_bit = 1;
constexpr int rank_bit = 2;
constexpr std::size_t head_of_output = 9;
constexpr std::size_t size_of_rank = 4;

// Of a reader's empty buffer.
constexpr std::size_t most_kept = 4U << 10U;

}  // namespace

std::string encode_frame(FrameKind kind, std::string_view payload) {
  assert(!is_data(kind));
  std::string out;
  out.reserve(payload.size() + 5);
  append_number(out, static_cast<std::uint32_t>(payload.size() + 1));
  out += static_cast<char>(kind);
  out += payload;
  return out;
}

std::string encode_data_frame(FrameKind kind, std::uint64_t sequence, std::string_view payload) {
  assert(is_data(kind));
  std::string out;
  out.reserve(payload.size() + 13);
  append_number(out, static_cast<std::uint32_t>(payload.size() + 9));
  out += static_cast<char>(kind);
  append_number(out, sequence);
  out += payload;
  return out;
}

std::string encode_frame(const Frame& frame) {
  return is_data(frame.kind) ? encode_data_frame(frame.kind, frame.sequence, frame.payload)
                             : encode_frame(frame.kind, frame.payload);
}

void FrameReader::feed(std::string_view bytes) {
  if (at_ == buffer_.size()) {
    buffer_.clear();
    // One long line should not cost its length for ever.
    if (buffer_.capacity() > most_kept) buffer_.shrink_to_fit();
  } else if (at_ > 0) {
    buffer_.erase(0, at_);
  }
  at_ = 0;
  buffer_ += bytes;
}

std::optional<Frame> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (broken_ || rest.size() < 5) return {};
  const std::size_t length = read_number<std::uint32_t>(rest);
  const auto kind = static_cast<FrameKind>(static_cast<std::uint8_t>(rest[4]));
  const std::size_t head = is_data(kind) ? 9 : 1;
  if (length < head || length > most_) {
    broken_ = true;
    return {};
  }
  if (rest.size() < 4 + length) return {};
  Frame frame;
  frame.kind = kind;
  if (is_data(kind)) frame.sequence = read_number<std::uint64_t>(rest.substr(5));
  frame.payload = rest.substr(4 + head, length - head);
  at_ += 4 + length;
  return frame;
}

std::string encode_output(const OutputLines& output) {
  std::string payload;
  payload.reserve(output.lines.size() + head_of_output + size_of_rank);
  payload += static_cast<char>((output.is_stderr ? stderr_bit : 0) | (output.rank ? rank_bit : 0));
  append_number(payload, output.time_ns);
  if (output.rank) append_number(payload, static_cast<std::uint32_t>(*output.rank));
  payload += output.lines;
  return payload;
}

std::optional<OutputLines> decode_output(std::string_view payload) {
  if (payload.size() < head_of_output) return {};
  OutputLines output{.is_stderr = (payload[0] & stderr_bit) != 0,
                     .time_ns = read_number<std::uint64_t>(payload.substr(1)),
                     .lines = payload.substr(head_of_output),
                     .rank = {}};
  if ((payload[0] & rank_bit) == 0) return output;
  if (output.lines.size() < size_of_rank) return {};
  output.rank = static_cast<int>(read_number<std::uint32_t>(output.lines));
  if (*output.rank < 0) return {};
  output.lines.remove_prefix(size_of_rank);
  return output;
}

const std::string& UnackedFrames::add(FrameKind kind, std::string_view payload) {
  frames_.push_back(encode_data_frame(kind, first_ + frames_.size(), payload));
  bytes_ += frames_.back().size();
  return frames_.back();
}

void UnackedFrames::acknowledge(std::uint64_t sequence) {
  while (!frames_.empty() && first_ <= sequence) {
    bytes_ -= frames_.front().size();
    frames_.pop_front();
    ++first_;
  }
}

std::string UnackedFrames::all() const {
  std::string out;
  for (const std::string& frame : frames_) out += frame;
  return out;
}

}  // namespace smlaunch
