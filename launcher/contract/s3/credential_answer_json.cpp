// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/credential_answer_json.hpp"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace smlaunch {

namespace {

std::string text_at(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_utc_time(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

tl::expected<AwsCredentials, std::string> parse_credential_answer(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return tl::unexpected<std::string>("its answer is no JSON object");
  AwsCredentials credentials;
  credentials.access_key = text_at(json, "AccessKeyId");
  credentials.secret_key = text_at(json, "SecretAccessKey");
  credentials.session_token = text_at(json, "Token");
  credentials.expiry = parse_utc_time(text_at(json, "Expiration"));
  const std::string code = text_at(json, "Code");
  const std::string message =
      text_at(json, "Message").empty() ? text_at(json, "message") : text_at(json, "Message");
  if (credentials.access_key.empty() || credentials.secret_key.empty())
    return tl::unexpected(code.empty() || code == "Success"
                              ? std::string("its answer has no AccessKeyId or no SecretAccessKey")
                              : fmt::format("it answers {}{}{}", code, message.empty() ? "" : ": ", message));
  return credentials;
}

}  // namespace smlaunch
