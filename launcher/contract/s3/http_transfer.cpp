// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/digest.hpp"
#include "launcher/contract/s3/split_url.hpp"

namespace smlaunch {

namespace {

bool has_header(const HttpHeaders& headers, std::string_view lower_case_name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first.size() == lower_case_name.size() &&
           ::strncasecmp(header.first.data(), lower_case_name.data(), lower_case_name.size()) == 0;
  });
}

}  // namespace

HttpTransfer::HttpTransfer(const CurlLibrary& library)
    : curl_(library), multi_(curl_.multi_init()), easy_(curl_.easy_init()) {}

HttpTransfer::~HttpTransfer() {
  curl_.slist_free_all(headers_);
  curl_.easy_cleanup(easy_);
  curl_.multi_cleanup(multi_);
}

void HttpTransfer::add_header(const std::string& name, const std::string& value) {
  headers_ = curl_.slist_append(headers_, value.empty() ? fmt::format("{};", name).c_str()
                                                        : fmt::format("{}: {}", name, value).c_str());
}

void HttpTransfer::prepare(HttpExchange& exchange, const std::string& ca_bundle) {
  const HttpRequest& request = exchange.request;
  exchange.easy = easy_;
  curl_.easy_reset(easy_);
  curl_.slist_free_all(headers_);
  headers_ = nullptr;
  message_[0] = '\0';
  const auto set = [this](CURLoption option, auto value) { curl_.easy_setopt(easy_, option, value); };
  set(CURLOPT_URL, request.url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  set(CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer is not waited for
#endif
  set(CURLOPT_ERRORBUFFER, message_);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_BUFFERSIZE, 512L << 10);
  set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1024L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stalled_after.count()));
  connect_exchange(exchange);
  if (!request.uses_proxy) set(CURLOPT_NOPROXY, "*");
  if (!ca_bundle.empty()) set(CURLOPT_CAINFO, ca_bundle.c_str());
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (request.method != "GET" && request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set_headers(request);
}

void HttpTransfer::set_headers(const HttpRequest& request) {
  const UrlParts url = split_url(request.url);
  HttpHeaders all = request.headers;
  if (request.signing) {
    SignedRequest to_sign{request.method, url.host, url.path, url.query, {}, ""};
    to_sign.payload_hash = request.body_file ? std::string(unsigned_payload) : sha256_hex(request.body);
    if (request.signing->service == "s3" && !has_header(all, "x-amz-content-sha256"))
      all.emplace_back("x-amz-content-sha256", to_sign.payload_hash);
    to_sign.headers = all;
    for (auto& header : sign(to_sign, *request.signing, std::chrono::system_clock::now()))
      all.push_back(std::move(header));
  }
  for (const auto& [name, value] : all) add_header(name, value);
  if (!has_header(all, "host")) add_header("Host", url.host);
  curl_.easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

std::optional<CURLcode> HttpTransfer::run(const std::atomic<bool>* cancelled) {
  constexpr int longest_wait_ms = 100;
  curl_.multi_add_handle(multi_, easy_);
  int running = 1;
  bool stopped = false;
  while (true) {
    curl_.multi_perform(multi_, &running);
    if (running == 0) break;
    stopped = cancelled != nullptr && cancelled->load();
    if (stopped) break;
    curl_.multi_poll(multi_, nullptr, 0, longest_wait_ms, nullptr);
  }
  std::optional<CURLcode> result;
  int left = 0;
  while (const CURLMsg* told = curl_.multi_info_read(multi_, &left))
    if (told->msg == CURLMSG_DONE) result = told->data.result;
  curl_.multi_remove_handle(multi_, easy_);
  return stopped ? std::nullopt : result;
}

}  // namespace smlaunch
