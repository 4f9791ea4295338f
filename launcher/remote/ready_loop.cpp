// SPDX-License-Identifier: Apache-2.0
// Policy: a host holds one of the limited connections from its first TCP connect until its banner is read,
// and one of the limited logins while its ssh runs; who has to wait for either waits in line, so every host
// gets its turn.
#include "launcher/remote/ready_loop.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <random>
#include <thread>
#include <utility>

namespace smlaunch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds progress_interval{200};
constexpr milliseconds quiet_interval{1'000};  // between calls where only the seconds changed
constexpr std::size_t files_per_login = 4;
constexpr std::size_t files_aside = 24;  // the loop's own, those of look-ups, and of a login being started
constexpr std::size_t longest_greeting = 8 * 1024;

int sane_logins() { return std::clamp(4 * static_cast<int>(std::thread::hardware_concurrency()), 8, 64); }

}  // namespace

ReadyLoop::ReadyLoop(const ReadyRequest& request)
    : request_(request),
      most_logins_(
          static_cast<std::size_t>(request.logins_at_once > 0 ? request.logins_at_once : sane_logins())),
      files_(request.hosts.size() + request.spare_hosts.size() + most_logins_ * files_per_login +
             files_aside) {
  // With too few descriptors everything takes its turn more often, and nothing fails.
  const std::size_t usable = files_.free() > files_aside ? files_.free() - files_aside : 0;
  most_logins_ = std::clamp<std::size_t>(usable / 2 / files_per_login, 1, most_logins_);
  const std::size_t for_logins = most_logins_ * files_per_login;
  most_connections_ = usable > for_logins ? usable - for_logins : 1;

  std::random_device entropy;
  for (const std::string& name : request.hosts) add_host(name, false, entropy());
  for (const std::string& name : request.spare_hosts) add_host(name, true, entropy());
}

void ReadyLoop::add_host(const std::string& name, bool is_spare, unsigned seed) {
  if (!request_.own_host.empty() && name == request_.own_host) {
    hosts_.push_back(nullptr);
    return;
  }
  HostProbe::Settings settings;
  settings.host = name;
  settings.port = request_.port;
  settings.until = request_.until;
  settings.version = request_.version;
  settings.longest_answer = request_.longest_answer;
  settings.judge = request_.judge;
  settings.timeout = request_.timeout;
  settings.banner_timeout = request_.banner_timeout;
  settings.login_deadline = request_.login_deadline;
  settings.seed = seed;
  hosts_.push_back(std::make_unique<Host>(loop_, std::move(settings)));
  hosts_.back()->is_spare = is_spare;
  ++(is_spare ? missing_spares_ : missing_);
}

ReadyReport ReadyLoop::run() {
  if (missing_ + missing_spares_ > 0) {
    signals_.on_signal([this](int number) {
      stopped_by_signal_ = number;
      finish();
    });
    deadline_.expires_after(request_.timeout);
    deadline_.async_wait([this](const error_code& error) {
      if (!error) finish();
    });
    if (request_.progress || request_.stop_asked) tick();
    if (missing_ == 0) wait_for_spares();
    for (const auto& host : hosts_) {
      if (host) perform(*host, host->probe.start());
    }
    loop_.run();
    // A signal that came in the last moment still counts: the caller would not hear of it otherwise.
    loop_.restart();
    loop_.poll();
  }
  ReadyReport result = report();
  if (request_.progress) request_.progress(result);
  for (const auto& host : hosts_) {
    if (host && host->login) host->login->stop();
  }
  return result;
}

void ReadyLoop::finish() {
  done_ = true;
  loop_.stop();
}

void ReadyLoop::feed(Host& host, const HostProbe::Event& event) {
  if (done_) return;
  ++host.turn;
  HostProbe::Action action = host.probe.step(event, now());
  note_change(host);
  perform(host, std::move(action));
}

void ReadyLoop::perform(Host& host, HostProbe::Action action) {
  std::visit([&](const auto& one) { perform(host, one); }, action);
}

