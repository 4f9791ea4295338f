// SPDX-License-Identifier: Apache-2.0
// Where a file of BASE/output/intermediate goes (sagemaker_training/intermediate_output.py).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/s3_url.hpp"

namespace smlaunch {

// `prefix`: the location's path, the job's name (TRAINING_JOB_NAME) and "output/intermediate".
struct IntermediateTarget {
  std::string bucket;
  std::string prefix;
};

// From the hyperparameter sagemaker_s3_output. Nothing without it, or where it is a file:// URL: then the
// folder is left alone. Error (Fault::configuration): any other scheme, no bucket.
Result<std::optional<IntermediateTarget>> intermediate_target(const Environment& environment);

// `file`: its path below the folder.
S3Url object_of(const IntermediateTarget& target, std::string_view file);

// Python's os.path.join of two.
std::string join_as_python(std::string first, std::string_view second);

}  // namespace smlaunch
