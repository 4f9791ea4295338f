// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_exchange.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace smlaunch {

namespace {

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
  static_cast<HttpExchange*>(exchange)->take_header({data, size * count});
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<HttpExchange*>(exchange)->take_body({data, size * count}) ? size * count : 0;
}

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<HttpExchange*>(exchange)->give_body(buffer, size * count);
}

int on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<HttpExchange*>(exchange)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// libcurl's own are inherited by every program that is started meanwhile.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

bool HttpExchange::fail(HttpFault fault, std::string what) {
  failure = HttpFailure{fault, std::move(what), 0};
  return false;
}

void HttpExchange::count(std::size_t bytes) const {
  if (settings.counter) settings.counter(bytes);
}

std::uint64_t HttpExchange::body_size() const {
  return request.body_file ? request.body_file->size : request.body.size();
}

void HttpExchange::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) response.headers.clear();  // of an interim answer
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  response.headers.emplace_back(std::move(name), value);
}

bool HttpExchange::take_body(std::string_view data) {
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
  if (request.passed) request.passed(response.written, data);
  while (!data.empty()) {
    const ssize_t size =
        ::pwrite(file.fd, data.data(), data.size(), static_cast<off_t>(file.offset + response.written));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(HttpFault::file, fmt::format("could not be written: {}", std::strerror(errno)));
    response.written += static_cast<std::uint64_t>(size);
    data.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::size_t HttpExchange::give_body(char* buffer, std::size_t room) {
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
    if (request.passed) request.passed(sent, {buffer, given});
  } else {
    std::memcpy(buffer, request.body.data() + sent, wanted);
  }
  sent += given;
  count(given);
  return given;
}

void connect_exchange(HttpExchange& exchange) {
  const auto set = [&](CURLoption option, auto value) {
    exchange.curl.easy_setopt(exchange.easy, option, value);
  };
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &exchange);
  const std::string& method = exchange.request.method;
  if (method != "PUT" && method != "POST") return;
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, on_read);
  set(CURLOPT_READDATA, &exchange);
  set(CURLOPT_SEEKFUNCTION, on_seek);
  set(CURLOPT_SEEKDATA, &exchange);
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body_size()));
}

}  // namespace smlaunch
