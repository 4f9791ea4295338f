// SPDX-License-Identifier: Apache-2.0
// What libcurl's errors mean, in values and in words.
#pragma once

#include <string>

#include "launcher/contract/s3/curl_library.hpp"
#include "launcher/contract/s3/http_client.hpp"

namespace smlaunch {

HttpFault fault_of(CURLcode code);

// `easy`: the handle of the attempt; `message`: libcurl's own words, may be empty.
std::string words_of(const CurlLibrary& curl, CURLcode code, HttpFault fault, const HttpRequest& request,
                     CURL* easy, const char* message);

}  // namespace smlaunch
