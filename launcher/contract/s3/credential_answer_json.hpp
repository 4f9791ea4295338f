// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "launcher/contract/s3/aws_credentials.hpp"

namespace smlaunch {

// What the container's endpoint and IMDS answer: {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"},
// without `source`. The error says why it is none, and holds no key.
tl::expected<AwsCredentials, std::string> parse_credential_answer(const std::string& text);

// "2026-11-25T10:00:00Z"; nothing where it is none.
std::optional<std::chrono::system_clock::time_point> parse_utc_time(const std::string& text);

}  // namespace smlaunch
