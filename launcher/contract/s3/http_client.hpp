// SPDX-License-Identifier: Apache-2.0
// HTTP over libcurl: one request, or one with its retries. Never follows a redirect, never prints.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/error.hpp"
#include "launcher/contract/s3/retry_policy.hpp"
#include "launcher/contract/s3/sigv4.hpp"

namespace smlaunch {

class HttpTransfer;
struct CurlLibrary;

// `size` bytes of an open file from `offset` on.
struct FileRange {
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct HttpResponse;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // percent-encoded
  HttpHeaders headers;
  std::string body;                    // sent with PUT and POST
  std::optional<FileRange> body_file;  // instead of `body`
  // Where a 2xx answer's body goes, from `offset` on and at most `size` bytes; others, and all without it, go
  // to HttpResponse::body.
  std::optional<FileRange> response_file;
  std::function<void(const HttpResponse&)> headers_came;  // status and headers, before the body's first byte
  // What goes out of a file, or into one, piece by piece: from offset 0 of the range, and from 0 again in each try.
  std::function<void(std::uint64_t offset, std::string_view data)> passed;
  std::size_t most_in_memory = 1 << 20;  // bytes of HttpResponse::body; more is HttpFault::too_large
  std::optional<SigningScope> signing;   // else the request is sent as it is
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{0};  // of one attempt; 0: none
  std::chrono::seconds stalled_after{30};      // less than 1 KiB/s for so long: HttpFault::stalled
  bool uses_proxy = true;                      // http_proxy, https_proxy, no_proxy of the environment
  bool ends_when_cancelled = true;             // false: for what tidies up, with a total_timeout
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::uint64_t written = 0;  // bytes that went to the file

  [[nodiscard]] std::string header(std::string_view lower_case_name) const;  // empty: none
  [[nodiscard]] bool fine() const { return status >= 200 && status < 300; }
};

enum class HttpFault {
  name,        // the host's name has no address
  connect,     // nobody answers there
  tls,         // no trust in the other side
  cut,         // the connection ended before the answer did
  stalled,     // too slow for too long, or a timeout
  cancelled,   // as we were asked
  too_large,   // more than the answer was allowed to be
  file,        // a local file could not be read or written
  no_library,  // libcurl cannot be opened
  request,     // not a request at all: a URL that is none
};

struct HttpFailure {
  HttpFault fault = HttpFault::request;
  std::string what;           // "could not connect to 127.0.0.1 port 9: Connection refused"
  std::uint64_t written = 0;  // bytes of the answer that went to the file before
};

bool may_pass(HttpFault fault);

// A whole answer with whatever status, or none.
using HttpAnswer = tl::expected<HttpResponse, HttpFailure>;

struct HttpSettings {
  std::string ca_bundle;                         // empty: libcurl's own
  const std::atomic<bool>* cancelled = nullptr;  // looked at ten times a second while something is under way
  std::function<void(std::uint64_t bytes)>
      counter;  // payload bytes that came or went; called from any thread
};

// Keeps connections open between requests; safe to use from several threads.
class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // One attempt.
  HttpAnswer attempt(const HttpRequest& request);

  // Tries again after failures that may pass, by `policy`. Returns the last answer or failure. Where the
  // answer goes to a file, each try writes it anew from the beginning of its range.
  HttpAnswer perform(const HttpRequest& request, const RetryPolicy& policy = {});

  // Between two attempts: false if it was cancelled meanwhile.
  bool wait(std::chrono::milliseconds delay);
  [[nodiscard]] bool cancelled() const;

 private:
  std::unique_ptr<HttpTransfer> take_transfer(const CurlLibrary& curl);
  void give_transfer(std::unique_ptr<HttpTransfer> transfer);

  HttpSettings settings_;
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

// 0.5 to 1, another each time.
double make_jitter();
// What the answer asks for; 0: nothing.
std::chrono::seconds retry_after(const HttpResponse& response);

// `failure` for people: `where` is what was asked for.
Error http_error(std::string where, const HttpFailure& failure);

}  // namespace smlaunch
