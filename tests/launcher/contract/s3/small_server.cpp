// SPDX-License-Identifier: Apache-2.0
#include "tests/launcher/contract/s3/small_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace smlaunch {

namespace {

void require(bool fine) {
  if (!fine) std::abort();
}

bool read_more(int fd, std::string& text) {
  char block[65536];
  const ssize_t got = ::recv(fd, block, sizeof block, 0);
  if (got <= 0) return false;
  text.append(block, static_cast<std::size_t>(got));
  return true;
}

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::optional<SmallServer::Request> read_request(int fd) {
  std::string text;
  std::size_t end = 0;
  while ((end = text.find("\r\n\r\n")) == std::string::npos)
    if (!read_more(fd, text)) return {};
  SmallServer::Request request;
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  request.method = text.substr(0, first);
  request.target = text.substr(first + 1, second - first - 1);
  for (auto line = text.find("\r\n") + 2; line < end + 2;) {
    const auto stop = text.find("\r\n", line);
    const auto colon = text.find(':', line);
    std::string name = text.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto value = std::min(text.find_first_not_of(' ', colon + 1), stop);
    request.headers[name] = text.substr(value, stop - value);
    line = stop + 2;
  }
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  if (request.headers.contains("expect")) send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n");
  request.body = text.substr(end + 4);
  while (request.body.size() < size)
    if (!read_more(fd, request.body)) return {};
  return request;
}

}  // namespace

SmallServer::SmallServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  require(::listen(listener_, 64) == 0);
  require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

SmallServer::~SmallServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& connection : connections_) connection.join();
}

std::string SmallServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<SmallServer::Request> SmallServer::seen() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void SmallServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    connections_.emplace_back([this, fd] {
      serve(fd);
      const std::lock_guard closing(mutex_);
      std::erase(open_, fd);
      ::close(fd);
    });
  }
}

void SmallServer::serve(int fd) {
  const auto request = read_request(fd);
  if (!request) return;
  Reply reply;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(*request);
    reply = handler_(*request);
  }
  std::string head = fmt::format("HTTP/1.1 {} Words\r\nConnection: close\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  const std::size_t size = request->method == "HEAD" ? 0 : reply.body.size();
  if (reply.tells_size) head += fmt::format("Content-Length: {}\r\n", reply.body.size());
  send_all(fd, head + "\r\n");
  send_all(fd, std::string_view(reply.body).substr(0, std::min(size, reply.cut_after.value_or(size))));
  std::string ignored;
  while (reply.stalls && read_more(fd, ignored)) continue;
}

}  // namespace smlaunch
