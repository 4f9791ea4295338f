// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/intermediate_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace smlaunch {

namespace {

constexpr const char* where = "hyperparameter sagemaker_s3_output";

std::string scheme_of(std::string_view location) {
  std::string scheme(location.substr(0, std::min(location.find(':'), location.size())));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return scheme;
}

}  // namespace

std::string join_as_python(std::string first, std::string_view second) {
  if (second.starts_with('/')) return std::string(second);
  if (!first.empty() && !first.ends_with('/')) first += '/';
  return first += second;
}

Result<std::optional<IntermediateTarget>> intermediate_target(const Environment& environment) {
  const std::string location = text_parameter(environment, "sagemaker_s3_output").value_or("");
  if (location.empty() || scheme_of(location) == "file") return std::nullopt;
  auto url = parse_s3_url(location);
  if (!url) {
    const Problem& problem = url.error().problems.front();
    return failure(Fault::configuration, where, fmt::format("\"{}\" {}", problem.where, problem.what),
                   "write s3://BUCKET/PREFIX or file://FOLDER");
  }
  std::string prefix = join_as_python(url->key, environment.job_name.value_or(""));
  prefix = join_as_python(join_as_python(prefix, "output"), "intermediate");
  return IntermediateTarget{url->bucket, std::move(prefix)};
}

S3Url object_of(const IntermediateTarget& target, std::string_view file) {
  return {target.bucket, join_as_python(target.prefix, file)};
}

}  // namespace smlaunch
