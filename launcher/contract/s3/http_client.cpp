// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_client.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <mutex>
#include <random>
#include <thread>

#include "base/digest.hpp"
#include "launcher/contract/s3/curl_library.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;

struct UrlParts {
  std::string host;  // as the Host header has it
  std::string path;
  std::string query;
};

UrlParts split_url(const std::string& url) {
  const auto scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end);
  const auto begin = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const auto end = std::min(url.find_first_of("/?", begin), url.size());
  UrlParts parts;
  parts.host = url.substr(begin, end - begin);
  const std::string usual_port = scheme == "https" ? ":443" : ":80";
  if (parts.host.ends_with(usual_port)) parts.host.resize(parts.host.size() - usual_port.size());
  const auto question = url.find('?', end);
  parts.path = url.substr(end, question == std::string::npos ? question : question - end);
  if (parts.path.empty()) parts.path = "/";
  if (question != std::string::npos) parts.query = url.substr(question + 1);
  return parts;
}

bool has_header(const HttpHeaders& headers, std::string_view lower_case_name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first.size() == lower_case_name.size() &&
           ::strncasecmp(header.first.data(), lower_case_name.data(), lower_case_name.size()) == 0;
  });
}

// A broken TLS connection must not end the process: libcurl's own protection is off with CURLOPT_NOSIGNAL.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~SigpipeBlocked() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&set_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

 private:
  sigset_t set_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

// What one attempt reads and writes while libcurl calls back.
struct Exchange {
  const HttpRequest& request;
  const HttpSettings& settings;
  const CurlLibrary& curl;
  CURL* easy = nullptr;
  HttpResponse response;
  std::uint64_t sent = 0;
  std::optional<HttpFailure> failure;  // why a callback ended it

  bool fail(HttpFault fault, std::string what) {
    failure = HttpFailure{fault, std::move(what), 0};
    return false;
  }

  void count(std::size_t bytes) const {
    if (settings.counter) settings.counter(bytes);
  }

  bool take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) response.headers.clear();  // of an interim answer
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    response.headers.emplace_back(std::move(name), value);
    return true;
  }

  bool take_body(std::string_view data) {
    if (response.status == 0) {
      long status = 0;
      curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      response.status = static_cast<int>(status);
      if (request.headers_came) request.headers_came(response);
    }
    if (!request.response_file || !response.fine()) {
      if (response.body.size() + data.size() > request.most_in_memory)
        return fail(HttpFault::too_large,
                    fmt::format("the answer has more than {} bytes", request.most_in_memory));
      response.body += data;
      return true;
    }
    const FileRange& file = *request.response_file;
    if (response.written + data.size() > file.size)
      return fail(HttpFault::too_large, fmt::format("the answer has more than {} bytes", file.size));
    count(data.size());
    while (!data.empty()) {
      const ssize_t size =
          ::pwrite(file.fd, data.data(), data.size(), static_cast<off_t>(file.offset + response.written));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0)
        return fail(HttpFault::file, fmt::format("could not be written: {}", std::strerror(errno)));
      response.written += static_cast<std::uint64_t>(size);
      data.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  [[nodiscard]] std::uint64_t body_size() const {
    return request.body_file ? request.body_file->size : request.body.size();
  }

  // Bytes put into `buffer`, or CURL_READFUNC_ABORT.
  std::size_t give_body(char* buffer, std::size_t room) {
    const std::size_t wanted = std::min<std::uint64_t>(room, body_size() - sent);
    if (wanted == 0) return 0;
    std::size_t given = wanted;
    if (request.body_file) {
      ssize_t size = 0;
      do {
        size = ::pread(request.body_file->fd, buffer, wanted,
                       static_cast<off_t>(request.body_file->offset + sent));
      } while (size < 0 && errno == EINTR);
      if (size <= 0) {
        fail(HttpFault::file, size == 0 ? "became shorter while it was read"
                                        : fmt::format("could not be read: {}", std::strerror(errno)));
        return CURL_READFUNC_ABORT;
      }
      given = static_cast<std::size_t>(size);
    } else {
      std::memcpy(buffer, request.body.data() + sent, wanted);
    }
    sent += given;
    count(given);
    return given;
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
  static_cast<Exchange*>(exchange)->take_header({data, size * count});
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_body({data, size * count}) ? size * count : 0;
}

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->give_body(buffer, size * count);
}

int on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(exchange)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// libcurl's own are inherited by every program that is started meanwhile.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

HttpFault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return HttpFault::name;
    case CURLE_COULDNT_CONNECT: return HttpFault::connect;
    case CURLE_OPERATION_TIMEDOUT: return HttpFault::stalled;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM: return HttpFault::tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return HttpFault::request;
    default: return HttpFault::cut;
  }
}

std::string words_of(const CurlLibrary& curl, CURLcode code, HttpFault fault, const HttpRequest& request,
                     CURL* easy, const char* message) {
  const std::string host = split_url(request.url).host;
  long number = 0;
  curl.easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  const std::string reason = number == 0 ? "" : fmt::format(": {}", std::strerror(static_cast<int>(number)));
  double connected_after = 0;
  curl.easy_getinfo(easy, CURLINFO_CONNECT_TIME, &connected_after);
  switch (fault) {
    case HttpFault::name: return fmt::format("the name of {} has no address", host);
    case HttpFault::connect: return fmt::format("cannot connect to {}{}", host, reason);
    case HttpFault::stalled:
      if (connected_after == 0) return fmt::format("{} does not answer a connection", host);
      return fmt::format("{} sends and takes nothing any more", host);
    case HttpFault::cut:
      return fmt::format("the connection to {} was cut ({})", host, curl.easy_strerror(code));
    default: return *message != '\0' ? message : curl.easy_strerror(code);
  }
}

}  // namespace

