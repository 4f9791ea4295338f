// SPDX-License-Identifier: Apache-2.0
// Does what the hosts' state machines ask for: all on one event loop, one thread but for getaddrinfo's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "launcher/process/file_limit.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/host_probe.hpp"
#include "launcher/remote/name_pool.hpp"
#include "launcher/remote/ready.hpp"
#include "launcher/remote/ssh_login.hpp"

namespace smlaunch {

class ReadyLoop {
 public:
  explicit ReadyLoop(const ReadyRequest& request);
  ReadyReport run();

 private:
  using Millis = std::chrono::milliseconds;
  using tcp = boost::asio::ip::tcp;

  struct Host {
    Host(boost::asio::io_context& loop, HostProbe::Settings settings)
        : probe(std::move(settings)), socket(loop), timer(loop) {}
    HostProbe probe;
    tcp::socket socket;
    boost::asio::steady_timer timer;
    std::string greeting;
    std::shared_ptr<SshLogin> login;
    std::size_t turn = 0;    // of the action under way: what belongs to an earlier one is ignored
    bool connected = false;  // holds one of the connections
    bool is_spare = false;
    std::string address;
    Millis login_deadline{0};
    HostReadiness shown;
  };

  Millis now() const { return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start_); }
  void feed(Host& host, const HostProbe::Event& event);
  void perform(Host& host, HostProbe::Action action);
  void perform(Host& host, const HostProbe::Resolve&);
  void perform(Host& host, const HostProbe::Connect& action);
  void perform(Host& host, const HostProbe::ReadBanner&);
  void perform(Host& host, const HostProbe::Login& action);
  void perform(Host& host, const HostProbe::Wait& action);
  void perform(Host&, const HostProbe::GoOn&) {}
  void perform(Host& host, const HostProbe::Finish& action);
  void connect(Host& host);
  void read_greeting(Host& host, std::size_t turn);
  void log_in(Host& host);
  void leave_connection(Host& host);
  void leave_login(Host& host);
  template <class Handler>
  void after(Host& host, Millis time, Handler handler);

  void add_host(const std::string& name, bool is_spare, unsigned seed);
  void wait_for_spares();
  ReadyReport report() const;
  void note_change(Host& host);
  void tick();
  void show_progress();
  void finish();

  const ReadyRequest& request_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::size_t most_logins_;
  FileLimit files_;
  std::size_t most_connections_ = 1;
  boost::asio::io_context loop_{1};
  StopSignals signals_{loop_};
  NamePool names_{loop_};
  boost::asio::steady_timer deadline_{loop_};
  boost::asio::steady_timer ticker_{loop_};
  std::vector<std::unique_ptr<Host>> hosts_;  // null: this machine itself
  std::deque<Host*> waiting_to_connect_;
  std::deque<Host*> waiting_to_log_in_;
  std::size_t connections_ = 0;
  std::size_t logins_ = 0;
  std::size_t missing_ = 0;         // of those that are needed
  std::size_t missing_spares_ = 0;  // that are neither ready nor can never be
  bool changed_ = false;
  Millis last_progress_{-1'000};  // so that the first change is shown at once
  int stopped_by_signal_ = 0;
  bool done_ = false;
};

}  // namespace smlaunch
