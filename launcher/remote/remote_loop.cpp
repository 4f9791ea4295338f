// SPDX-License-Identifier: Apache-2.0
// Policy: the numbers of connections and of logins are limited (remote_limits.hpp). A host holds a connection from its
// first TCP connect until its banner is read, and a login while its ssh runs. Hosts that must wait for one stand in
// line, so every host gets its turn. Silent hosts may keep all the logins for long: those in line look at their ports
// meanwhile.
#include "launcher/remote/remote_loop.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>

#include "launcher/remote/remote_limits.hpp"
#include "launcher/remote/waiting_logins.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds progress_interval{200};
constexpr milliseconds quiet_interval{1'000};   // between calls, if only the seconds have changed
constexpr milliseconds question_bound{10'000};  // for ssh to say what it would connect to

}  // namespace

RemoteReport cannot_wait(const RemoteRequest& request, const std::string& why) {
  RemoteReport report;
  for (const std::string& name : request.hosts)
    report.hosts.push_back({.name = name,
                            .state = ReadyState::failed,
                            .cause = {.trouble = HostTrouble::cannot_wait, .subject = why},
                            .remedy = "free memory, threads or open files on this machine"});
  return report;
}

RemoteLoop::RemoteLoop(AsioLoop& loop, RemoteRequest request, TakeReport take)
    : request_(std::move(request)),
      take_(std::move(take)),
      files_(wanted_files(request_)),
      loop_(loop),
      names_(loop.context()),
      deadline_(loop.make_timer()),
      ticker_(loop.make_timer()),
      end_(loop.make_timer()),
      connections_(most_connections(request_, files_)),
      logins_(most_logins(request_, files_)) {
  asks_ssh_ = request_.until != ReadyStage::name && may_own_config_redirect();
  std::random_device entropy;
  for (const std::string& name : request_.hosts) add_host(name, false, entropy());
  for (const std::string& name : request_.spare_hosts) add_host(name, true, entropy());
  begin();
}

RemoteLoop::~RemoteLoop() { stop_logins(); }

void RemoteLoop::add_host(const std::string& name, bool is_spare, unsigned seed) {
  if (!request_.own_host.empty() && name == request_.own_host) {
    hosts_.push_back(nullptr);
    return;
  }
  hosts_.push_back(
      std::make_unique<Host>(loop_, HostProbe::Settings{.host = name,
                                                        .port = request_.port,
                                                        .asks_ssh = asks_ssh_,
                                                        .until = request_.until,
                                                        .version = request_.login.version,
                                                        .longest_answer = request_.login.longest_answer,
                                                        .judge = request_.login.judge,
                                                        .timeout = request_.timeout,
                                                        .banner_timeout = request_.banner_timeout,
                                                        .login_deadline = request_.login.deadline,
                                                        .seed = seed}));
  hosts_.back()->is_spare = is_spare;
  ++(is_spare ? missing_spares_ : missing_);
}

void RemoteLoop::begin() {
  if (missing_ + missing_spares_ == 0) return finish();
  deadline_->start(request_.timeout, [this] { finish(); });
  if (request_.progress || request_.is_pointless) tick();
  if (missing_ == 0) wait_for_spares();
  for (const auto& host : hosts_)
    if (host) attempt([&] { perform(*host, host->probe.start()); });
}

// Asio throws where this machine has no more memory or open files for us.
template <class Work>
void RemoteLoop::attempt(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    refused_ = error.what();
    finish();
  }
}

void RemoteLoop::stop(int signal) {
  stopped_by_signal_ = signal;
  finish();
}

// What has come until now still counts, a stop signal above all.
void RemoteLoop::finish() {
  done_ = true;
  end_->start(Millis(0), [this] { tell(); });
}

void RemoteLoop::tell() {
  const TakeReport take = std::exchange(take_, nullptr);
  if (!take) return;
  RemoteReport result = refused_ ? cannot_wait(request_, *refused_) : report();
  if (request_.progress) request_.progress(result);
  stop_logins();
  take(std::move(result));
}

void RemoteLoop::stop_logins() {
  for (const auto& host : hosts_) {
    if (host && host->login) host->login->stop();
  }
}

