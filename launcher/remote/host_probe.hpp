// SPDX-License-Identifier: Apache-2.0
// The way of ONE host to readiness, as a state machine without clock, socket or process. Each event brings
// the next action.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "launcher/remote/run_on_hosts.hpp"
#include "launcher/remote/ssh_failure.hpp"
#include "launcher/remote/ssh_target.hpp"

namespace smlaunch {

class HostProbe {
 public:
  using Millis = std::chrono::milliseconds;  // all times count from the start of the wait

  struct Settings {
    std::string host = {};
    int port = 22;
    bool asks_ssh = false;  // ssh's configuration may send a login elsewhere
    ReadyStage until = ReadyStage::smlaunch;
    std::string version = {};
    std::size_t longest_answer = 4096;
    std::function<std::optional<HostProblem>(const std::string& answer)> judge = {};
    Millis timeout{std::chrono::hours(1)};
    Millis banner_timeout{5'000};
    Millis login_deadline{20'000};
    unsigned seed = 1;  // of the jitter
  };

  // What happened.
  struct SshAsked {
    SshTarget target;
  };
  struct Resolved {
    std::vector<std::string> addresses;  // numeric, best first
  };
  struct NameFailed {
    std::string text;
  };
  struct Connected {};
  struct ConnectFailed {
    int error = 0;  // errno
  };
  struct BannerRead {};
  struct BannerTimeout {
    std::string seen;  // the text that came instead of a banner
  };
  struct BannerClosed {
    int error = 0;  // errno, 0: end of file
    std::string seen;
  };
  struct LoginStarted {};  // it had to wait for its turn until now
  struct LoginIsSlow {};   // the first one has no end, or no turn, after a while
  struct LoginNotStarted {
    int error = 0;  // errno of running ssh
  };
  struct LoginEnded {
    LoginEnd end;
  };
  struct LoginHung {};  // ended by us at its deadline
  struct WaitOver {};
  using Event =
      std::variant<SshAsked, Resolved, NameFailed, Connected, ConnectFailed, BannerRead, BannerTimeout,
                   BannerClosed, LoginStarted, LoginIsSlow, LoginNotStarted, LoginEnded, LoginHung, WaitOver>;

  // What to do next; one of its events answers each action.
  struct AskSsh {};
  struct Resolve {
    std::string name;
  };
  struct Connect {
    std::string address;
    int port = 22;
  };
  struct ReadBanner {};
  struct Login {
    Millis deadline{0};
    bool is_first = false;  // nobody has looked at the port
  };
  struct KeepLogin {};  // the port is well: the login under way may go on
  struct Wait {         // without a login: a login that is under way ends
    Millis time{0};
  };
  struct GoOn {};  // nothing new
  struct Finish {  // as Wait
    ReadyState state = ReadyState::ready;
  };
  using Action = std::variant<AskSsh, Resolve, Connect, ReadBanner, Login, KeepLogin, Wait, GoOn, Finish>;

  explicit HostProbe(Settings settings);

  const std::string& host() const { return settings_.host; }

  Action start() const { return settings_.asks_ssh ? Action(AskSsh{}) : Action(Resolve{target_.host}); }
  Action step(const Event& event, Millis now);

  // How far the host is, for people and reports.
  HostReadiness status(Millis now) const;

 private:
  struct Trouble {
    ReadyStage stage = ReadyStage::name;
    HostCause cause = {};
    std::string remedy = {};
    Millis since{0};
  };

  Action on(const SshAsked& event, Millis now);
  Action on(const Resolved& event, Millis now);
  Action on(const NameFailed& event, Millis now);
  Action on(const Connected& event, Millis now);
  Action on(const ConnectFailed& event, Millis now);
  Action on(const BannerRead& event, Millis now);
  Action on(const BannerTimeout& event, Millis now);
  Action on(const BannerClosed& event, Millis now);
  Action on(const LoginStarted& event, Millis now);
  Action on(const LoginIsSlow& event, Millis now);
  Action on(const LoginNotStarted& event, Millis now);
  Action on(const LoginEnded& event, Millis now);
  Action on(const LoginHung& event, Millis now);
  Action on(const WaitOver& event, Millis now);

  Action begin_round(Millis now);
  Action reached(ReadyStage stage, Action next, Millis now);
  Action look_at_port(Millis now);
  bool looks_at_port() const { return stage_ == ReadyStage::tcp || stage_ == ReadyStage::banner; }
  Action next_address(Trouble trouble, Millis now);
  Action try_again(Trouble trouble, Millis now);
  Action give_up(Trouble trouble, Millis now);
  Action become_ready(Millis now);
  std::string endpoint() const;
  Millis login_deadline() const;

  Settings settings_;
  SshTarget target_;
  std::minstd_rand random_;
  std::vector<std::string> addresses_;
  std::size_t address_ = 0;
  ReadyStage stage_ = ReadyStage::name;  // that is tried now
  Millis stage_since_{0};
  bool logs_in_at_once_ = true;  // no login has failed so far
  bool logging_in_ = false;
  Millis login_since_{0};
  int logins_hung_ = 0;
  std::optional<Trouble> round_;    // the worst of this round's addresses
  std::optional<Trouble> trouble_;  // the end of the last failed round
  Millis backoff_{0};
  ReadyState state_ = ReadyState::waiting;
  Millis finished_{0};
  std::string answer_;
};

}  // namespace smlaunch
