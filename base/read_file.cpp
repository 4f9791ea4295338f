// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds for_ever{-1};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool is_readable(int fd, milliseconds within) {
  pollfd waits{fd, POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&waits, 1, static_cast<int>(within.count()))) < 0 && errno == EINTR) {
  }
  return ready != 0;
}

// Returns the error number, 0 for none, ETIMEDOUT where nothing comes for `silence`. Stops when there are
// more than `most` bytes.
int read_all(int fd, std::size_t most, milliseconds silence, std::string& text) {
  const bool may_block = (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
  std::array<char, 65536> block;
  bool has_to_wait = true;
  while (text.size() <= most) {
    // Of a pipe that nobody has opened for writing yet, a read says at once that it has ended: we wait for
    // its first bytes. Of one whose writers had gone before we came, poll() never says the end, but a read
    // does.
    if (has_to_wait && !is_readable(fd, silence)) return ETIMEDOUT;
    const ssize_t got = read(fd, block.data(), block.size());
    if (got == 0) return 0;
    if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR && errno != EAGAIN) return errno;
    has_to_wait = may_block || got < 0;
  }
  return 0;
}

// What a shell's <(...) is called is opened already: opened anew, it would forget that its writer has been
// there.
int open_given(const std::string& path) {
  constexpr std::string_view descriptors = "/dev/fd/";
  int number = -1;
  if (path.starts_with(descriptors)) {
    const char* const end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + descriptors.size(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) number = -1;
  }
  return number >= 0 ? fcntl(number, F_DUPFD_CLOEXEC, 0)
                     : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

Result<std::string> refused(const std::string& name, const std::string& what) {
  return failure(Fault::configuration, name, what, "name a file that is there and readable");
}

Result<std::string> read_given(int fd, const std::string& name, std::size_t most, milliseconds silence) {
  std::string text;
  const int error = fd < 0 ? errno : read_all(fd, most, silence, text);
  if (error == ETIMEDOUT)
    return refused(name, fmt::format("is a pipe, and nothing has come for {} s", silence.count() / 1000));
  if (error != 0) return refused(name, fmt::format("cannot be read: {}", std::strerror(error)));
  if (text.size() > most)
    return failure(Fault::configuration, name, fmt::format("is longer than {} MiB", most >> 20U),
                   "name the right file");
  return text;
}

bool is_device(int fd) {
  struct stat facts {};
  return fd >= 0 && fstat(fd, &facts) == 0 && (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode));
}

}  // namespace

std::string read_small_file(const std::string& path) {
  constexpr std::size_t most = std::size_t{64} << 20U;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string text;
  if (file.get() >= 0) read_all(file.get(), most, milliseconds(0), text);
  return text;
}

Result<std::string> read_given_file(const std::string& path, std::size_t most, milliseconds silence) {
  const Descriptor file(open_given(path));
  if (is_device(file.get())) return refused(path, "is a device, not a file");
  return read_given(file.get(), path, most, silence);
}

Result<std::string> read_given_stdin(std::size_t most) {
  const Descriptor copy(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  return read_given(copy.get(), "stdin", most, for_ever);
}

}  // namespace smlaunch
