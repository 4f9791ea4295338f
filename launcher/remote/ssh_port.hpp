// SPDX-License-Identifier: Apache-2.0
// A host's SSH port, on an Asio loop: connects to it, and reads its banner.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "launcher/remote/host_probe.hpp"

namespace smlaunch {

// Each connect() and read_banner() calls `told` once, from the loop, unless close(), another call or the end of this
// object comes before.
class SshPort {
 public:
  using Told = std::function<void(const HostProbe::Event& event)>;

  explicit SshPort(boost::asio::io_context& loop) : loop_(loop), socket_(loop), timer_(loop) {}
  ~SshPort() { close(); }
  SshPort(const SshPort&) = delete;
  SshPort& operator=(const SshPort&) = delete;

  // Connected or ConnectFailed. `address`: numeric.
  void connect(const std::string& address, int port, std::chrono::milliseconds bound, Told told);

  // BannerRead, BannerTimeout or BannerClosed, for the port that is connected.
  void read_banner(std::chrono::milliseconds bound, Told told);

  void close();

 private:
  using tcp = boost::asio::ip::tcp;

  std::size_t begin(std::chrono::milliseconds bound, Told told, std::function<HostProbe::Event()> too_late);
  void tell(std::size_t turn, const HostProbe::Event& event);
  boost::system::error_code open_socket(const tcp::endpoint& endpoint);
  void read_greeting(std::size_t turn);

  boost::asio::io_context& loop_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  // The number of the call under way: events of earlier calls are not told. A handler that is queued when this object
  // ends still finds it.
  std::shared_ptr<std::size_t> turn_ = std::make_shared<std::size_t>(0);
  Told told_;
  std::string greeting_;
};

}  // namespace smlaunch