void RemoteLoop::soon(std::function<void()> work) {
  loop_.post([is_here = std::weak_ptr<bool>(is_here_), work = std::move(work)] {
    if (!is_here.expired()) work();
  });
}

void RemoteLoop::feed(Host& host, const HostProbe::Event& event) {
  if (done_) return;
  attempt([&] {
    HostProbe::Action action = host.probe.step(event, now());
    note_change(host);
    perform(host, std::move(action));
  });
}

void RemoteLoop::perform(Host& host, HostProbe::Action action) {
  std::visit([&](const auto& one) { perform(host, one); }, action);
}

// A process as a login is one, so it takes a login's turn.
void RemoteLoop::perform(Host& host, const HostProbe::AskSsh&) {
  host.asks_ssh = true;
  host.wants_turn = true;
  if (logins_.take(host)) take_turn(host);
}

void RemoteLoop::take_turn(Host& host) {
  // It has done without meanwhile.
  if (!host.wants_turn) return pass_turn_on();
  host.wants_turn = false;
  host.asks_ssh ? ask_ssh(host) : log_in(host);
}

// What ssh does not answer, the login will tell.
void RemoteLoop::ask_ssh(Host& host) {
  host.asks_ssh = false;
  host.login = std::make_shared<SshLogin>(loop_.context(), false);
  const SshTarget given{host.probe.host(), request_.port, false};
  const auto told = [this, &host, given](const std::string& answer) {
    leave_login(host);
    feed(host, HostProbe::SshAsked{parse_ssh_target(answer, given)});
  };
  const int error = host.login->start(
      make_ssh_question(request_.login.ssh, host.probe.host(), request_.port), "", question_bound,
      {.ended = [told](const LoginEnd& end) { told(end.exit_code == 0 ? end.out : ""); },
       .hung = [told] { told(""); }});
  if (error != 0) soon([told] { told(""); });
}

void RemoteLoop::perform(Host& host, const HostProbe::Resolve& action) {
  names_.resolve(action.name, [this, &host](NameAnswer answer) {
    if (answer.addresses.empty()) {
      feed(host, HostProbe::NameFailed{std::move(answer.error)});
    } else {
      feed(host, HostProbe::Resolved{std::move(answer.addresses)});
    }
  });
}

void RemoteLoop::perform(Host& host, const HostProbe::Connect& action) {
  host.address = action.address;
  host.target_port = action.port;
  host.wants_turn = false;
  if (host.has_connection) return connect(host);  // the next address of the same host
  host.wants_connection = true;
  if (!connections_.take(host)) return;
  host.wants_connection = false;
  host.has_connection = true;
  connect(host);
}

void RemoteLoop::connect(Host& host) {
  host.port.connect(host.address, host.target_port, request_.connect_timeout,
                    [this, &host](const HostProbe::Event& event) { feed(host, event); });
}

void RemoteLoop::perform(Host& host, const HostProbe::ReadBanner&) {
  host.port.read_banner(request_.banner_timeout,
                        [this, &host](const HostProbe::Event& event) { feed(host, event); });
}

void RemoteLoop::perform(Host& host, const HostProbe::Login& action) {
  leave_connection(host);
  host.login_deadline = action.deadline;
  host.is_first_login = action.is_first;
  host.wants_turn = true;
  look_if_slow(host, request_.slow_turn);
  if (logins_.take(host)) take_turn(host);
}

void RemoteLoop::look_if_slow(Host& host, Millis bound) {
  if (host.is_first_login) host.pause->start(bound, [this, &host] { feed(host, HostProbe::LoginIsSlow{}); });
}