std::string HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

struct HttpClient::Transfer {
  const CurlLibrary& curl;
  CURLM* multi = curl.multi_init();  // keeps the connection
  CURL* easy = curl.easy_init();
  curl_slist* headers = nullptr;
  char message[CURL_ERROR_SIZE] = "";

  explicit Transfer(const CurlLibrary& library) : curl(library) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    curl.slist_free_all(headers);
    curl.easy_cleanup(easy);
    curl.multi_cleanup(multi);
  }

  void add_header(const std::string& name, const std::string& value) {
    headers = curl.slist_append(headers, value.empty() ? fmt::format("{};", name).c_str()
                                                       : fmt::format("{}: {}", name, value).c_str());
  }

  void prepare(Exchange& exchange, const std::string& ca_bundle) {
    const HttpRequest& request = exchange.request;
    exchange.easy = easy;
    curl.easy_reset(easy);
    curl.slist_free_all(headers);
    headers = nullptr;
    message[0] = '\0';
    const auto set = [this](CURLoption option, auto value) { curl.easy_setopt(easy, option, value); };
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
    set(CURLOPT_ERRORBUFFER, message);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_BUFFERSIZE, 512L << 10);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1024L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stalled_after.count()));
    set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &exchange);
    if (!request.uses_proxy) set(CURLOPT_NOPROXY, "*");
    if (!ca_bundle.empty()) set(CURLOPT_CAINFO, ca_bundle.c_str());
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    if (request.method == "PUT" || request.method == "POST") {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, on_read);
      set(CURLOPT_READDATA, &exchange);
      set(CURLOPT_SEEKFUNCTION, on_seek);
      set(CURLOPT_SEEKDATA, &exchange);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body_size()));
    }
    if (request.method != "GET" && request.method != "HEAD")
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set_headers(request);
  }

  void set_headers(const HttpRequest& request) {
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
    curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  }

  // Nothing where it was cancelled. The flag is looked at between waits, which something to read ends early.
  std::optional<CURLcode> run(const std::atomic<bool>* cancelled) {
    constexpr int longest_wait_ms = 100;
    curl.multi_add_handle(multi, easy);
    int running = 1;
    bool stopped = false;
    while (true) {
      curl.multi_perform(multi, &running);
      if (running == 0) break;
      stopped = cancelled != nullptr && cancelled->load();
      if (stopped) break;
      curl.multi_poll(multi, nullptr, 0, longest_wait_ms, nullptr);
    }
    std::optional<CURLcode> result;
    int left = 0;
    while (const CURLMsg* told = curl.multi_info_read(multi, &left))
      if (told->msg == CURLMSG_DONE) result = told->data.result;
    curl.multi_remove_handle(multi, easy);
    return stopped ? std::nullopt : result;
  }
};

struct HttpClient::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Transfer>> idle;
};

HttpClient::HttpClient(HttpSettings settings)
    : settings_(std::move(settings)), pool_(std::make_unique<Pool>()) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Transfer> HttpClient::take_transfer(const CurlLibrary& curl) {
  const std::lock_guard lock(pool_->mutex);
  if (pool_->idle.empty()) return std::make_unique<Transfer>(curl);
  auto transfer = std::move(pool_->idle.back());
  pool_->idle.pop_back();
  return transfer;
}

void HttpClient::give_transfer(std::unique_ptr<Transfer> transfer) {
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
  Exchange exchange{request, settings_, **curl, nullptr, {}, 0, {}};
  transfer->prepare(exchange, settings_.ca_bundle);
  const std::optional<CURLcode> code = transfer->run(flag);
  std::optional<HttpFailure> failure = std::move(exchange.failure);
  if (!code) {
    failure = HttpFailure{HttpFault::cancelled, "was stopped", 0};
  } else if (*code != CURLE_OK && !failure) {
    const HttpFault fault = fault_of(*code);
    failure =
        HttpFailure{fault, words_of(**curl, *code, fault, request, transfer->easy, transfer->message), 0};
  }
  long status = 0;
  (*curl)->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
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

bool may_pass(HttpFault fault) {
  return fault == HttpFault::name || fault == HttpFault::connect || fault == HttpFault::cut ||
         fault == HttpFault::stalled;
}

Error http_error(std::string where, const HttpFailure& failure) {
  const auto remedy = [&]() -> std::string {
    switch (failure.fault) {
      case HttpFault::name:
      case HttpFault::connect: return "is the address right, and does this host's network reach it?";
      case HttpFault::no_library: return "install libcurl (Debian: libcurl4)";
      case HttpFault::tls: return "name the certificates to be trusted in AWS_CA_BUNDLE";
      case HttpFault::cut:
      case HttpFault::stalled: return "is the network or the server overloaded? then run it again";
      default: return "";
    }
  }();
  return {Fault::start, {{std::move(where), failure.what, remedy}}};
}

}  // namespace smlaunch