void ReadyLoop::perform(Host& host, const HostProbe::Resolve&) {
  names_.resolve(host.probe.host(), [this, &host](NameAnswer answer) {
    if (answer.addresses.empty()) {
      feed(host, HostProbe::NameFailed{std::move(answer.error)});
    } else {
      feed(host, HostProbe::Resolved{std::move(answer.addresses)});
    }
  });
}

void ReadyLoop::perform(Host& host, const HostProbe::Connect& action) {
  host.address = action.address;
  if (host.connected) return connect(host);  // the next address of the same host
  if (connections_ == most_connections_) return waiting_to_connect_.push_back(&host);
  host.connected = true;
  ++connections_;
  connect(host);
}

void ReadyLoop::connect(Host& host) {
  error_code error;
  host.socket.close(error);
  const auto address = asio::ip::make_address(host.address, error);
  const tcp::endpoint endpoint(address, static_cast<unsigned short>(request_.port));
  if (!error) {
    // Opened here and not by Asio, which leaves it open in the ssh clients that we start meanwhile.
    const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      error = error_code(errno, boost::system::system_category());
    } else {
      host.socket.assign(endpoint.protocol(), fd, error);
      if (error) ::close(fd);
    }
  }
  const std::size_t turn = host.turn;
  if (error) {
    return asio::post(loop_, [this, &host, turn, error] {
      if (turn == host.turn) feed(host, HostProbe::ConnectFailed{error.value()});
    });
  }
  after(host, request_.connect_timeout, [this, &host] { feed(host, HostProbe::ConnectFailed{ETIMEDOUT}); });
  host.socket.async_connect(endpoint, [this, &host, turn](const error_code& failed) {
    if (turn != host.turn) return;
    if (failed) {
      feed(host, HostProbe::ConnectFailed{failed.value()});
    } else {
      feed(host, HostProbe::Connected{});
    }
  });
}

void ReadyLoop::perform(Host& host, const HostProbe::ReadBanner&) {
  host.greeting.clear();
  after(host, request_.banner_timeout, [this, &host] {
    feed(host, HostProbe::BannerTimeout{host.greeting.substr(0, host.greeting.find('\n'))});
  });
  read_greeting(host, host.turn);
}

// A server may send other lines before the one that begins with SSH- (RFC 4253, 4.2).
void ReadyLoop::read_greeting(Host& host, std::size_t turn) {
  host.socket.async_wait(tcp::socket::wait_read, [this, &host, turn](const error_code& failed) {
    if (turn != host.turn) return;
    char buffer[512];
    error_code error = failed;
    const std::size_t got = error ? 0 : host.socket.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block || error == asio::error::interrupted)
      return read_greeting(host, turn);
    host.greeting.append(buffer, got);
    const bool found = host.greeting.starts_with("SSH-") || host.greeting.find("\nSSH-") != std::string::npos;
    if (found) return feed(host, HostProbe::BannerRead{});
    if (error || host.greeting.size() > longest_greeting) {
      const int why = error == asio::error::eof ? 0 : error.value();
      return feed(host,
                  HostProbe::BannerClosed{why, host.greeting.substr(0, host.greeting.find_first_of("\r\n"))});
    }
    read_greeting(host, turn);
  });
}

void ReadyLoop::perform(Host& host, const HostProbe::Login& action) {
  leave_connection(host);
  host.login_deadline = action.deadline;
  if (logins_ == most_logins_) return waiting_to_log_in_.push_back(&host);
  ++logins_;
  log_in(host);
}

void ReadyLoop::log_in(Host& host) {
  feed(host, HostProbe::LoginStarted{});
  host.login = std::make_shared<SshLogin>(loop_, request_.keep_connections);
  const int error = host.login->start(
      make_ssh_argv(request_.ssh, host.probe.host(), request_.port, request_.login_command),
      request_.login_input, host.login_deadline,
      [this, &host](LoginEnd end) {
        leave_login(host);
        feed(host, HostProbe::LoginEnded{std::move(end)});
      },
      [this, &host] {
        leave_login(host);
        feed(host, HostProbe::LoginHung{});
      });
  if (error != 0) {
    asio::post(loop_, [this, &host, error] {
      leave_login(host);
      feed(host, HostProbe::LoginNotStarted{error});
    });
  }
}

