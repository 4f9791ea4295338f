// SPDX-License-Identifier: Apache-2.0
// The room launcher/contract/s3: objects of S3, and of servers like it, to files and back, with AWS's keys
// and signatures. It promises whole objects or an error with the server's reason, and bounds every wait. It
// touches libcurl, which is opened at the first request, the network, AWS's own config files, the files that it is
// given and the folder that it watches, a terminal's last line; and has threads for all this.
//
// Objects of S3, and of servers like it, to files and back.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/aws_credentials.hpp"
#include "launcher/contract/s3/http_client.hpp"
#include "launcher/contract/s3/s3_endpoint.hpp"
#include "launcher/contract/s3/s3_failure.hpp"
#include "launcher/contract/s3/s3_url.hpp"

namespace smlaunch {

struct S3Call;

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
};

// Reads what it needs of `variables` (the process's own): AWS_* credentials and region, AWS_CA_BUNDLE,
// S3_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL. Safe to use from several threads. Errors
// (Fault::start) say which object, what, and what to do: no credentials, refused (403), not there (404),
// another region, connection cut, server out of order.
class S3Client {
 public:
  struct Settings {
    const std::atomic<bool>* cancelled = nullptr;      // set: whatever is under way ends within 0.2 s
    std::function<void(std::uint64_t bytes)> counter;  // as HttpSettings::counter
    std::function<void(std::uint64_t bytes)>
        size_known;  // a download's, before its first byte; where the server tells
    RetryPolicy retry;
    std::chrono::seconds stalled_after{30};  // as HttpRequest::stalled_after
    std::uint64_t range_size =
        16 << 20;  // bytes of a download's piece; the smallest object that has two is larger
    std::uint64_t part_size = 16 << 20;        // bytes of an upload's part, more where 10,000 would not do
    std::uint64_t multipart_above = 64 << 20;  // bytes: larger files are uploaded in parts
    int at_once = 8;                           // pieces or parts of one object
  };

  S3Client(const Variables& variables, Settings settings);
  explicit S3Client(const Variables& variables) : S3Client(variables, Settings{}) {}
  ~S3Client();
  S3Client(const S3Client&) = delete;
  S3Client& operator=(const S3Client&) = delete;

  // Fetches the object as `file`, whole or not at all: it is written beside it, its size and, where the
  // server's ETag is an MD5, its sum are checked, and then it is renamed. An object that changes meanwhile
  // is fetched anew.
  Result<void> download(const S3Url& url, const std::filesystem::path& file);

  // The file as an object. It is refused by the server if it changes on the way; parts of an object that could
  // not be completed are removed.
  Result<void> upload(const std::filesystem::path& file, const S3Url& url);
  // The same of an open file; `name` is for messages.
  S3Result<void> upload(int fd, const std::string& name, const S3Url& url);

  // All objects whose keys begin with `url.key`, in the server's order.
  Result<std::vector<S3Object>> list(const S3Url& url);

  HttpClient& http() { return http_; }
  AwsCredentialProvider& credentials() { return credentials_; }

 private:
  struct Fetch;
  struct Parts;
  // Sends it signed: again after failures that may pass, with new keys when the old ones have expired, and
  // to the bucket's own region.
  S3Result<HttpResponse> call(const S3Call& call);
  S3Result<void> upload_whole(int fd, const std::string& name, std::uint64_t size, const S3Url& url);
  std::string region_of(const std::string& bucket);

  Settings settings_;
  S3Endpoint endpoint_;
  HttpClient http_;
  AwsCredentialProvider credentials_;
  std::mutex mutex_;
  std::map<std::string, std::string> region_of_;  // buckets that are elsewhere
  std::atomic<bool> knows_crc32c_ = false;  // the server: AWS's do, others where the last answer told it
};

}  // namespace smlaunch
