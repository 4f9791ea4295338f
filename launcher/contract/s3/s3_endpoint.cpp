// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "launcher/contract/s3/aws_credentials.hpp"
#include "launcher/contract/s3/split_url.hpp"

namespace smlaunch {

namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x80 && std::isalnum(byte) != 0) || c == '-' || c == '.' || c == '_' || c == '~';
}

// As a label of a host name, below a certificate for *.s3.REGION….
bool fits_host_name(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '-' && bucket.back() != '-' &&
         std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string domain_of(std::string_view region) {
  if (region.starts_with("cn-")) return "amazonaws.com.cn";
  if (region.starts_with("us-iso-")) return "c2s.ic.gov";
  if (region.starts_with("us-isob-")) return "sc2s.sgov.gov";
  return "amazonaws.com";
}

std::string render_query(HttpHeaders query) {
  for (auto& [name, value] : query) {
    name = percent_encode(name);
    value = percent_encode(value);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query)
    text += fmt::format("{}{}={}", text.empty() ? "?" : "&", name, value);
  return text;
}

}  // namespace

std::string percent_encode(std::string_view text, bool keeps_slash) {
  std::string result;
  for (const char c : text) {
    if (is_plain(c) || (keeps_slash && c == '/')) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

S3Endpoint read_s3_endpoint(const Variables& variables) {
  S3Endpoint endpoint;
  for (const char* name : {"S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) continue;
    endpoint.custom = found->second;
    break;
  }
  while (endpoint.custom.ends_with('/')) endpoint.custom.pop_back();
  endpoint.region = read_aws_region(variables);
  if (endpoint.region.empty()) endpoint.region = "us-east-1";
  return endpoint;
}

bool is_aws(const S3Endpoint& endpoint) {
  if (endpoint.custom.empty()) return true;
  std::string host = split_url(endpoint.custom).host;
  host = host.substr(host.rfind('@') + 1);
  host = host.substr(0, host.find(':'));
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

std::string object_url(const S3Endpoint& endpoint, const S3Url& object, const std::string& region,
                       const HttpHeaders& query) {
  const std::string path = percent_encode(object.key, true) + render_query(query);
  if (!endpoint.custom.empty()) return fmt::format("{}/{}/{}", endpoint.custom, object.bucket, path);
  const std::string server = fmt::format("s3.{}.{}", region, domain_of(region));
  if (fits_host_name(object.bucket)) return fmt::format("https://{}.{}/{}", object.bucket, server, path);
  return fmt::format("https://{}/{}/{}", server, object.bucket, path);
}

}  // namespace smlaunch