void ReadyLoop::leave_login(Host& host) {
  host.login.reset();
  --logins_;
  if (done_ || waiting_to_log_in_.empty()) return;
  Host* next = waiting_to_log_in_.front();
  waiting_to_log_in_.pop_front();
  ++logins_;
  asio::post(loop_, [this, next] {
    if (!done_) log_in(*next);
  });
}

void ReadyLoop::leave_connection(Host& host) {
  error_code ignored;
  host.socket.close(ignored);
  host.timer.cancel(ignored);
  if (!host.connected) return;
  host.connected = false;
  --connections_;
  if (waiting_to_connect_.empty()) return;
  Host* next = waiting_to_connect_.front();
  waiting_to_connect_.pop_front();
  next->connected = true;
  ++connections_;
  connect(*next);
}

template <class Handler>
void ReadyLoop::after(Host& host, milliseconds time, Handler handler) {
  host.timer.expires_after(time);
  host.timer.async_wait([&host, turn = host.turn, handler](const error_code& error) {
    if (!error && turn == host.turn) handler();
  });
}

void ReadyLoop::perform(Host& host, const HostProbe::Wait& action) {
  leave_connection(host);
  after(host, action.time, [this, &host] { feed(host, HostProbe::WaitOver{}); });
}

void ReadyLoop::perform(Host& host, const HostProbe::Finish& action) {
  leave_connection(host);
  if (host.is_spare) {
    if (--missing_spares_ == 0 && missing_ == 0) finish();
    return;
  }
  // One that can never be ready makes waiting for the others pointless.
  if (action.state == ReadyState::failed) return finish();
  if (--missing_ > 0) return;
  if (missing_spares_ == 0) return finish();
  wait_for_spares();
}

void ReadyLoop::wait_for_spares() {
  deadline_.expires_after(std::min(request_.spare_wait, request_.timeout));
  deadline_.async_wait([this](const error_code& error) {
    if (!error) finish();
  });
}

ReadyReport ReadyLoop::report() const {
  ReadyReport result;
  const milliseconds time = now();
  result.seconds = static_cast<double>(time.count()) / 1000.0;
  result.stopped_by_signal = stopped_by_signal_;
  result.ready = missing_ == 0;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    auto& list = i < request_.hosts.size() ? result.hosts : result.spare_hosts;
    if (hosts_[i]) {
      list.push_back(hosts_[i]->probe.status(time));
    } else {
      HostReadiness own;
      own.name = i < request_.hosts.size() ? request_.hosts[i] : request_.own_host;
      own.state = ReadyState::ready;
      own.stage = request_.until;
      list.push_back(std::move(own));
    }
  }
  return result;
}

void ReadyLoop::note_change(Host& host) {
  if (!request_.progress) return;
  HostReadiness is = host.probe.status(now());
  if (is.state == host.shown.state && is.stage == host.shown.stage && is.cause == host.shown.cause) return;
  host.shown = std::move(is);
  changed_ = true;
  if (now() - last_progress_ >= progress_interval) show_progress();
}

void ReadyLoop::tick() {
  ticker_.expires_after(progress_interval);
  ticker_.async_wait([this](const error_code& error) {
    if (error || done_) return;
    if (const int signal = request_.stop_asked ? request_.stop_asked() : 0; signal != 0) {
      stopped_by_signal_ = signal;
      return finish();
    }
    if (request_.progress && (changed_ || now() - last_progress_ >= quiet_interval)) show_progress();
    tick();
  });
}

void ReadyLoop::show_progress() {
  last_progress_ = now();
  changed_ = false;
  request_.progress(report());
}

}  // namespace smlaunch
