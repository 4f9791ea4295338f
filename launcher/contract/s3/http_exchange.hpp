// SPDX-License-Identifier: Apache-2.0
// The data that one attempt of a request reads and writes while libcurl calls back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/contract/s3/curl_library.hpp"
#include "launcher/contract/s3/http_client.hpp"

namespace smlaunch {

struct HttpExchange {
  const HttpRequest& request;
  const HttpSettings& settings;
  const CurlLibrary& curl;
  CURL* easy = nullptr;
  HttpResponse response = {};
  std::uint64_t sent = 0;
  std::optional<HttpFailure> failure = {};  // why a callback ended it

  [[nodiscard]] std::uint64_t body_size() const;

  void take_header(std::string_view line);
  // False: the attempt ends, `failure` says why.
  bool take_body(std::string_view data);
  // Bytes put into `buffer`, or CURL_READFUNC_ABORT, and `failure` says why.
  std::size_t give_body(char* buffer, std::size_t room);

  bool fail(HttpFault fault, std::string what);
  void count(std::size_t bytes) const;
};

// Makes libcurl call back into `exchange`, which must live as long as the attempt.
void connect_exchange(HttpExchange& exchange);

}  // namespace smlaunch
