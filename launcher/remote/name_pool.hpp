// SPDX-License-Identifier: Apache-2.0
// Names to addresses, several at a time, without a thread for each name.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace smlaunch {

struct NameAnswer {
  std::vector<std::string> addresses;  // numeric, in the order of getaddrinfo, each once
  std::string error;                   // why there is no address
};

class NamePool {
 public:
  explicit NamePool(boost::asio::io_context& loop);
  ~NamePool();
  NamePool(const NamePool&) = delete;
  NamePool& operator=(const NamePool&) = delete;

  // `done` is called from the loop; never after the pool is gone. A numeric address answers without a
  // look-up.
  void resolve(const std::string& name, std::function<void(NameAnswer)> done);

 private:
  struct Shared;
  static void look_up_names(const std::shared_ptr<Shared>& shared);
  void add_thread();
  void answer_soon(std::function<void(NameAnswer)> done, NameAnswer answer);
  void listen();
  void deliver();

  boost::asio::io_context& loop_;
  std::shared_ptr<Shared> shared_;
  boost::asio::posix::stream_descriptor wake_;
  std::vector<std::function<void(NameAnswer)>> waiting_;  // by ticket
  std::vector<std::size_t> free_tickets_;
  std::shared_ptr<bool> is_here_ =
      std::make_shared<bool>(true);  // for handlers that are queued when it is gone
};

}  // namespace smlaunch
