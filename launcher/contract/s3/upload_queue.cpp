// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/upload_queue.hpp"

#include <algorithm>
#include <utility>

namespace smlaunch {

namespace {

// Beside the last one at the end: a bucket that refuses one file is not asked for ever.
constexpr int most_attempts = 3;

}  // namespace

bool is_or_is_in(const std::string& file, const std::string& file_or_folder) {
  return file == file_or_folder || (file.starts_with(file_or_folder) && file[file_or_folder.size()] == '/');
}

bool UploadQueue::add(const std::string& file) {
  failed_.erase(file);
  if (!is_waiting_.insert(file).second) return false;
  waiting_.push_back(file);
  return true;
}

bool UploadQueue::closed(const std::string& file, const FileStamp& stamp) {
  stamps_[file] = stamp;
  attempts_.erase(file);
  return add(file);
}

bool UploadQueue::found(const std::string& file, const FileStamp& stamp) {
  const auto known = stamps_.find(file);
  if (known != stamps_.end() && known->second == stamp) return false;
  return closed(file, stamp);
}

void UploadQueue::gone(const std::string& file_or_folder) {
  std::erase_if(waiting_, [&](const std::string& file) { return is_or_is_in(file, file_or_folder); });
  std::erase_if(is_waiting_, [&](const std::string& file) { return is_or_is_in(file, file_or_folder); });
  std::erase_if(failed_, [&](const auto& one) { return is_or_is_in(one.first, file_or_folder); });
  std::erase_if(stamps_, [&](const auto& one) { return is_or_is_in(one.first, file_or_folder); });
}

std::optional<std::string> UploadQueue::begin() {
  if (waiting_.empty() || current_) return {};
  current_ = waiting_.front();
  waiting_.pop_front();
  is_waiting_.erase(*current_);
  return current_;
}

void UploadQueue::uploaded() {
  ++count_;
  attempts_.erase(*current_);
  current_.reset();
  const auto failed = failed_;
  for (const auto& [file, why] : failed)
    if (attempts_[file] < most_attempts) add(file);
}

void UploadQueue::vanished() { current_.reset(); }

void UploadQueue::failed(const S3Failure& why) { leave(why); }

void UploadQueue::cancelled() { leave({}); }

void UploadQueue::leave(std::optional<S3Failure> why) {
  ++attempts_[*current_];
  if (!is_waiting_.contains(*current_)) failed_[*current_] = std::move(why);
  current_.reset();
}

void UploadQueue::try_failed_again() {
  const auto failed = failed_;
  for (const auto& [file, why] : failed) add(file);
}

std::vector<NotUploaded> UploadQueue::left() const {
  auto all = failed_;
  for (const std::string& file : waiting_) all.emplace(file, std::nullopt);
  if (current_) all.emplace(*current_, std::nullopt);
  std::vector<NotUploaded> result;
  for (const auto& [file, why] : all) result.push_back({file, why});
  return result;
}

}  // namespace smlaunch
