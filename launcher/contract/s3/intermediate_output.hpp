// SPDX-License-Identifier: Apache-2.0
// BASE/output/intermediate, uploaded while the job runs, to the keys of the toolkit
// (intermediate_target.hpp).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/folder_watch.hpp"
#include "launcher/contract/s3/intermediate_target.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/upload_queue.hpp"

namespace smlaunch {

struct IntermediateSummary {
  std::size_t count = 0;  // uploads
  std::string where;      // "s3://bucket/prefix"
  std::vector<NotUploaded> left;
};

// Is there a location, and a folder that neither we nor the toolkit have made? Then the platform has made
// it, and uploads it.
bool is_uploaded_by_platform(const Environment& environment);

// One for each host's folder. Two threads: one hears of files and opens them, so that what is deleted
// meanwhile can still be uploaded; one uploads, one file after another, at a low priority.
class IntermediateOutput {
 public:
  // Called from both threads: a warning while the job runs, once for each cause.
  using Warn = std::function<void(const Problem& problem)>;

  // Makes the folder. Null where nothing is to be uploaded: no sagemaker_s3_output, a file:// one, or a
  // folder that somebody else has made before (the platform, which then uploads it itself). Errors: as
  // intermediate_target(); a folder that cannot be made (Fault::start).
  static Result<std::unique_ptr<IntermediateOutput>> start(const Environment& environment,
                                                           const Variables& variables, Warn warn);
  ~IntermediateOutput();
  IntermediateOutput(const IntermediateOutput&) = delete;
  IntermediateOutput& operator=(const IntermediateOutput&) = delete;

  // The ranks are gone: no files come any more.
  void end_input();
  // After end_input(): true when there is nothing left to do; false after `longest`.
  bool wait(std::chrono::milliseconds longest);
  [[nodiscard]] std::size_t waiting();
  // Ends both threads, and an upload that is under way, within 3 s.
  IntermediateSummary stop();

 private:
  IntermediateOutput(std::filesystem::path folder, IntermediateTarget target, const Variables& variables,
                     Warn warn);
  void watch();
  void upload();
  void take(const std::vector<FolderEvent>& events);
  void upload_one(std::unique_lock<std::mutex>& lock, const std::string& file);
  void warn_of_unwatched();

  std::filesystem::path folder_;
  IntermediateTarget target_;
  Warn warn_;
  FolderWatch folder_watch_;
  std::atomic<bool> cancelled_ = false;
  S3Client client_;
  int wake_ = -1;  // eventfd: the watching thread is to end

  std::mutex mutex_;
  std::condition_variable changed_;
  UploadQueue queue_;
  std::map<std::string, int> opened_;  // descriptors of files that wait
  bool input_ended_ = false;
  bool uploads_ended_ = false;

  std::thread watching_;
  bool warned_of_unwatched_ = false;  // of the watching thread
  std::thread uploading_;
  std::set<S3Cause> warned_of_;  // of the uploading thread
};

}  // namespace smlaunch
