// SPDX-License-Identifier: Apache-2.0
// Does what the hosts' state machines ask for, on the event loop of somebody else and in its thread; only getaddrinfo
// has others.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/process/asio_loop.hpp"
#include "launcher/process/file_limit.hpp"
#include "launcher/remote/host_probe.hpp"
#include "launcher/remote/host_work.hpp"
#include "launcher/remote/name_pool.hpp"
#include "launcher/remote/ssh_login.hpp"
#include "launcher/remote/ssh_port.hpp"
#include "launcher/remote/turns.hpp"

namespace smlaunch {

// The report where this machine has refused what waiting needs.
RemoteReport cannot_wait(const RemoteRequest& request, const std::string& why);

class RemoteLoop final : public HostWork {
 public:
  RemoteLoop(AsioLoop& loop, RemoteRequest request, TakeReport take);
  ~RemoteLoop() override;
  void stop(int signal) override;

 private:
  using Millis = std::chrono::milliseconds;

  struct Host {
    Host(AsioLoop& loop, HostProbe::Settings settings)
        : probe(std::move(settings)), port(loop.context()), pause(loop.make_timer()) {}
    HostProbe probe;
    SshPort port;
    std::unique_ptr<LoopTimer> pause;  // between two rounds
    std::shared_ptr<SshLogin> login;
    bool has_connection = false;    // it holds one of the limited connections
    bool wants_connection = false;  // it stands in line for one
    bool is_spare = false;
    bool asks_ssh = false;    // it has, or waits for, a login's turn to ask ssh
    bool wants_turn = false;  // it stands in line for a login's turn, and still wants it
    bool is_first_login = false;
    std::string address;
    int target_port = 22;
    Millis login_deadline{0};
    HostReadiness shown;
  };

  Millis now() const { return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start_); }
  void begin();
  void feed(Host& host, const HostProbe::Event& event);
  void perform(Host& host, HostProbe::Action action);
  void perform(Host& host, const HostProbe::AskSsh&);
  void perform(Host& host, const HostProbe::Resolve& action);
  void perform(Host& host, const HostProbe::Connect& action);
  void perform(Host& host, const HostProbe::ReadBanner&);
  void perform(Host& host, const HostProbe::Login& action);
  void perform(Host& host, const HostProbe::KeepLogin&) { leave_connection(host); }
  void perform(Host& host, const HostProbe::Wait& action);
  void perform(Host&, const HostProbe::GoOn&) {}
  void perform(Host& host, const HostProbe::Finish& action);
  void connect(Host& host);
  void log_in(Host& host);
  void ask_ssh(Host& host);
  void leave_connection(Host& host);
  void take_turn(Host& host);
  void pass_turn_on();
  void look_if_slow(Host& host, Millis bound);
  void leave_login(Host& host);
  void end_login(Host& host);

  void add_host(const std::string& name, bool is_spare, unsigned seed);
  void wait_for_spares();
  RemoteReport report() const;
  void note_change(Host& host);
  void tick();
  void show_progress();
  void finish();
  void tell();
  template <class Work>
  void attempt(const Work& work);
  void stop_logins();
  // Does this next, unless this object is gone by then.
  void soon(std::function<void()> work);

  RemoteRequest request_;
  TakeReport take_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool asks_ssh_ = false;
  FileLimit files_;
  AsioLoop& loop_;
  NamePool names_;
  std::unique_ptr<LoopTimer> deadline_;
  std::unique_ptr<LoopTimer> ticker_;
  std::unique_ptr<LoopTimer> end_;
  std::vector<std::unique_ptr<Host>> hosts_;  // null: this machine itself
  Turns<Host> connections_;
  Turns<Host> logins_;
  std::size_t missing_ = 0;         // hosts that are needed and not ready
  std::size_t missing_spares_ = 0;  // spare hosts that are not ready and may still be
  bool changed_ = false;
  Millis last_progress_{-1'000};  // so that the first change is shown at once
  int stopped_by_signal_ = 0;
  bool is_given_up_ = false;
  std::optional<std::string> refused_;  // what this machine has refused, without which nobody can wait
  bool done_ = false;
  std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);  // for soon()
};

}  // namespace smlaunch
