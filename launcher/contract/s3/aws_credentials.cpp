// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/aws_credentials.hpp"

#include <fmt/format.h>

#include <tl/expected.hpp>

#include "base/read_file.hpp"
#include "launcher/contract/s3/aws_config_files.hpp"
#include "launcher/contract/s3/container_endpoint.hpp"
#include "launcher/contract/s3/credential_answer_json.hpp"
#include "launcher/contract/s3/http_client.hpp"
#include "launcher/contract/value_of.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;

// botocore's: what expires sooner is got anew.
constexpr std::chrono::minutes refreshed_before{10};

constexpr std::chrono::seconds failure_kept_for{30};

// Keys, or why this source gives none.
using Found = tl::expected<AwsCredentials, std::string>;

Found none(std::string why) { return tl::unexpected(std::move(why)); }

Found from_environment(const Variables& variables) {
  AwsCredentials credentials;
  credentials.access_key = value_of(variables, "AWS_ACCESS_KEY_ID");
  credentials.secret_key = value_of(variables, "AWS_SECRET_ACCESS_KEY");
  credentials.session_token = value_of(variables, "AWS_SESSION_TOKEN");
  if (credentials.session_token.empty())
    credentials.session_token = value_of(variables, "AWS_SECURITY_TOKEN");
  credentials.source = "the environment";
  if (credentials.access_key.empty()) return none("AWS_ACCESS_KEY_ID is not set");
  if (credentials.secret_key.empty()) return none("AWS_SECRET_ACCESS_KEY is not set");
  return credentials;
}

Found from_profile(AwsProfile profile, const std::string& name, const std::filesystem::path& file) {
  if (file.empty()) return none("HOME is not set");
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return none(fmt::format("{} is not there", file.string()));
  if (profile.empty()) return none(fmt::format("{} has no profile {}", file.string(), name));
  AwsCredentials credentials;
  credentials.access_key = profile["aws_access_key_id"];
  credentials.secret_key = profile["aws_secret_access_key"];
  credentials.session_token = profile["aws_session_token"];
  credentials.source = fmt::format("profile {} of {}", name, file.string());
  if (!credentials.access_key.empty() && !credentials.secret_key.empty()) return credentials;
  for (const char* other : {"role_arn", "credential_process", "sso_session", "sso_start_url"})
    if (profile.contains(other))
      return none(fmt::format("profile {} of {} gets its keys by {}, which smlaunch does not do", name,
                              file.string(), other));
  return none(fmt::format("profile {} of {} has no aws_access_key_id with its aws_secret_access_key", name,
                          file.string()));
}

std::string failed(const std::string& url, const HttpAnswer& answer) {
  if (!answer) return answer.error().what;
  return fmt::format("{} answers {}", url, answer->status);
}

