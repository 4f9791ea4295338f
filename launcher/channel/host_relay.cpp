// SPDX-License-Identifier: Apache-2.0
// What neighbours say at about the same time goes to the leader at once. Where the leader does not keep up, neighbours are
// not read, and hold their ranks back.
#include "launcher/channel/host_relay.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/digest.hpp"
#include "base/steady_time.hpp"
#include "launcher/channel/local_link.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

// A word waits so long for others to go with it, or until there is so much.
constexpr milliseconds flush_interval{2};
constexpr std::size_t flush_bytes = 64U << 10U;
// For the leader: from here on neighbours are not read, and from there on they are again.
constexpr std::size_t most_waiting = 1U << 20U;
constexpr std::size_t few_waiting = 256U << 10U;
// For one neighbour, which reads all the time unless it is stopped.
constexpr std::size_t most_for_neighbour = 256U << 20U;
// No host has so many ranks.
constexpr std::size_t most_links = 4096;
// The leader asks every second. Neighbours may wonder after half of a short --lost-after.
constexpr milliseconds leader_is_late{1200};
constexpr milliseconds quiet_interval{1000};

}  // namespace

std::string relay_socket_name(std::string_view token, const std::string& host) {
  return "relay-" + sha256_hex(fmt::format("{}\n{}", token, host)).substr(0, 24);
}

HostRelay::HostRelay(asio::io_context& loop, int own_rank)
    : flush_timer_(loop),
      leader_timer_(loop),
      // Who cannot be taken in, since no descriptor is left, goes to the leader itself after a while.
      listener_(loop, [this](stream_protocol::socket socket) { greet(std::move(socket)); }),
      relay_(own_rank) {}

HostRelay::~HostRelay() {
  listener_.close();
  if (leader_) leader_->on_room({});
  for (const auto& [neighbour, link] : links_) link->close();
}

void HostRelay::greet(stream_protocol::socket socket) {
  if (links_.size() >= most_links) return;
  const Relay::Neighbour neighbour = ++last_;
  const auto link = std::make_shared<LocalLink>(std::move(socket));
  links_[neighbour] = link;
  link->start([this, neighbour](Frame&& frame) { perform(relay_.heard(neighbour, frame, steady_now_ns())); },
              [this, neighbour](const std::string&) {
                links_.erase(neighbour);
                perform(relay_.gone(neighbour));
              });
}

void HostRelay::leader_came(std::shared_ptr<Connection> leader) {
  leader_ = std::move(leader);
  waiting_.clear();
  leader_->on_room([this] { hold_back(); });
  perform(relay_.leader_came());
  watch_leader(leader_is_late);
}

void HostRelay::leader_went() {
  if (leader_) leader_->on_room({});
  leader_.reset();
  waiting_.clear();
  leader_timer_.cancel();
  holds_back_ = false;
  // Who comes now would wait for nothing.
  listener_.close();
  perform(relay_.leader_went());
}

void HostRelay::told(const Frame& frame) {
  if (frame.kind == FrameKind::start) listener_.close();
  if (holds_back_) relay_.hold_back(steady_now_ns());
  perform(relay_.told(frame, steady_now_ns()));
  if (frame.kind == FrameKind::ping) watch_leader(leader_is_late);
}

void HostRelay::perform(Relay::Work work) {
  for (auto& [neighbour, bytes] : work.to_neighbours) {
    const auto found = links_.find(neighbour);
    if (found == links_.end()) continue;
    const std::shared_ptr<Connection> link = found->second;
    link->trust();
    link->send(std::move(bytes));
    if (link->waiting_bytes() > most_for_neighbour) work.to_close.push_back(neighbour);
  }
  for (const Relay::Neighbour neighbour : work.to_close) {
    const auto found = links_.find(neighbour);
    if (found == links_.end()) continue;
    found->second->close();
    links_.erase(found);
    work.to_leader += relay_.gone(neighbour).to_leader;
  }
  if (leader_ && !work.to_leader.empty()) {
    if (waiting_.empty()) {
      flush_timer_.expires_after(flush_interval);
      flush_timer_.async_wait([this](error_code cancelled) {
        if (!cancelled) flush();
      });
    }
    waiting_ += work.to_leader;
    if (work.is_urgent || waiting_.size() >= flush_bytes) flush();
  }
  if (links_.empty() && on_empty_) std::exchange(on_empty_, nullptr)();
}

void HostRelay::flush() {
  if (!leader_ || waiting_.empty()) return;
  flush_timer_.cancel();
  leader_->send(std::exchange(waiting_, ""));
  hold_back();
}

// Or read on, where the leader has taken enough.
void HostRelay::hold_back() {
  if (!leader_) return;
  const std::size_t waiting = leader_->waiting_bytes();
  const bool holds = waiting > (holds_back_ ? few_waiting : most_waiting);
  if (holds || holds_back_) relay_.hold_back(steady_now_ns());
  if (holds == std::exchange(holds_back_, holds)) return;
  for (const auto& [neighbour, link] : links_) link->pause_reading(holds);
}

// Neighbours do not see the leader's host: as long as it acknowledges, its smlaunch may only be stopped.
void HostRelay::watch_leader(milliseconds after) {
  leader_timer_.expires_after(after);
  leader_timer_.async_wait([this](error_code cancelled) {
    if (cancelled || !leader_) return;
    const auto since = leader_->since_acknowledged();
    perform(relay_.leader_is_quiet(since ? std::optional(static_cast<std::uint64_t>(since->count()))
                                         : std::nullopt));
    watch_leader(quiet_interval);
  });
}

}  // namespace smlaunch
