// SPDX-License-Identifier: Apache-2.0
// The keys that sign requests to AWS, from where the SDKs take them and in botocore's order: environment,
// shared files, the container's endpoint, the instance's metadata (IMDSv2).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"

namespace smlaunch {

class HttpClient;

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;     // never in a message
  std::string session_token;  // empty: none
  std::optional<std::chrono::system_clock::time_point> expiry;
  std::string source;  // "the environment", "profile default of /root/.aws/credentials", "the container
                       // endpoint URL", "the instance role NAME"
};

// One for a process; safe to use from several threads.
class AwsCredentialProvider {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  // `variables`: the process's own, where AWS_* are looked up. `http` must outlive this.
  AwsCredentialProvider(Variables variables, HttpClient& http, Clock clock = std::chrono::system_clock::now);
  ~AwsCredentialProvider();
  AwsCredentialProvider(const AwsCredentialProvider&) = delete;
  AwsCredentialProvider& operator=(const AwsCredentialProvider&) = delete;

  // What was got before, until ten minutes before it expires; then anew. What cannot be had anew is used
  // until it has expired. Where nothing is found, that stays the answer for 30 s, since looking
  // takes seconds. Error (Fault::start): one problem that lists every source and why it gave none.
  Result<AwsCredentials> get();

  // What was got is not used again: a server has refused it as expired.
  void forget();

 private:
  Result<AwsCredentials> find();

  Variables variables_;
  HttpClient& http_;
  Clock clock_;
  std::mutex mutex_;
  std::optional<AwsCredentials> known_;
  std::optional<Error> failed_;
  std::chrono::system_clock::time_point failed_at_;
};

// AWS_REGION, SAGEMAKER_REGION (as the toolkit), AWS_DEFAULT_REGION, then `region` of the profile in the
// config file; empty where none names one. `variables` as above; reads the config file.
std::string read_aws_region(const Variables& variables);

}  // namespace smlaunch
