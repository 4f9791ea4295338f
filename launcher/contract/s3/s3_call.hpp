// SPDX-License-Identifier: Apache-2.0
// One request of S3Client, before it is signed and sent. For its own files.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/contract/s3/http_client.hpp"
#include "launcher/contract/s3/s3_url.hpp"

namespace smlaunch {

struct S3Call {
  std::string method = "GET";
  S3Url object;
  std::string action;  // that a policy must allow: "s3:GetObject"
  HttpHeaders query;   // not encoded
  HttpHeaders headers;
  std::string body;
  std::optional<FileRange> body_file;
  std::optional<FileRange> response_file;
  std::function<void(const HttpResponse&)> headers_came;                    // as HttpRequest's
  std::function<void(std::uint64_t offset, std::string_view data)> passed;  // as HttpRequest's
  int also_fine = 0;                                  // a status beside 2xx that is an answer
  std::uint64_t* written = nullptr;                   // of a response that was cut: bytes that have come
  std::optional<std::chrono::seconds> stalled_after;  // else the client's
  std::chrono::milliseconds total_timeout{0};
  bool ends_when_cancelled = true;
};

}  // namespace smlaunch
