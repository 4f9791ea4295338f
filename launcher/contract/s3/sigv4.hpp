// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html has it. Not
// libcurl's own: before 7.86 that signs neither the session token nor the payload's hash (S3 then refuses),
// and later versions disagree about paths and queries.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/contract/s3/aws_credentials.hpp"

namespace smlaunch {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// What a server takes instead of the payload's hash where the payload is checked by other means.
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

struct SignedRequest {
  std::string method = "GET";
  std::string host;   // with its port, unless that is the scheme's own
  std::string path;   // as it is sent: percent-encoded, "/" at least
  std::string query;  // as it is sent, without '?'
  HttpHeaders headers;
  std::string payload_hash;  // lower-case hex SHA-256, or unsigned_payload
};

struct SigningScope {
  AwsCredentials credentials;
  std::string region;
  std::string service;  // "s3": the path is signed as it is sent; any other: encoded once more
};

// The headers to be added: Authorization, X-Amz-Date and, where there is one, X-Amz-Security-Token. All of
// `request.headers` are signed, x-amz-content-sha256 too if it is among them.
HttpHeaders sign(const SignedRequest& request, const SigningScope& scope,
                 std::chrono::system_clock::time_point now);

// The two texts on the way, for tests and for whoever compares them with a server's answer.
std::string canonical_request(const SignedRequest& request, const SigningScope& scope,
                              const std::string& date);

}  // namespace smlaunch
