// SPDX-License-Identifier: Apache-2.0
// Does what the hosts' state machines ask for, on one event loop and in one thread; only getaddrinfo has
// others.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "launcher/process/file_limit.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/host_probe.hpp"
#include "launcher/remote/name_pool.hpp"
#include "launcher/remote/run_on_hosts.hpp"
#include "launcher/remote/ssh_login.hpp"
#include "launcher/remote/ssh_port.hpp"
#include "launcher/remote/turns.hpp"

namespace smlaunch {

class RemoteLoop {
 public:
  explicit RemoteLoop(const RemoteRequest& request);
  RemoteReport run();

 private:
  using Millis = std::chrono::milliseconds;

  struct Host {
    Host(boost::asio::io_context& loop, HostProbe::Settings settings)
        : probe(std::move(settings)), port(loop), pause(loop) {}
    HostProbe probe;
    SshPort port;
    boost::asio::steady_timer pause;  // between two rounds
    std::shared_ptr<SshLogin> login;
    bool has_connection = false;  // it holds one of the limited connections
    bool is_spare = false;
    bool asks_ssh = false;  // it has, or waits for, a login's turn to ask ssh
    std::string address;
    int target_port = 22;
    Millis login_deadline{0};
    HostReadiness shown;
  };

  Millis now() const { return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start_); }
  void feed(Host& host, const HostProbe::Event& event);
  void perform(Host& host, HostProbe::Action action);
  void perform(Host& host, const HostProbe::AskSsh&);
  void perform(Host& host, const HostProbe::Resolve& action);
  void perform(Host& host, const HostProbe::Connect& action);
  void perform(Host& host, const HostProbe::ReadBanner&);
  void perform(Host& host, const HostProbe::Login& action);
  void perform(Host& host, const HostProbe::Wait& action);
  void perform(Host&, const HostProbe::GoOn&) {}
  void perform(Host& host, const HostProbe::Finish& action);
  void connect(Host& host);
  void log_in(Host& host);
  void ask_ssh(Host& host);
  void leave_connection(Host& host);
  void leave_login(Host& host);

  void add_host(const std::string& name, bool is_spare, unsigned seed);
  void wait_for_spares();
  RemoteReport report() const;
  void note_change(Host& host);
  void tick();
  void show_progress();
  void finish();

  const RemoteRequest& request_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool asks_ssh_ = false;
  FileLimit files_;
  boost::asio::io_context loop_{1};
  StopSignals signals_{loop_};
  NamePool names_{loop_};
  boost::asio::steady_timer deadline_{loop_};
  boost::asio::steady_timer ticker_{loop_};
  std::vector<std::unique_ptr<Host>> hosts_;  // null: this machine itself
  Turns<Host> connections_;
  Turns<Host> logins_;
  std::size_t missing_ = 0;         // hosts that are needed and not ready
  std::size_t missing_spares_ = 0;  // spare hosts that are not ready and may still be
  bool changed_ = false;
  Millis last_progress_{-1'000};  // so that the first change is shown at once
  int stopped_by_signal_ = 0;
  bool done_ = false;
};

}  // namespace smlaunch