void RemoteLoop::log_in(Host& host) {
  feed(host, HostProbe::LoginStarted{});
  look_if_slow(host, request_.slow_login);
  host.login = std::make_shared<SshLogin>(loop_.context(), request_.login.keep_connections);
  SshLogin::Calls calls{.ended =
                            [this, &host](LoginEnd end) {
                              leave_login(host);
                              feed(host, HostProbe::LoginEnded{std::move(end)});
                            },
                        .hung =
                            [this, &host] {
                              leave_login(host);
                              feed(host, HostProbe::LoginHung{});
                            }};
  const RemoteLogin& login = request_.login;
  // mpirun logs in to no spare host.
  const bool may_wait = login.waiting != nullptr && !host.is_spare &&
                        login.input.size() <= longest_waiting_input && login.waiting->take_place(host.login);
  if (may_wait) {
    calls.waits_bound = login.waiting_bound;
    calls.waits = [this, &host](const std::string& answer) {
      request_.login.waiting->keep(host.probe.host(), host.login);
      leave_login(host);
      feed(host, HostProbe::LoginEnded{{.exit_code = 0, .out = answer, .err = {}}});
    };
  }
  const int error =
      host.login->start(make_ssh_argv(login.ssh, host.probe.host(), request_.port, login.command),
                        login.input, host.login_deadline, std::move(calls));
  if (error != 0) {
    soon([this, &host, error] {
      leave_login(host);
      feed(host, HostProbe::LoginNotStarted{error});
    });
  }
}

void RemoteLoop::leave_login(Host& host) {
  host.login.reset();
  pass_turn_on();
}

void RemoteLoop::end_login(Host& host) {
  if (!host.login) return;
  host.login->stop();
  leave_login(host);
}

void RemoteLoop::pass_turn_on() {
  Host* next = logins_.pass_on();
  if (next == nullptr || done_) return;
  soon([this, next] {
    if (!done_) take_turn(*next);
  });
}

void RemoteLoop::leave_connection(Host& host) {
  host.port.close();
  host.wants_connection = false;
  if (!host.has_connection) return;
  host.has_connection = false;
  Host* next = connections_.pass_on();
  // Who has logged in meanwhile still stands in line, and wants none.
  while (next != nullptr && !next->wants_connection) next = connections_.pass_on();
  if (next == nullptr) return;
  next->wants_connection = false;
  next->has_connection = true;
  connect(*next);
}

void RemoteLoop::perform(Host& host, const HostProbe::Wait& action) {
  leave_connection(host);
  end_login(host);
  host.pause->start(action.time, [this, &host] { feed(host, HostProbe::WaitOver{}); });
}

void RemoteLoop::perform(Host& host, const HostProbe::Finish& action) {
  leave_connection(host);
  end_login(host);
  host.pause->cancel();
  if (host.is_spare) {
    if (--missing_spares_ == 0 && missing_ == 0) finish();
    return;
  }
  // If one host can never be ready, waiting for the others is pointless.
  if (action.state == ReadyState::failed) return finish();
  if (--missing_ > 0) return;
  if (missing_spares_ == 0) return finish();
  wait_for_spares();
}

void RemoteLoop::wait_for_spares() {
  deadline_->start(std::min(request_.spare_wait, request_.timeout), [this] { finish(); });
}

RemoteReport RemoteLoop::report() const {
  RemoteReport result;
  const milliseconds time = now();
  result.seconds = static_cast<double>(time.count()) / 1000.0;
  result.stopped_by_signal = stopped_by_signal_;
  result.is_given_up = is_given_up_;
  result.ready = missing_ == 0;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    auto& list = i < request_.hosts.size() ? result.hosts : result.spare_hosts;
    if (hosts_[i]) {
      list.push_back(hosts_[i]->probe.status(time));
    } else {
      list.push_back({.name = request_.own_host, .state = ReadyState::ready, .stage = request_.until});
    }
  }
  return result;
}

void RemoteLoop::note_change(Host& host) {
  if (!request_.progress) return;
  HostReadiness is = host.probe.status(now());
  if (is.state == host.shown.state && is.stage == host.shown.stage && is.cause == host.shown.cause) return;
  host.shown = std::move(is);
  changed_ = true;
  if (now() - last_progress_ >= progress_interval) show_progress();
}

void RemoteLoop::tick() {
  ticker_->start(progress_interval, [this] {
    if (done_) return;
    if (request_.is_pointless && request_.is_pointless()) {
      is_given_up_ = true;
      return finish();
    }
    if (request_.progress && (changed_ || now() - last_progress_ >= quiet_interval)) show_progress();
    tick();
  });
}

void RemoteLoop::show_progress() {
  last_progress_ = now();
  changed_ = false;
  request_.progress(report());
}

}  // namespace smlaunch
