// SPDX-License-Identifier: Apache-2.0
// One of libcurl's handles, with the connection that it keeps: made ready for a request, and run.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "launcher/contract/s3/curl_library.hpp"
#include "launcher/contract/s3/http_exchange.hpp"

namespace smlaunch {

class HttpTransfer {
 public:
  explicit HttpTransfer(const CurlLibrary& library);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // For the request of `exchange`, which must live until run() has returned.
  void prepare(HttpExchange& exchange, const std::string& ca_bundle);

  // Nothing where it was cancelled. The flag is looked at between waits, which something to read ends early.
  std::optional<CURLcode> run(const std::atomic<bool>* cancelled);

  [[nodiscard]] CURL* handle() const { return easy_; }
  // libcurl's words for what went wrong; may be empty.
  [[nodiscard]] const char* error_text() const { return message_; }

 private:
  void add_header(const std::string& name, const std::string& value);
  void set_headers(const HttpRequest& request);

  const CurlLibrary& curl_;
  CURLM* multi_;  // keeps the connection
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  char message_[CURL_ERROR_SIZE] = "";
};

}  // namespace smlaunch
