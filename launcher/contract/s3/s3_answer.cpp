// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> entities{
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};

std::string unescape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto* entity = std::find_if(entities.begin(), entities.end(),
                                      [&](const auto& one) { return text.starts_with(one.first); });
    const bool found = entity != entities.end();
    result += found ? entity->second : text.front();
    text.remove_prefix(found ? entity->first.size() : 1);
  }
  return result;
}

std::string code_and_message(const S3Refusal& refusal) {
  if (refusal.code.empty()) return fmt::format("{}", refusal.status);
  return fmt::format("{} {}{}{}", refusal.status, refusal.code, refusal.message.empty() ? "" : ": ",
                     refusal.message);
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  std::vector<std::string_view> found;
  while (true) {
    const auto begin = xml.find(open);
    if (begin == std::string_view::npos) return found;
    xml.remove_prefix(begin + open.size());
    const auto end = xml.find(close);
    if (end == std::string_view::npos) return found;
    found.push_back(xml.substr(0, end));
    xml.remove_prefix(end + close.size());
  }
}

std::string xml_text(std::string_view xml, std::string_view name) {
  const auto found = xml_elements(xml, name);
  return found.empty() ? "" : unescape(found.front());
}

std::string xml_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto* entity =
        std::find_if(entities.begin(), entities.end(), [c](const auto& one) { return one.second == c; });
    result += entity == entities.end() ? std::string(1, c) : std::string(entity->first);
  }
  return result;
}

S3Refusal parse_refusal(const HttpResponse& response) {
  S3Refusal refusal;
  refusal.status = response.status;
  refusal.code = xml_text(response.body, "Code");
  refusal.message = xml_text(response.body, "Message");
  refusal.region = response.header("x-amz-bucket-region");
  if (refusal.region.empty()) refusal.region = xml_text(response.body, "Region");
  return refusal;
}

Problem describe_refusal(const S3Refusal& refusal, const S3Request& request) {
  const std::string server = request.server.empty() ? "" : fmt::format(" at {}", request.server);
  Problem problem{request.where, "", ""};
  if (refusal.code == "NoSuchBucket") {
    problem.what = fmt::format("there is no bucket {}{}", request.bucket, server);
    problem.remedy = "check the bucket's name";
  } else if (refusal.status == 404) {
    problem.what = fmt::format("is not there{}", server);
    problem.remedy = "check the bucket and the key";
  } else if (refusal.code == "InvalidAccessKeyId" || refusal.code == "SignatureDoesNotMatch") {
    problem.what =
        fmt::format("the server does not accept the keys from {} ({})", request.keys, refusal.code);
    problem.remedy = "check the access key and its secret key";
  } else if (refusal.code == "ExpiredToken" || refusal.code == "ExpiredTokenException") {
    problem.what = fmt::format("the keys from {} have expired", request.keys);
    problem.remedy = "give the job new ones, or a role";
  } else if (refusal.code == "RequestTimeTooSkewed") {
    problem.what = "this host's clock differs too much from the server's";
    problem.remedy = "set the clock";
  } else if (refusal.status == 301 || refusal.status == 307 ||
             refusal.code == "AuthorizationHeaderMalformed") {
    const bool is_told = !refusal.region.empty() && refusal.region != request.region;
    problem.what = is_told
                       ? fmt::format("the bucket is in region {}, not in {}", refusal.region, request.region)
                       : fmt::format("the bucket is not in region {}", request.region);
    problem.remedy = fmt::format("set AWS_REGION{}", is_told ? "=" + refusal.region : " to the bucket's");
  } else if (refusal.status == 403) {
    problem.what = fmt::format("access denied{} with the keys from {}", server, request.keys);
    problem.remedy = fmt::format("allow {} on it", request.action);
  } else {
    problem.what = fmt::format("the server{} answers {}", server, code_and_message(refusal));
  }
  return problem;
}

std::optional<std::uint64_t> parse_total_size(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (!content_range.starts_with("bytes ") || slash == std::string_view::npos) return {};
  const std::string_view digits = content_range.substr(slash + 1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  return size;
}

std::string md5_of_etag(const HttpResponse& response) {
  if (response.header("x-amz-server-side-encryption").starts_with("aws:kms")) return {};
  if (!response.header("x-amz-server-side-encryption-customer-algorithm").empty()) return {};
  std::string sum = response.header("etag");
  std::erase(sum, '"');
  const bool is_md5 = sum.size() == 32 && sum.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_md5 ? sum : "";
}

}  // namespace smlaunch
