// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace smlaunch {

namespace {

constexpr std::string_view scheme = "s3://";

bool has_scheme(std::string_view text) {
  return text.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), text.begin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

// Old buckets may have capitals, underscores and up to 255 characters; none has what would change a URL.
bool may_be_bucket(std::string_view name) {
  return name.size() <= 255 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) || c == '.' || c == '-' || c == '_');
         });
}

}  // namespace

Result<S3Url> parse_s3_url(std::string_view text) {
  const auto refuse = [&](const char* what) {
    return failure(Fault::configuration, std::string(text), what, "write s3://BUCKET/KEY");
  };
  if (!has_scheme(text)) return refuse("is no S3 URL");
  std::string_view rest = text.substr(scheme.size());
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = rest.find('/');
  S3Url url;
  url.bucket = rest.substr(0, slash);
  if (url.bucket.empty()) return refuse("names no bucket");
  if (!may_be_bucket(url.bucket)) return refuse("its bucket has a character that no bucket has");
  if (slash != std::string_view::npos) {
    rest.remove_prefix(slash);
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    url.key = rest;
  }
  return url;
}

std::string to_string(const S3Url& url) { return fmt::format("s3://{}/{}", url.bucket, url.key); }

}  // namespace smlaunch
