// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/intermediate_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/signal_free_thread.hpp"

namespace smlaunch {

namespace {

// The toolkit's, for its copies. Here it is empty, and tells that the folder was not made by the platform.
constexpr const char* own_folder = ".tmp.sagemaker_s3_sync";

// A descriptor keeps a deleted file's bytes on the disk, so not for any number of files.
constexpr std::size_t most_opened = 256;

constexpr int niceness = 10;

int open_file(const std::filesystem::path& file) {
  return ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

std::optional<FileStamp> stamp_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return FileStamp{status.st_ino, static_cast<std::uint64_t>(status.st_size),
                   status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

S3Client::Settings client_settings(const std::atomic<bool>& cancelled) {
  S3Client::Settings settings;
  settings.cancelled = &cancelled;
  settings.at_once = 2;  // the ranks need the machine more
  return settings;
}

bool is_made_by_others(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder, error) && !std::filesystem::exists(folder / own_folder, error);
}

bool has_location(const Environment& environment) {
  return !text_parameter(environment, "sagemaker_s3_output").value_or("").empty();
}

}  // namespace

bool is_uploaded_by_platform(const Environment& environment) {
  const auto target = intermediate_target(environment);
  return target && *target && is_made_by_others(environment.paths.output_intermediate);
}

Result<std::unique_ptr<IntermediateOutput>> IntermediateOutput::start(const Environment& environment,
                                                                      const Variables& variables, Warn warn) {
  const std::filesystem::path& folder = environment.paths.output_intermediate;
  if (!has_location(environment) || is_made_by_others(folder)) return nullptr;
  auto target = intermediate_target(environment);
  if (!target) return tl::unexpected(std::move(target.error()));
  std::error_code error;
  std::filesystem::create_directories(folder / own_folder, error);
  if (error)
    return failure(Fault::start, folder.string(), fmt::format("could not be made: {}", error.message()));
  if (!*target) return nullptr;
  std::unique_ptr<IntermediateOutput> output(
      new IntermediateOutput(folder, std::move(**target), variables, std::move(warn)));
  if (auto started = output->folder_watch_.start(); !started) output->warn_(started.error().problems.front());
  output->take(output->folder_watch_.look());
  output->watching_ = start_signal_free_thread([made = output.get()] { made->watch(); });
  output->uploading_ = start_signal_free_thread([made = output.get()] { made->upload(); });
  return output;
}

IntermediateOutput::IntermediateOutput(std::filesystem::path folder, IntermediateTarget target,
                                       const Variables& variables, Warn warn)
    : folder_(std::move(folder)),
      target_(std::move(target)),
      warn_(std::move(warn)),
      folder_watch_(folder_, own_folder),
      client_(variables, client_settings(cancelled_)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

IntermediateOutput::~IntermediateOutput() {
  (void)stop();
  for (const auto& [file, fd] : opened_) ::close(fd);
  ::close(wake_);
}

void IntermediateOutput::watch() {
  std::array<pollfd, 2> sources{{{folder_watch_.fd(), POLLIN, 0}, {wake_, POLLIN, 0}}};
  while (true) {
    if (::poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) return;
    if (sources[1].revents != 0) return;
    take(folder_watch_.read());
    warn_of_unwatched();
  }
}

void IntermediateOutput::warn_of_unwatched() {
  if (folder_watch_.unwatched().empty() || std::exchange(warned_of_unwatched_, true)) return;
  warn_({folder_watch_.unwatched().front(), "cannot be watched: its files are uploaded at the end of the job",
         "raise fs.inotify.max_user_watches"});
}

void IntermediateOutput::take(const std::vector<FolderEvent>& events) {
  for (const FolderEvent& event : events) {
    if (event.kind == FolderEvent::Kind::gone) {
      const std::lock_guard lock(mutex_);
      queue_.gone(event.path);
      std::erase_if(opened_, [&](const auto& one) {
        const bool gone = is_or_is_in(one.first, event.path);
        if (gone) ::close(one.second);
        return gone;
      });
      continue;
    }
    const int fd = open_file(folder_ / event.path);
    if (fd < 0) continue;
    const auto stamp = stamp_of(fd);
    const std::lock_guard lock(mutex_);
    const bool wanted = stamp && (event.kind == FolderEvent::Kind::closed ? queue_.closed(event.path, *stamp),
                                  true                                    : queue_.found(event.path, *stamp));
    const auto before = opened_.find(event.path);
    if (wanted && before != opened_.end()) {
      ::close(std::exchange(before->second, fd));
    } else if (wanted && opened_.size() < most_opened) {
      opened_[event.path] = fd;
    } else {
      ::close(fd);
    }
  }
  changed_.notify_all();
}

void IntermediateOutput::upload() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
  std::unique_lock lock(mutex_);
  while (!cancelled_) {
    changed_.wait(lock, [this] { return cancelled_ || input_ended_ || !queue_.idle(); });
    if (cancelled_) break;
    const auto file = queue_.begin();
    if (!file) break;  // the last one is done
    upload_one(lock, *file);
  }
  uploads_ended_ = true;
  changed_.notify_all();
}

void IntermediateOutput::upload_one(std::unique_lock<std::mutex>& lock, const std::string& file) {
  const auto found = opened_.find(file);
  int fd = found == opened_.end() ? -1 : found->second;
  if (found != opened_.end()) opened_.erase(found);
  lock.unlock();
  if (fd < 0) fd = open_file(folder_ / file);
  const auto before = fd >= 0 ? stamp_of(fd) : std::nullopt;
  const bool there = before.has_value();
  S3Result<void> done;
  if (there) done = client_.upload(fd, (folder_ / file).string(), object_of(target_, file));
  // Somebody writes to it again. Its next closing will be told, so this one need not be.
  const bool changed = there && stamp_of(fd) != before;
  if (fd >= 0) ::close(fd);
  if (!done && !changed && !cancelled_ && warned_of_.insert(done.error().cause).second)
    warn_(done.error().problems.front());
  lock.lock();
  if (!there) {
    queue_.vanished();
  } else if (done) {
    queue_.uploaded();
  } else if (cancelled_) {
    queue_.cancelled();
  } else {
    queue_.failed(done.error());
  }
}

void IntermediateOutput::end_input() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  if (watching_.joinable()) watching_.join();
  take(folder_watch_.read());
  take(folder_watch_.look());
  const std::lock_guard lock(mutex_);
  queue_.try_failed_again();
  input_ended_ = true;
  changed_.notify_all();
}

bool IntermediateOutput::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, longest, [this] { return uploads_ended_; });
}

std::size_t IntermediateOutput::waiting() {
  const std::lock_guard lock(mutex_);
  return queue_.left().size();
}

IntermediateSummary IntermediateOutput::stop() {
  if (watching_.joinable()) end_input();
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  if (uploading_.joinable()) uploading_.join();
  return {queue_.count(), to_string(S3Url{target_.bucket, target_.prefix}), queue_.left()};
}

}  // namespace smlaunch
