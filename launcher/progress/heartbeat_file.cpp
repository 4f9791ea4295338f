// SPDX-License-Identifier: Apache-2.0
// A pipe would make a rank wait where we are slow, end it where we are gone, and be at its end whenever a program closes
// it. So it is a regular file, which we read from where we have been.
#include "launcher/progress/heartbeat_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "launcher/progress/heartbeat_line.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view name_begin = "heartbeat.";
constexpr std::size_t block = 64U << 10U;
// What is read at a time; what waits beyond it is left out up to the last block.
constexpr off_t most_at_once = 1U << 20U;
// So much that was read may lie there.
constexpr off_t most_read_kept = 256U << 10U;

bool is_held(int fd) { return flock(fd, LOCK_EX | LOCK_NB) != 0; }

// Its maker holds a lock on each: those of processes that were killed are nobody's.
void remove_old_files(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string path = each->path().string();
    if (!each->path().filename().string().starts_with(name_begin)) continue;
    const int fd = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) continue;
    if (!is_held(fd)) unlink(path.c_str());
    close(fd);
  }
}

// Another process may have taken ours for an old one between its making and its lock.
int open_locked(std::string& path) {
  const std::string pattern = path;
  for (int tries = 0; tries < 10; ++tries) {
    path = pattern;
    const int fd = mkostemp(path.data(), O_APPEND | O_CLOEXEC);
    if (fd < 0) return -1;
    struct stat facts {};
    if (!is_held(fd) && fstat(fd, &facts) == 0 && facts.st_nlink > 0) return fd;
    close(fd);
  }
  errno = EBUSY;
  return -1;
}

}  // namespace

Result<HeartbeatFile> HeartbeatFile::make(const std::string& folder, int rank) {
  remove_old_files(folder);
  std::string path = fmt::format("{}/{}{}.XXXXXX", folder, name_begin, rank);
  const int fd = open_locked(path);
  if (fd < 0)
    return failure(Fault::start, path, fmt::format("cannot be made: {}", std::strerror(errno)),
                   "the rank runs without heartbeats");
  return HeartbeatFile(std::move(path), fd);
}

HeartbeatFile::HeartbeatFile(HeartbeatFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

HeartbeatFile::~HeartbeatFile() {
  if (fd_ < 0) return;
  unlink(path_.c_str());
  close(fd_);
}

// Whoever truncates it and writes leaves it shorter, as long with another time, or without a line's end where we are.
void HeartbeatFile::begin_again_where_rewritten(const struct stat& facts) {
  const bool is_new = facts.st_mtim.tv_sec != changed_.tv_sec || facts.st_mtim.tv_nsec != changed_.tv_nsec;
  if (at_ == 0) return;
  char before = 0;
  const bool is_line_end = skips_line_ || (pread(fd_, &before, 1, at_ - 1) == 1 && before == '\n');
  if (facts.st_size >= at_ && is_line_end && (facts.st_size > at_ || !is_new)) return;
  at_ = given_back_ = 0;
  skips_line_ = false;
}

void HeartbeatFile::leave_out_old(off_t size) {
  if (size - at_ <= most_at_once) return;
  at_ = size - static_cast<off_t>(block);
  skips_line_ = true;
}

Progress HeartbeatFile::read(bool is_last) {
  struct stat there {};
  struct stat ours {};
  const bool is_replaced = fd_ >= 0 && stat(path_.c_str(), &there) == 0 && fstat(fd_, &ours) == 0 &&
                           (there.st_ino != ours.st_ino || there.st_dev != ours.st_dev);
  Progress progress = read_open(is_last || is_replaced);
  if (is_replaced && open_replaced()) progress.add(read_open(is_last));
  return progress;
}

// A program may put another file in the place of ours (os.replace()). It is the rank's user's, or none.
bool HeartbeatFile::open_replaced() {
  const int fd = open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0) return false;
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid()) {
    close(fd);
    return false;
  }
  (void)is_held(fd);  // it is not old, whoever looks for old ones
  close(std::exchange(fd_, fd));
  at_ = given_back_ = 0;
  skips_line_ = is_told_ = false;
  unfinished_.clear();
  return true;
}

void HeartbeatFile::leave_unfinished(std::string_view next, Progress& progress) {
  if (!unfinished_.empty() && !is_told_ && !next.starts_with(unfinished_))
    progress.add(parse_heartbeat_line(unfinished_));
  unfinished_.clear();
  is_told_ = false;
}

// The end of a line may come yet, or never: whoever writes the file anew each time may leave it out. So a line without
// its end counts once it has stayed as it is from one look to the next, or has made room for another one.
void HeartbeatFile::take_unfinished(std::string_view text, bool is_new, bool is_last, Progress& progress) {
  const bool is_same = text == unfinished_;
  if (!is_same) leave_unfinished(text, progress);
  if (!text.empty() && (is_last ? !is_told_ : is_same && (!is_told_ || is_new))) {
    progress.add(parse_heartbeat_line(text));
    is_told_ = true;
  }
  unfinished_ = text;
}

Progress HeartbeatFile::read_open(bool is_last) {
  Progress progress;
  struct stat facts {};
  if (fd_ < 0 || fstat(fd_, &facts) != 0) return progress;
  const bool is_new = facts.st_mtim.tv_sec != changed_.tv_sec || facts.st_mtim.tv_nsec != changed_.tv_nsec;
  begin_again_where_rewritten(facts);
  leave_out_old(facts.st_size);
  std::string_view unfinished;
  std::array<char, block> bytes;  // not set to zero: most ranks have little to read
  for (off_t left = most_at_once; left > 0;) {
    const ssize_t got = pread(fd_, bytes.data(), bytes.size(), at_);
    unfinished = {};
    if (got <= 0) break;
    left -= got;
    std::string_view text(bytes.data(), static_cast<std::size_t>(got));
    bool took_a_line = false;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; took_a_line = true) {
      const std::string_view line = text.substr(0, end);
      const bool is_told = is_told_ && line == unfinished_;
      leave_unfinished(line, progress);
      if (!skips_line_ && !is_told) progress.add(parse_heartbeat_line(line));
      skips_line_ = false;
      at_ += static_cast<off_t>(end) + 1;
      text.remove_prefix(end + 1);
    }
    if (took_a_line) continue;
    unfinished = text;
    // Its beginning says what there is to say, its end may never come.
    if (text.size() < longest_heartbeat_line && !skips_line_) break;
    unfinished = {};
    if (!skips_line_) progress.add(parse_heartbeat_line(text));
    skips_line_ = true;
    at_ += static_cast<off_t>(text.size());
  }
  take_unfinished(unfinished, is_new, is_last, progress);
  give_room_back();
  // Only now: what came while we read is no news the next time.
  if (fstat(fd_, &facts) == 0) changed_ = facts.st_mtim;
  return progress;
}

// A hole in the place of what was read: programs that write at their own position, and lines that come just now, are as
// safe as before.
void HeartbeatFile::give_room_back() {
  if (at_ - given_back_ < most_read_kept) return;
  const off_t end = at_ - 1 - (at_ - 1) % static_cast<off_t>(block);
  if (fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end) != 0 && errno == EOPNOTSUPP) {
    struct stat facts {};
    if (fstat(fd_, &facts) == 0 && facts.st_size == at_ && ftruncate(fd_, 0) == 0) at_ = 0;
  }
  given_back_ = at_;
}

}  // namespace smlaunch
