// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/sigv4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "launcher/contract/s3/s3_endpoint.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view date_name = "x-amz-date";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Without white space at both ends, and with one blank for each run of it inside.
std::string trim(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (result.empty() || result.back() == ' ')) continue;
    result += blank ? ' ' : c;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;
};

CanonicalHeaders canonical_headers(const SignedRequest& request, const SigningScope& scope,
                                   const std::string& date) {
  std::map<std::string, std::string> values{{"host", request.host}, {std::string(date_name), date}};
  if (!scope.credentials.session_token.empty())
    values["x-amz-security-token"] = scope.credentials.session_token;
  for (const auto& [name, value] : request.headers) {
    const std::string key = lower(name);
    if (key == "host" || key == date_name) continue;
    std::string& all = values[key];
    all += (all.empty() ? "" : ",") + trim(value);
  }
  CanonicalHeaders result;
  for (const auto& [name, value] : values) {
    result.lines += fmt::format("{}:{}\n", name, value);
    result.names += (result.names.empty() ? "" : ";") + name;
  }
  return result;
}

// Every parameter with its '=', sorted by code point.
std::string canonical_query(std::string_view query) {
  std::vector<std::string> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    std::string one(query.substr(0, end));
    if (one.find('=') == std::string::npos) one += '=';
    parameters.push_back(one);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end(), [](const std::string& a, const std::string& b) {
    const auto split = [](const std::string& text) {
      const auto equals = text.find('=');
      return std::pair(text.substr(0, equals), text.substr(equals + 1));
    };
    return split(a) < split(b);
  });
  return fmt::format("{}", fmt::join(parameters, "&"));
}

}  // namespace

std::string canonical_request(const SignedRequest& request, const SigningScope& scope,
                              const std::string& date) {
  const CanonicalHeaders headers = canonical_headers(request, scope, date);
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                     scope.service == "s3" ? request.path : percent_encode(request.path, true),
                     canonical_query(request.query), headers.lines, headers.names, request.payload_hash);
}

HttpHeaders sign(const SignedRequest& request, const SigningScope& scope,
                 std::chrono::system_clock::time_point now) {
  const std::string date =
      fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  const std::string day = date.substr(0, 8);
  const std::string within = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, within,
                                          sha256_hex(canonical_request(request, scope, date)));
  std::string key = "AWS4" + scope.credentials.secret_key;
  for (const std::string& part : {day, scope.region, scope.service, std::string("aws4_request")})
    key = hmac_sha256(key, part);
  HttpHeaders added{
      {"X-Amz-Date", date},
      {"Authorization",
       fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                   scope.credentials.access_key, within, canonical_headers(request, scope, date).names,
                   to_hex(hmac_sha256(key, to_sign)))}};
  if (!scope.credentials.session_token.empty())
    added.emplace_back("X-Amz-Security-Token", scope.credentials.session_token);
  return added;
}

}  // namespace smlaunch