Found from_container(const Variables& variables, HttpClient& http) {
  const auto url = container_endpoint(variables);
  if (!url) return none(url.error());
  if (url->empty()) return none("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
  HttpRequest request;
  request.url = *url;
  request.headers = {{"Accept", "application/json"}};
  request.connect_timeout = milliseconds(2000);
  request.total_timeout = milliseconds(5000);
  request.uses_proxy = false;
  std::string token = value_of(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = value_of(variables, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    token = read_small_file(file);
    token.resize(token.find_last_not_of(" \t\r\n") + 1);
    if (token.empty()) return none(fmt::format("{} has no token", file));
  }
  if (token.find_first_of("\r\n") != std::string::npos) return none("its token has more than one line");
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  const HttpAnswer answer = http.perform(request, {.attempts = 3});
  if (!answer || !answer->fine()) return none(failed(*url, answer));
  auto credentials = parse_credential_answer(answer->body);
  if (credentials) credentials->source = fmt::format("the container endpoint {}", *url);
  return credentials;
}

std::string instance_endpoint(const Variables& variables) {
  std::string url = value_of(variables, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (url.empty())
    url = value_of(variables, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6" ? "http://[fd00:ec2::254]"
                                                                                  : "http://169.254.169.254";
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Found from_instance(const Variables& variables, HttpClient& http) {
  const std::string disabled = value_of(variables, "AWS_EC2_METADATA_DISABLED");
  if (disabled == "true" || disabled == "True" || disabled == "TRUE")
    return none("AWS_EC2_METADATA_DISABLED is set");
  const std::string endpoint = instance_endpoint(variables);
  const auto ask = [&](const std::string& method, const std::string& path, HttpHeaders headers) {
    HttpRequest request;
    request.method = method;
    request.url = endpoint + path;
    request.headers = std::move(headers);
    // Where there is no such service, nobody answers: a job must not wait for that long.
    request.connect_timeout = milliseconds(1000);
    request.total_timeout = milliseconds(2000);
    request.uses_proxy = false;
    return http.perform(request, {.attempts = 2});
  };
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  const HttpAnswer token =
      ask("PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  if (!token || !token->fine()) return none(failed(endpoint + "/latest/api/token", token));
  const HttpHeaders with_token{{"x-aws-ec2-metadata-token", token->body}};
  const HttpAnswer role = ask("GET", roles, with_token);
  if (role && role->status == 404) return none("the instance has no role");
  if (!role || !role->fine()) return none(failed(endpoint + roles, role));
  const std::string name = role->body.substr(0, role->body.find_first_of("\r\n"));
  const HttpAnswer answer = ask("GET", roles + name, with_token);
  if (!answer || !answer->fine()) return none(failed(endpoint + roles + name, answer));
  auto credentials = parse_credential_answer(answer->body);
  if (credentials) credentials->source = fmt::format("the instance role {}", name);
  return credentials;
}

}  // namespace

AwsCredentialProvider::AwsCredentialProvider(Variables variables, HttpClient& http, Clock clock)
    : variables_(std::move(variables)), http_(http), clock_(std::move(clock)) {}

AwsCredentialProvider::~AwsCredentialProvider() = default;

Result<AwsCredentials> AwsCredentialProvider::get() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_();
  if (known_ && (!known_->expiry || now + refreshed_before < *known_->expiry)) return *known_;
  const bool is_usable = known_ && now < *known_->expiry;
  if (!is_usable && failed_ && now < failed_at_ + failure_kept_for) return tl::unexpected(*failed_);
  auto found = find();
  failed_.reset();
  if (found) return *(known_ = std::move(*found));
  if (is_usable) return *known_;
  failed_ = found.error();
  failed_at_ = now;
  return found;
}

void AwsCredentialProvider::forget() {
  const std::lock_guard lock(mutex_);
  known_.reset();
}

Result<AwsCredentials> AwsCredentialProvider::find() {
  const AwsFiles files = aws_files(variables_);
  std::string tried;
  const auto take = [&](const char* source, const Found& found) {
    if (!found) tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", source, found.error());
    return found.has_value();
  };
  Found found = from_environment(variables_);
  if (take("environment", found)) return *found;
  found = from_profile(read_credentials_profile(files), files.profile, files.credentials);
  if (take("credentials file", found)) return *found;
  found = from_profile(read_config_profile(files), files.profile, files.config);
  if (take("config file", found)) return *found;
  found = from_container(variables_, http_);
  if (take("container endpoint", found)) return *found;
  found = from_instance(variables_, http_);
  if (take("instance metadata", found)) return *found;
  return failure(Fault::start, "AWS credentials", fmt::format("none found ({})", tried),
                 "give the job a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

std::string read_aws_region(const Variables& variables) {
  for (const char* name : {"AWS_REGION", "SAGEMAKER_REGION", "AWS_DEFAULT_REGION"})
    if (const std::string region = value_of(variables, name); !region.empty()) return region;
  return read_config_profile(aws_files(variables))["region"];
}

}  // namespace smlaunch
