// SPDX-License-Identifier: Apache-2.0
// What S3's answers say. The XML of S3 is flat and without attributes that matter: elements are found by
// name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/s3/http_client.hpp"

namespace smlaunch {

// The contents of every <name>…</name>, not unescaped; of the first one as text, empty where there is none.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);
std::string xml_text(std::string_view xml, std::string_view name);
// For the contents of an element.
std::string xml_escape(std::string_view text);

struct S3Refusal {
  int status = 0;
  std::string code;  // "NoSuchKey"; empty where the answer has none
  std::string message;
  std::string region;  // where the bucket is, as far as the answer says
};
S3Refusal parse_refusal(const HttpResponse& response);

// The parts of the sentence about a refusal.
struct S3Request {
  std::string where;   // "s3://bucket/key"
  std::string action;  // "s3:GetObject"
  std::string bucket;
  std::string keys;    // where the credentials are from
  std::string region;  // that was asked
  std::string server;  // a custom endpoint; empty: AWS
};
Problem describe_refusal(const S3Refusal& refusal, const S3Request& request);

// "bytes 0-99/1000" -> 1000; also of "bytes */0".
std::optional<std::uint64_t> parse_total_size(std::string_view content_range);

// The MD5 in an ETag, as lower-case hex. Empty: it is no MD5, as for an object in parts, or an object that is
// encrypted with keys of KMS or of the customer.
std::string md5_of_etag(const HttpResponse& response);

}  // namespace smlaunch
