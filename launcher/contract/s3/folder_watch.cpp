// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/folder_watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace smlaunch {

namespace {

constexpr std::uint32_t watched =
    IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR | IN_EXCL_UNLINK;

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

WatchAction action_of(std::uint32_t mask) {
  if ((mask & IN_Q_OVERFLOW) != 0) return WatchAction::look_again;
  if ((mask & IN_ISDIR) != 0) {
    if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0) return WatchAction::watch_folder;
    return (mask & IN_MOVED_FROM) != 0 ? WatchAction::forget_folder : WatchAction::none;
  }
  if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) return WatchAction::closed;
  return (mask & IN_MOVED_FROM) != 0 ? WatchAction::gone : WatchAction::none;
}

FolderWatch::FolderWatch(std::filesystem::path folder, std::string left_out)
    : folder_(std::move(folder)), left_out_(std::move(left_out)) {}

FolderWatch::~FolderWatch() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> FolderWatch::start() {
  fd_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd_ < 0)
    return failure(Fault::start, folder_.string(), fmt::format("cannot be watched: {}", std::strerror(errno)),
                   "raise fs.inotify.max_user_instances");
  std::vector<FolderEvent> ignored;
  watch_below("", ignored);
  return {};
}

// A file that comes between the watch and the look is told twice. No file is missed.
void FolderWatch::watch_below(const std::string& relative, std::vector<FolderEvent>& events) {
  if (relative == left_out_) return;
  const std::filesystem::path path = relative.empty() ? folder_ : folder_ / relative;
  if (fd_ >= 0) {
    const int watch =
        ::inotify_add_watch(fd_, path.c_str(), watched | (relative.empty() ? 0 : IN_DONT_FOLLOW));
    if (watch >= 0) {
      folders_[watch] = relative;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      unwatched_.push_back(path.string());
    }
  }
  std::error_code error;
  std::filesystem::directory_iterator entries(path, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::string name = below(relative, entries->path().filename().string());
    std::error_code unknown;
    const auto status = entries->symlink_status(unknown);
    if (std::filesystem::is_directory(status)) {
      watch_below(name, events);
    } else if (entries->is_regular_file(unknown)) {
      events.push_back({FolderEvent::Kind::found, name});
    }
  }
}

void FolderWatch::forget_below(const std::string& relative) {
  for (auto it = folders_.begin(); it != folders_.end();) {
    const bool inside = it->second == relative || it->second.starts_with(relative + "/");
    if (inside) ::inotify_rm_watch(fd_, it->first);
    it = inside ? folders_.erase(it) : std::next(it);
  }
}

std::vector<FolderEvent> FolderWatch::read() {
  std::vector<FolderEvent> events;
  alignas(inotify_event) std::array<char, 64 << 10> block{};
  while (fd_ >= 0) {
    const ssize_t size = ::read(fd_, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(block.data() + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      const WatchAction action = action_of(event->mask);
      if (action == WatchAction::look_again) {
        for (FolderEvent& one : look()) events.push_back(std::move(one));
        continue;
      }
      if ((event->mask & IN_IGNORED) != 0) folders_.erase(event->wd);
      const auto folder = folders_.find(event->wd);
      if (folder == folders_.end() || event->len == 0) continue;
      const std::string path = below(folder->second, event->name);
      if (path == left_out_) continue;
      switch (action) {
        case WatchAction::closed: events.push_back({FolderEvent::Kind::closed, path}); break;
        case WatchAction::gone: events.push_back({FolderEvent::Kind::gone, path}); break;
        case WatchAction::watch_folder: watch_below(path, events); break;
        case WatchAction::forget_folder:
          forget_below(path);
          events.push_back({FolderEvent::Kind::gone, path});
          break;
        default: break;
      }
    }
  }
  return events;
}

std::vector<FolderEvent> FolderWatch::look() {
  std::vector<FolderEvent> events;
  watch_below("", events);
  return events;
}

}  // namespace smlaunch
