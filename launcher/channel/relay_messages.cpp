// SPDX-License-Identifier: Apache-2.0
// The rank stands in the first four bytes, little endian.
#include "launcher/channel/relay_messages.hpp"

#include <limits>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::size_t size_of_number = 4;

void append_number(std::string& out, std::uint32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((number >> shift) & 0xFFU);
}

std::uint32_t read_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = size_of_number; i-- > 0;)
    number = (number << 8U) | static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  return number;
}

std::optional<int> read_rank(std::string_view bytes) {
  if (bytes.size() < size_of_number) return {};
  const std::uint32_t number = read_number(bytes);
  if (number > static_cast<std::uint32_t>(std::numeric_limits<int>::max())) return {};
  return static_cast<int>(number);
}

}  // namespace

std::string encode_relayed(FrameKind kind, int rank, std::string_view frame) {
  // As encode_frame() has it, without a copy of what may be a long line.
  std::string out;
  out.reserve(2 * size_of_number + 1 + frame.size());
  append_number(out, static_cast<std::uint32_t>(1 + size_of_number + frame.size()));
  out += static_cast<char>(kind);
  append_number(out, static_cast<std::uint32_t>(rank));
  out += frame;
  return out;
}

std::string encode_notice(FrameKind kind, const RelayedNotice& notice) {
  std::string payload;
  append_number(payload, static_cast<std::uint32_t>(notice.rank));
  append_number(payload, notice.milliseconds);
  return encode_frame(kind, payload);
}

std::optional<RelayedFrame> decode_relayed(std::string_view payload) {
  const auto rank = read_rank(payload);
  if (!rank) return {};
  payload.remove_prefix(size_of_number);
  // What the frame says of its own length must be all that is there.
  if (payload.size() < size_of_number || read_number(payload) != payload.size() - size_of_number) return {};
  FrameReader reader(most_in_frame);
  reader.feed(payload);
  auto frame = reader.next();
  if (!frame) return {};
  return RelayedFrame{*rank, std::move(*frame)};
}

std::optional<RelayedNotice> decode_notice(std::string_view payload) {
  const auto rank = read_rank(payload);
  if (!rank || payload.size() != 2 * size_of_number) return {};
  return RelayedNotice{*rank, read_number(payload.substr(size_of_number))};
}

}  // namespace smlaunch
