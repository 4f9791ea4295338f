// SPDX-License-Identifier: Apache-2.0
// The room launcher/contract/code: bringing the user's code into BASE/code: what an archive may do,
// unpacking, what pip installs. It promises that a folder is filled whole or not at all, and that nothing
// leads out of it. It touches libarchive, which is opened at run time, S3 and CodeArtifact by the room next door, and
// BASE/code with the lock and the temporary files beside it.
//
// Brings the user's code into BASE/code, where that is empty (sagemaker_training/files.py,
// download_and_extract).
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/code/archive_rules.hpp"
#include "launcher/contract/code/code_folder.hpp"
#include "launcher/contract/code/code_source.hpp"

namespace smlaunch {

// Is there something to fetch: is `code` empty, and `module_dir` (sagemaker_submit_directory) another place?
bool is_code_to_be_fetched(const std::string& module_dir, const std::filesystem::path& code);

// Is there an archive to unpack where it lies: is `archive` in `code`, and alone there?
bool is_archive_to_be_unpacked(const std::string& archive, const std::filesystem::path& code);

struct FetchRequest {
  std::string module_dir;
  bool is_in_code = false;  // it is an archive in `code`, and is unpacked beside itself
  std::filesystem::path code;
  std::filesystem::path working_directory;  // for a relative module_dir
  ArchiveBounds bounds;
  const std::atomic<bool>* cancelled = nullptr;
  // What an archive holds that is left out or unpacked under another name. May be empty.
  std::function<void(const std::string& warning)> warn;
  // s3://… into a file.
  std::function<Result<void>(const std::string& url, const std::filesystem::path& file)> download;
};

// Puts the code there, whole or not at all: an archive's content, a folder's content, or a single file.
// `folder`: of the same `code`. If code has come into it while we waited for the lock, it stays, and nothing
// is fetched. Errors (Fault::configuration): module_dir names something that is not there or is refused;
// (Fault::start): it cannot be brought here. True: the code was put there.
Result<bool> fetch_code(const FetchRequest& request, CodeFolder& folder);

}  // namespace smlaunch
