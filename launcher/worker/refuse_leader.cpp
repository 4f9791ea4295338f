// SPDX-License-Identifier: Apache-2.0
// RFC 4253, 4.2: an SSH server may send lines before its banner; the leader reads them.
#include "launcher/worker/refuse_leader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/login_answers.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Long enough for a login that fails and the look after it.
constexpr std::chrono::milliseconds after_the_first{5000};

// At all addresses of this host, by IPv6 where it is there.
error_code listen(tcp::acceptor& acceptor, int port) {
  error_code error;
  const auto number = static_cast<unsigned short>(port);
  for (const tcp::endpoint& endpoint : {tcp::endpoint(tcp::v6(), number), tcp::endpoint(tcp::v4(), number)}) {
    error_code ignored;
    acceptor.close(ignored);
    acceptor.open(endpoint.protocol(), error);
    if (error) continue;
    acceptor.set_option(tcp::acceptor::reuse_address(true), ignored);
    if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(false), ignored);
    acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) return error;
  }
  return error;
}

}  // namespace

void refuse_leader(int port, const std::string& why, std::chrono::milliseconds longest) {
  asio::io_context loop(1);
  tcp::acceptor acceptor(loop);
  if (listen(acceptor, port)) return;
  asio::steady_timer patience(loop, longest);
  patience.async_wait([&](error_code early) {
    if (!early) loop.stop();
  });
  bool is_told = false;
  StopSignals signals(loop);
  signals.on_signal([&](int) { loop.stop(); });
  const std::string line = fmt::format("{}{}\r\n", refusal_answer, why);
  // The leader logs in first: an ssh is told, too, and shows it to nobody. The look at the port comes soon after it.
  std::function<void()> accept_next = [&] {
    acceptor.async_accept([&](error_code error, tcp::socket peer) {
      error_code ignored;
      if (!error) asio::write(peer, asio::buffer(line), ignored);
      if (!is_told) patience.expires_after(std::min(longest, after_the_first));
      if (!is_told)
        patience.async_wait([&](error_code late) {
          if (!late) loop.stop();
        });
      is_told = true;
      if (!error) accept_next();
    });
  };
  accept_next();
  loop.run();
}

}  // namespace smlaunch
