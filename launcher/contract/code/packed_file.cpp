// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/packed_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace smlaunch {
namespace {

constexpr std::size_t block_size = 256U << 10U;

// Without those for which libarchive would run another program.
ArchiveReader open_packed(const ArchiveLibrary& library, const std::string& file) {
  ArchiveReader reader(library.read_new(), library.read_free);
  library.read_support_filter_gzip(reader.get());
  library.read_support_filter_bzip2(reader.get());
  library.read_support_filter_xz(reader.get());
  library.read_support_filter_lzma(reader.get());
  library.read_support_filter_zstd(reader.get());
  library.read_support_filter_lz4(reader.get());
  library.read_support_format_raw(reader.get());
  library.read_support_format_empty(reader.get());
  (void)library.read_open_filename(reader.get(), file.c_str(), block_size);
  return reader;
}

std::uint32_t little_endian(const unsigned char* bytes) {
  std::uint32_t number = 0;
  for (int i = 3; i >= 0; --i) number = number << 8U | bytes[i];
  return number;
}

}  // namespace

PackedFile::PackedFile(const ArchiveLibrary& library, std::filesystem::path file, const ArchiveRules& rules,
                       const std::atomic<bool>* cancelled)
    : library_(library),
      file_(std::move(file)),
      packed_(open_packed(library_, file_.native())),
      rules_(rules),
      cancelled_(cancelled) {
  archive_entry* entry = nullptr;
  const int begun = library_.error_number(packed_.get()) == 0
                        ? library_.read_next_header(packed_.get(), &entry)
                        : ARCHIVE_FATAL;
  at_end_ = begun == ARCHIVE_EOF;
  if (begun != ARCHIVE_OK && begun != ARCHIVE_EOF) problem_ = unreadable();
  struct stat facts {};
  if (stat(file_.c_str(), &facts) == 0) packed_size_ = static_cast<std::uint64_t>(facts.st_size);
}

std::string_view PackedFile::next() {
  std::string_view piece;
  while (piece.empty() && !at_end_ && !problem_) piece = read_block();
  if (piece.empty()) return {};
  size_ += piece.size();
  if (is_gzip()) sum_.add(piece);
  if (auto why = rules_.refuse_size(packed_size_, size_)) {
    problem_ = PackedProblem{PackedProblem::Kind::too_large, std::move(*why)};
    return {};
  }
  const std::size_t last_other = piece.find_last_not_of('\0');
  zeros_at_end_ =
      last_other == std::string_view::npos ? zeros_at_end_ + piece.size() : piece.size() - last_other - 1;
  return piece;
}

std::string_view PackedFile::read_block() {
  if (cancelled_ != nullptr && *cancelled_) {
    problem_ = PackedProblem{PackedProblem::Kind::cancelled, "was not unpacked to its end: told to stop"};
    return {};
  }
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int got = library_.read_data_block(packed_.get(), &bytes, &size, &offset);
  at_end_ = got == ARCHIVE_EOF;
  if (got < ARCHIVE_WARN) problem_ = unreadable();
  return at_end_ || got < ARCHIVE_WARN ? std::string_view()
                                       : std::string_view(static_cast<const char*>(bytes), size);
}

PackedProblem PackedFile::unreadable() const {
  return {PackedProblem::Kind::unreadable, error_text(library_, packed_.get())};
}

bool PackedFile::has_wrong_sum() const {
  std::array<unsigned char, 8> trailer{};
  const int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool got = is_gzip() && fd >= 0 && taken() >= trailer.size() &&
                   pread(fd, trailer.data(), trailer.size(), static_cast<off_t>(taken() - trailer.size())) ==
                       static_cast<ssize_t>(trailer.size());
  if (fd >= 0) close(fd);
  // Where there are several members, each has its own sum and size.
  const bool is_one_member = got && little_endian(&trailer[4]) == static_cast<std::uint32_t>(size_);
  return is_one_member && little_endian(trailer.data()) != sum_.value();
}

std::uint64_t PackedFile::left_over() const {
  const int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<char, 4096> bytes{};
  std::uint64_t at = taken();
  bool only_zeros = true;
  while (fd >= 0 && only_zeros) {
    const ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (got <= 0) break;
    const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
    only_zeros = text.find_first_not_of('\0') == std::string_view::npos;
    at += text.size();
  }
  if (fd >= 0) close(fd);
  return only_zeros || packed_size_ < taken() ? 0 : packed_size_ - taken();
}

std::uint64_t PackedFile::taken() const {
  return static_cast<std::uint64_t>(std::max<la_int64_t>(library_.filter_bytes(packed_.get(), -1), 0));
}

bool PackedFile::is_gzip() const {
  return library_.filter_count(packed_.get()) == 2 &&
         library_.filter_code(packed_.get(), 0) == ARCHIVE_FILTER_GZIP;
}

}  // namespace smlaunch
