// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/file_sums.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace smlaunch {

namespace {

// The second reading goes by pieces: whoever gives up waits for one of them.
std::vector<Piece> all_and_then_by_pieces(std::uint64_t size) {
  constexpr std::uint64_t mebibyte = 1 << 20;
  std::vector<Piece> pieces{{0, size, 0}};
  for (const Piece& piece : cut_into_pieces(0, size, mebibyte))
    pieces.push_back({piece.begin, piece.end, pieces.size()});
  return pieces;
}

}  // namespace

tl::unexpected<S3Failure> file_not_read(const std::string& name, int number) {
  return s3_failure({.trouble = S3Trouble::file, .number = number}, name,
                    fmt::format("could not be read: {}", std::strerror(number)));
}

S3Result<void> read_file_range(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name,
                               const std::function<void(std::string_view)>& take) {
  std::string block(128 << 10, '\0');
  while (size > 0) {
    const ssize_t got =
        ::pread(fd, block.data(), std::min<std::uint64_t>(size, block.size()), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_not_read(name, errno);
    if (got == 0)
      return s3_failure({.trouble = S3Trouble::changed}, name, "became shorter while it was uploaded");
    take({block.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  return {};
}

S3Result<std::uint32_t> crc32c_of(int fd, std::uint64_t size, const std::string& name) {
  std::uint32_t crc = 0;
  const auto add = [&](std::string_view data) { crc = crc32c(data, crc); };
  if (auto read = read_file_range(fd, 0, size, name, add); !read)
    return tl::unexpected(std::move(read.error()));
  return crc;
}

SumsMeanwhile::SumsMeanwhile(int fd, std::uint64_t size, const std::string& name)
    : thread_(all_and_then_by_pieces(size), 1, [this, fd, size, &name](const Piece& piece) -> S3Result<void> {
        if (piece.index > 0)
          return read_file_range(fd, piece.begin, piece.end - piece.begin, name,
                                 [this](std::string_view data) { sums_.add(data); });
        auto read = crc32c_of(fd, size, name);
        if (!read) return tl::unexpected(std::move(read.error()));
        crc_ = *read;
        return {};
      }) {}

S3Result<std::uint32_t> SumsMeanwhile::crc() {
  if (!thread_.next_in_order()) return tl::unexpected(thread_.join().error());
  return crc_;
}

S3Result<FileSums*> SumsMeanwhile::sums() {
  if (auto read = thread_.join(); !read) return tl::unexpected(std::move(read.error()));
  return &sums_;
}

}  // namespace smlaunch
