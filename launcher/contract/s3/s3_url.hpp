// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace smlaunch {

// s3://BUCKET/KEY
struct S3Url {
  std::string bucket;
  std::string key;  // as it is, not percent-encoded; may be empty, or a prefix
  bool operator==(const S3Url&) const = default;
};

// Takes what the toolkit takes of one (files.py: urlparse, then the path without its leading slashes): `?`
// and
// `#` and all behind them are no part of the key. Errors (Fault::configuration): another scheme, no bucket, a
// bucket that cannot be one.
Result<S3Url> parse_s3_url(std::string_view text);

// "s3://BUCKET/KEY"
std::string to_string(const S3Url& url);

}  // namespace smlaunch
