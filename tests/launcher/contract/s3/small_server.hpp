// SPDX-License-Identifier: Apache-2.0
// An HTTP server on loopback that answers what a test says, faults too. One thread for each connection; a
// connection serves one request.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace smlaunch {

class SmallServer {
 public:
  struct Request {
    std::string method;
    std::string target;                          // "/path?query"
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Reply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::optional<std::size_t> cut_after{};  // bytes of the body, then the connection ends
    bool stalls = false;                     // after cut_after bytes nothing more comes, and nothing ends
    bool tells_size = true;                  // by Content-Length
  };
  using Handler = std::function<Reply(const Request& request)>;  // called by one thread at a time

  explicit SmallServer(Handler handler);
  ~SmallServer();
  SmallServer(const SmallServer&) = delete;
  SmallServer& operator=(const SmallServer&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"
  [[nodiscard]] std::vector<Request> seen();

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<Request> seen_;
  std::vector<int> open_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace smlaunch
