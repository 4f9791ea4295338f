// SPDX-License-Identifier: Apache-2.0
// Policy: the first round logs in as soon as the name is known. A look at the port would make sshd start a process
// for nothing; it is taken where that login fails, or is slow, so that people learn why. Every later round looks at
// the port before it logs in: what is down costs no ssh.
// After each failed round (name -> every address -> banner -> login) a wait comes, and then the name is looked up
// again: a replaced host may have a new address. The wait is 0.1 s, doubles up to 5 s, and has
// jitter. It starts small again only when a round came further than the round before. The last failure is
// shown until a round gets beyond its stage, so that the retries in between do not make the display flicker.
#include "launcher/remote/host_probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "launcher/remote/login_answers.hpp"

namespace smlaunch {
namespace {

using Millis = HostProbe::Millis;
constexpr Millis first_backoff{100};
constexpr Millis longest_backoff{5'000};
constexpr Millis shortest_wait{50};
constexpr Millis login_counts_as_hanging{5'000};
constexpr int longest_deadline_factor = 3;

double in_seconds(Millis time) { return static_cast<double>(time.count()) / 1000.0; }

HostTrouble refusal(int error) {
  switch (error) {
    case ECONNREFUSED: return HostTrouble::tcp_refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN: return HostTrouble::tcp_unreachable;
    case ETIMEDOUT: return HostTrouble::tcp_without_answer;
    case ECONNRESET: return HostTrouble::tcp_reset;
    default: return HostTrouble::tcp_failed;
  }
}

std::string refusal_remedy(int error) {
  switch (error) {
    case ECONNREFUSED: return "see that sshd runs there and listens on this port";
    case EMFILE:
    case ENFILE: return "allow this machine more open files (ulimit -n)";
    default: return "see that the host is up and that firewalls let this port through";
  }
}

constexpr const char* banner_remedy = "look at sshd's log there: the port is open, but no SSH server answers";

constexpr const char* hang_remedy =
    "log in by hand and see what its start-up files wait for (home on a dead file server?)";

std::string instead(const std::string& seen) {
  return seen.empty() ? std::string() : fmt::format(", it says \"{}\"", to_plain_line(seen));
}

HostTrouble in_progress(ReadyStage stage, bool logging_in) {
  switch (stage) {
    case ReadyStage::name: return HostTrouble::name_is_looked_up;
    case ReadyStage::tcp: return HostTrouble::tcp_connects;
    case ReadyStage::banner: return HostTrouble::banner_is_awaited;
    default: return logging_in ? HostTrouble::login_runs : HostTrouble::login_waits_for_turn;
  }
}

HostTrouble before_banner(int error) {
  if (error == 0) return HostTrouble::closed_before_banner;
  return error == ECONNRESET ? HostTrouble::reset_before_banner : HostTrouble::broken_before_banner;
}

}  // namespace

HostProbe::HostProbe(Settings settings)
    : settings_(std::move(settings)),
      target_{settings_.host, settings_.port, false},
      random_(settings_.seed) {}

HostProbe::Action HostProbe::step(const Event& event, Millis now) {
  if (state_ != ReadyState::waiting) return GoOn{};
  return std::visit([&](const auto& one) { return on(one, now); }, event);
}

HostProbe::Action HostProbe::on(const SshAsked& event, Millis now) {
  target_ = event.target;
  return begin_round(now);
}

// Behind a proxy only ssh can connect: there the login alone decides.
HostProbe::Action HostProbe::begin_round(Millis now) {
  stage_since_ = now;
  if (!target_.by_proxy) {
    stage_ = ReadyStage::name;
    return Resolve{target_.host};
  }
  if (settings_.until < ReadyStage::login) return become_ready(now);
  logging_in_ = false;
  stage_ = ReadyStage::login;
  return Login{login_deadline()};
}

HostProbe::Action HostProbe::on(const Resolved& event, Millis now) {
  if (event.addresses.empty()) return on(NameFailed{"no address"}, now);
  addresses_ = event.addresses;
  address_ = 0;
  round_.reset();
  if (!logs_in_at_once_ || settings_.until < ReadyStage::login)
    return reached(ReadyStage::name, Connect{addresses_.front(), target_.port}, now);
  logging_in_ = false;
  stage_ = ReadyStage::login;
  stage_since_ = now;
  return Login{login_deadline(), true};
}

HostProbe::Action HostProbe::on(const NameFailed& event, Millis now) {
  round_.reset();
  return try_again({.stage = ReadyStage::name,
                    .cause = {.trouble = HostTrouble::name_unknown, .detail = to_plain_line(event.text)},
                    .remedy = "check the spelling; see that DNS or /etc/hosts of this machine knows the name",
                    .since = stage_since_},
                   now);
}

HostProbe::Action HostProbe::on(const Connected&, Millis now) {
  return reached(ReadyStage::tcp, ReadBanner{}, now);
}

HostProbe::Action HostProbe::on(const ConnectFailed& event, Millis now) {
  return next_address({.stage = ReadyStage::tcp,
                       .cause = {.trouble = refusal(event.error), .code = event.error, .detail = endpoint()},
                       .remedy = refusal_remedy(event.error),
                       .since = stage_since_},
                      now);
}

HostProbe::Action HostProbe::on(const BannerRead&, Millis now) {
  if (logging_in_) {
    stage_ = ReadyStage::login;
    stage_since_ = login_since_;
    return KeepLogin{};
  }
  return reached(ReadyStage::banner, Login{login_deadline()}, now);
}

HostProbe::Action HostProbe::on(const BannerTimeout& event, Millis now) {
  return next_address(
      {.stage = ReadyStage::banner,
       .cause = {.trouble = HostTrouble::no_banner,
                 .detail = fmt::format("{}, {} s waited{}", endpoint(), in_seconds(settings_.banner_timeout),
                                       instead(event.seen))},
       .remedy = banner_remedy,
       .since = stage_since_},
      now);
}

HostProbe::Action HostProbe::on(const BannerClosed& event, Millis now) {
  if (const auto why = line_of_answer(event.seen, refusal_answer))
    return give_up({.stage = ReadyStage::smlaunch,
                    .cause = {.trouble = HostTrouble::worker_cannot_start, .subject = to_plain_line(*why)},
                    .remedy = "mend it there, or start an SSH server there on this port",
                    .since = now},
                   now);
  return next_address({.stage = ReadyStage::banner,
                       .cause = {.trouble = before_banner(event.error),
                                 .detail = fmt::format("{}{}", endpoint(), instead(event.seen))},
                       .remedy = banner_remedy,
                       .since = stage_since_},
                      now);
}

HostProbe::Action HostProbe::on(const LoginStarted&, Millis now) {
  logging_in_ = true;
  stage_since_ = login_since_ = now;
  return GoOn{};
}

HostProbe::Action HostProbe::on(const LoginIsSlow&, Millis now) {
  if (!logs_in_at_once_ || stage_ != ReadyStage::login || addresses_.empty()) return GoOn{};
  return look_at_port(now);
}

HostProbe::Action HostProbe::on(const LoginNotStarted& event, Millis now) {
  logging_in_ = false;
  Trouble trouble{.stage = ReadyStage::login,
                  .cause = {.trouble = HostTrouble::ssh_not_run, .code = event.error},
                  .remedy = "install an SSH client here (openssh-client)",
                  .since = now};
  if (event.error == ENOENT || event.error == EACCES || event.error == ENOEXEC) return give_up(trouble, now);
  trouble.remedy = "free memory, processes or open files on this machine";
  return try_again(std::move(trouble), now);
}

HostProbe::Action HostProbe::on(const LoginEnded& event, Millis now) {
  logging_in_ = false;
  // Only 255 means that the login failed. Whatever the command did then, it matters only for the next stage.
  if (settings_.until == ReadyStage::login && event.end.exit_code && *event.end.exit_code != 255) {
    return become_ready(now);
  }
  if (event.end.exit_code == 0) {
    const auto answer = parse_login_answer(event.end.out, settings_.version, settings_.longest_answer);
    if (answer && answer->version == settings_.version) {
      answer_ = answer->text;
      if (auto lacking = settings_.judge ? settings_.judge(answer_) : std::nullopt)
        return give_up({.stage = ReadyStage::smlaunch,
                        .cause = std::move(lacking->cause),
                        .remedy = std::move(lacking->remedy),
                        .since = now},
                       now);
      return become_ready(now);
    }
  }
  SshFailure failure = parse_ssh_failure(event.end, settings_.host, settings_.port, settings_.version);
  Trouble trouble{.stage = failure.stage,
                  .cause = std::move(failure.cause),
                  .remedy = std::move(failure.remedy),
                  .since = now};
  if (failure.permanent) return give_up(std::move(trouble), now);
  if (looks_at_port()) return GoOn{};  // what the port says is more exact
  const bool may_be_port = trouble.stage == ReadyStage::tcp || trouble.stage == ReadyStage::banner;
  if (logs_in_at_once_ && may_be_port && !addresses_.empty()) return look_at_port(now);
  return try_again(std::move(trouble), now);
}

HostProbe::Action HostProbe::on(const LoginHung&, Millis now) {
  logging_in_ = false;
  ++logins_hung_;
  if (looks_at_port()) return GoOn{};
  return try_again({.stage = ReadyStage::login,
                    .cause = {.trouble = HostTrouble::login_hangs},
                    .remedy = hang_remedy,
                    .since = stage_since_},
                   now);
}

HostProbe::Action HostProbe::on(const WaitOver&, Millis now) { return begin_round(now); }

HostProbe::Action HostProbe::reached(ReadyStage stage, Action next, Millis now) {
  if (settings_.until <= stage) return become_ready(now);
  stage_ = static_cast<ReadyStage>(static_cast<int>(stage) + 1);
  stage_since_ = now;
  return next;
}

HostProbe::Action HostProbe::look_at_port(Millis now) {
  logs_in_at_once_ = false;
  address_ = 0;
  round_.reset();
  stage_ = ReadyStage::tcp;
  stage_since_ = now;
  return Connect{addresses_.front(), target_.port};
}

HostProbe::Action HostProbe::next_address(Trouble trouble, Millis now) {
  if (!round_ || trouble.stage > round_->stage) round_ = std::move(trouble);
  if (++address_ < addresses_.size()) {
    stage_ = ReadyStage::tcp;
    stage_since_ = now;
    return Connect{addresses_[address_], target_.port};
  }
  return try_again(*round_, now);
}

HostProbe::Action HostProbe::try_again(Trouble trouble, Millis now) {
  logs_in_at_once_ = false;
  logging_in_ = false;
  const bool further = !trouble_ || trouble.stage > trouble_->stage;
  backoff_ = further ? first_backoff : std::min(backoff_ * 2, longest_backoff);
  if (trouble_ && trouble_->stage == trouble.stage && trouble_->cause == trouble.cause)
    trouble.since = trouble_->since;
  trouble_ = std::move(trouble);
  stage_ = ReadyStage::name;  // where the next round begins
  // The wait is between half and the whole of the back-off, so that a thousand hosts that failed together are
  // not tried again together.
  const Millis::rep half = backoff_.count() / 2;
  const Millis delay{half + std::uniform_int_distribution<Millis::rep>(0, half)(random_)};
  // Near the time-out the wait is shorter, so that there is one more try before it.
  const Millis remaining = std::max(settings_.timeout - now, Millis{0});
  return Wait{std::min({delay, std::max(remaining / 2, shortest_wait), remaining})};
}

HostProbe::Action HostProbe::give_up(Trouble trouble, Millis now) {
  trouble_ = std::move(trouble);
  state_ = ReadyState::failed;
  finished_ = now;
  return Finish{state_};
}

HostProbe::Action HostProbe::become_ready(Millis now) {
  trouble_.reset();
  state_ = ReadyState::ready;
  finished_ = now;
  return Finish{state_};
}

std::string HostProbe::endpoint() const {
  return address_ < addresses_.size() ? fmt::format("{} port {}", addresses_[address_], target_.port) : "";
}

// A login that is only slow would never get through if every try had the same deadline.
HostProbe::Millis HostProbe::login_deadline() const {
  return settings_.login_deadline * std::min(1 + logins_hung_, longest_deadline_factor);
}

HostReadiness HostProbe::status(Millis now) const {
  HostReadiness host;
  host.name = settings_.host;
  host.state = state_;
  host.answer = answer_;
  host.seconds = in_seconds(state_ == ReadyState::waiting ? now : finished_);
  if (state_ == ReadyState::ready) {
    host.stage = settings_.until;
    host.since = host.seconds;
  } else if (trouble_ && (state_ == ReadyState::failed || trouble_->stage >= stage_)) {
    host.stage = trouble_->stage;
    host.cause = trouble_->cause;
    host.remedy = trouble_->remedy;
    host.since = in_seconds(trouble_->since);
  } else {
    host.stage = stage_;
    host.since = in_seconds(stage_since_);
    host.login_under_way = stage_ == ReadyStage::login;
    const bool hangs =
        stage_ == ReadyStage::login && logging_in_ && now - stage_since_ >= login_counts_as_hanging;
    host.cause.trouble = hangs ? HostTrouble::login_hangs : in_progress(stage_, logging_in_);
    host.remedy = hangs ? hang_remedy : "wait";
  }
  return host;
}

}  // namespace smlaunch
