// SPDX-License-Identifier: Apache-2.0
// The source that sagemaker_submit_directory names (sagemaker_training/files.py, download_and_extract): pure.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

struct CodeSource {
  std::string text;             // as it was given
  bool is_s3 = false;           // s3://BUCKET/KEY: an archive
  std::filesystem::path local;  // else: a folder, an archive or a single file; absolute
  bool operator==(const CodeSource&) const = default;
};

// "s3://…", a path, relative to `working_directory`, or, which the toolkit does not take, "file:///PATH".
// Errors (Fault::configuration): anything else.
Result<CodeSource> parse_code_source(const std::string& text, const std::filesystem::path& working_directory);

}  // namespace smlaunch
