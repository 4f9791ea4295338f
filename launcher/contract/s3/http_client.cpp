// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_client.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <random>
#include <thread>

#include "launcher/contract/s3/curl_library.hpp"
#include "launcher/contract/s3/http_exchange.hpp"
#include "launcher/contract/s3/http_failure.hpp"
#include "launcher/contract/s3/http_transfer.hpp"
#include "launcher/contract/s3/sigpipe_blocked.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;

}  // namespace

std::string HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

struct HttpClient::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<HttpTransfer>> idle;
};

HttpClient::HttpClient(HttpSettings settings)
    : settings_(std::move(settings)), pool_(std::make_unique<Pool>()) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpTransfer> HttpClient::take_transfer(const CurlLibrary& curl) {
  const std::lock_guard lock(pool_->mutex);
  if (pool_->idle.empty()) return std::make_unique<HttpTransfer>(curl);
  auto transfer = std::move(pool_->idle.back());
  pool_->idle.pop_back();
  return transfer;
}

void HttpClient::give_transfer(std::unique_ptr<HttpTransfer> transfer) {
  const std::lock_guard lock(pool_->mutex);
  pool_->idle.push_back(std::move(transfer));
}

HttpAnswer HttpClient::attempt(const HttpRequest& request) {
  const std::atomic<bool>* flag = request.ends_when_cancelled ? settings_.cancelled : nullptr;
  if (flag != nullptr && flag->load())
    return tl::unexpected(HttpFailure{HttpFault::cancelled, "was stopped", 0});
  const auto curl = open_curl();
  if (!curl) return tl::unexpected(HttpFailure{HttpFault::no_library, curl.error(), 0});
  const SigpipeBlocked sigpipe;
  auto transfer = take_transfer(**curl);
  HttpExchange exchange{.request = request, .settings = settings_, .curl = **curl};
  transfer->prepare(exchange, settings_.ca_bundle);
  const std::optional<CURLcode> code = transfer->run(flag);
  std::optional<HttpFailure> failure = std::move(exchange.failure);
  if (!code) {
    failure = HttpFailure{HttpFault::cancelled, "was stopped", 0};
  } else if (*code != CURLE_OK && !failure) {
    const HttpFault fault = fault_of(*code);
    failure = HttpFailure{
        fault, words_of(**curl, *code, fault, request, transfer->handle(), transfer->error_text()), 0};
  }
  long status = 0;
  (*curl)->easy_getinfo(transfer->handle(), CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  give_transfer(std::move(transfer));
  if (!failure) return std::move(exchange.response);
  failure->written = exchange.response.written;
  return tl::unexpected(std::move(*failure));
}

HttpAnswer HttpClient::perform(const HttpRequest& request, const RetryPolicy& policy) {
  for (int next = 2;; ++next) {
    HttpAnswer answer = attempt(request);
    const bool again = answer ? may_pass(answer->status, "") : may_pass(answer.error().fault);
    if (!again) return answer;
    const auto delay =
        delay_before(next, policy, make_jitter(), answer ? retry_after(*answer) : std::chrono::seconds(0));
    if (!delay || !wait(*delay)) return answer;
  }
}

bool HttpClient::cancelled() const { return settings_.cancelled != nullptr && settings_.cancelled->load(); }

bool HttpClient::wait(milliseconds delay) {
  constexpr milliseconds step{50};
  const auto end = std::chrono::steady_clock::now() + delay;
  while (!cancelled()) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    std::this_thread::sleep_for(std::min(left, step));
  }
  return false;
}

double make_jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.5, 1)(random);
}

std::chrono::seconds retry_after(const HttpResponse& response) {
  const std::string text = response.header("retry-after");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::max(seconds, 0));
}

}  // namespace smlaunch
