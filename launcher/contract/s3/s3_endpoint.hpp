// SPDX-License-Identifier: Apache-2.0
// Where a bucket's server is.
#pragma once

#include <string>
#include <string_view>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/s3_url.hpp"
#include "launcher/contract/s3/sigv4.hpp"

namespace smlaunch {

struct S3Endpoint {
  std::string custom;  // "http://host:port[/path]", without a slash at the end; empty: AWS's own
  std::string region;
};

// S3_ENDPOINT_URL (the toolkit's), AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; the region as read_aws_region, else
// us-east-1. Reads the config file.
S3Endpoint read_s3_endpoint(const Variables& variables);

// AWS's own servers: the usual ones, and those that are named by a custom endpoint below amazonaws.com.
bool is_aws(const S3Endpoint& endpoint);

// The object's URL: below a custom endpoint as /BUCKET/KEY; at AWS as BUCKET.s3.REGION.…, but as /BUCKET/KEY
// where the bucket's name does not fit a host name or the certificate (dots, capitals, underscores).
// `query`: parameters in any order, not encoded; those without a value have "". Sorted as signing needs it.
std::string object_url(const S3Endpoint& endpoint, const S3Url& object, const std::string& region,
                       const HttpHeaders& query = {});

// All but A-Z a-z 0-9 - . _ ~ as %XX, and '/' too unless it is kept.
std::string percent_encode(std::string_view text, bool keeps_slash = false);

}  // namespace smlaunch
