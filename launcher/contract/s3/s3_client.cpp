// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_call.hpp"

namespace smlaunch {

namespace {

HttpSettings http_settings(const Variables& variables, const S3Client::Settings& settings) {
  HttpSettings http;
  const auto bundle = variables.find("AWS_CA_BUNDLE");
  if (bundle != variables.end()) http.ca_bundle = bundle->second;
  http.cancelled = settings.cancelled;
  http.counter = settings.counter;
  return http;
}

bool is_redirect(const S3Refusal& refusal) {
  return refusal.status == 301 || refusal.status == 307 || refusal.code == "AuthorizationHeaderMalformed";
}

bool has_expired(const S3Refusal& refusal) {
  return refusal.code == "ExpiredToken" || refusal.code == "ExpiredTokenException";
}

}  // namespace

S3Client::S3Client(const Variables& variables, Settings settings)
    : settings_(std::move(settings)),
      endpoint_(read_s3_endpoint(variables)),
      http_(http_settings(variables, settings_)),
      credentials_(variables, http_),
      knows_crc32c_(is_aws(endpoint_)) {}

S3Client::~S3Client() = default;

std::string S3Client::region_of(const std::string& bucket) {
  const std::lock_guard lock(mutex_);
  const auto found = region_of_.find(bucket);
  return found == region_of_.end() ? endpoint_.region : found->second;
}

S3Result<HttpResponse> S3Client::call(const S3Call& call) {
  const std::string where = to_string(call.object);
  bool got_new_keys = false;
  bool changed_region = false;
  for (int next = 2;; ++next) {
    const auto keys = credentials_.get();
    if (!keys) return tl::unexpected(S3Failure(keys.error(), {.trouble = S3Trouble::credentials}));
    const std::string region = region_of(call.object.bucket);
    HttpRequest request;
    request.method = call.method;
    request.url = object_url(endpoint_, call.object, region, call.query);
    request.headers = call.headers;
    request.body = call.body;
    request.body_file = call.body_file;
    request.response_file = call.response_file;
    request.headers_came = call.headers_came;
    request.passed = call.passed;
    request.most_in_memory = 16U << 20;  // a page of a list: 1,000 keys
    request.signing = SigningScope{*keys, region, "s3"};
    request.stalled_after = call.stalled_after.value_or(settings_.stalled_after);
    request.total_timeout = call.total_timeout;
    request.ends_when_cancelled = call.ends_when_cancelled;
    const HttpAnswer answer = http_.attempt(request);
    if (answer && (answer->fine() || answer->status == call.also_fine)) return *answer;
    std::chrono::seconds asked_for{0};
    std::optional<S3Failure> failed;
    if (answer) {
      const S3Refusal refusal = parse_refusal(*answer);
      if (is_redirect(refusal) && !refusal.region.empty() && refusal.region != region && !changed_region) {
        changed_region = true;
        const std::lock_guard lock(mutex_);
        region_of_[call.object.bucket] = refusal.region;
        continue;
      }
      if (has_expired(refusal) && !got_new_keys) {
        got_new_keys = true;
        credentials_.forget();
        continue;
      }
      failed.emplace(Error{Fault::start,
                           {describe_refusal(refusal, {where, call.action, call.object.bucket, keys->source,
                                                       region, endpoint_.custom})}},
                     S3Cause{.trouble = S3Trouble::refused, .status = refusal.status, .code = refusal.code});
      if (!may_pass(refusal.status, refusal.code)) return tl::unexpected(std::move(*failed));
      asked_for = retry_after(*answer);
    } else {
      failed.emplace(http_error(where, answer.error()),
                     S3Cause{.trouble = S3Trouble::connection, .fault = answer.error().fault});
      // A piece that has come half is taken up where it ended, by whoever knows its range.
      if (!may_pass(answer.error().fault) || answer.error().written > 0) {
        if (call.written != nullptr) *call.written = answer.error().written;
        return tl::unexpected(std::move(*failed));
      }
    }
    const auto delay = delay_before(next, settings_.retry, make_jitter(), asked_for);
    if (!delay || !http_.wait(*delay)) return tl::unexpected(std::move(*failed));
  }
}

Result<std::vector<S3Object>> S3Client::list(const S3Url& url) {
  std::vector<S3Object> objects;
  S3Call page;
  page.object.bucket = url.bucket;
  page.action = "s3:ListBucket";
  std::string next;
  do {
    page.query = {{"list-type", "2"}, {"prefix", url.key}};
    if (!next.empty()) page.query.emplace_back("continuation-token", next);
    auto answer = call(page);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    for (const std::string_view element : xml_elements(answer->body, "Contents")) {
      const std::string size = xml_text(element, "Size");
      S3Object object{xml_text(element, "Key"), 0};
      std::from_chars(size.data(), size.data() + size.size(), object.size);
      objects.push_back(std::move(object));
    }
    next = xml_text(answer->body, "NextContinuationToken");
  } while (!next.empty());
  return objects;
}

}  // namespace smlaunch
