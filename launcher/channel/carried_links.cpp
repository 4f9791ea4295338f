// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/carried_links.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "base/steady_time.hpp"

namespace smlaunch {

namespace {

// What is said to one relay in one turn of the loop goes out at once, or where it is so much.
constexpr std::size_t flush_bytes = 64U << 10U;
// After a neighbour's last word a relay tells of its silence in this time.
constexpr std::uint64_t told_within_ns = 3'500'000'000;

}  // namespace

// Its peer's silence is seen by the relay, which tells: as long as it does not, the peer is heard as the relay is.
class CarriedLink final : public Connection, public std::enable_shared_from_this<CarriedLink> {
 public:
  CarriedLink(std::weak_ptr<CarriedLinks> links, std::shared_ptr<Connection> carrier, int rank)
      : links_(std::move(links)), carrier_(std::move(carrier)), rank_(rank) {}

  void start(OnFrame on_frame, OnClosed on_closed) override {
    on_frame_ = std::move(on_frame);
    on_closed_ = std::move(on_closed);
  }
  void trust() override {}
  void send(std::string bytes) override {
    if (const auto links = links_.lock(); links && !closed_)
      links->send(encode_relayed(FrameKind::relayed_down, rank_, bytes));
  }
  // The relay hands on what it is asked itself.
  void ping(const std::string&) override {}
  // The relay is held back itself.
  void pause_reading(bool) override {}
  [[nodiscard]] std::uint64_t heard_ns() const override {
    if (quiet_since_ns_ != 0) return quiet_since_ns_;
    const std::uint64_t relay_ns = carrier_->heard_ns();
    return relay_ns > told_within_ns ? relay_ns - told_within_ns : 0;
  }
  void close() override {
    if (closed_) return;
    if (const auto links = links_.lock())
      links->send(encode_notice(FrameKind::relayed_end, {.rank = rank_, .milliseconds = 0}));
    forget();
  }
  [[nodiscard]] const std::string& identity() const override { return carrier_->identity(); }

  void heard(Frame&& frame) {
    quiet_since_ns_ = 0;
    // A copy: the callback may close us, which drops the original.
    if (const OnFrame on_frame = on_frame_) on_frame(std::move(frame));
  }
  void is_quiet(std::uint64_t since_ns) { quiet_since_ns_ = since_ns; }
  // The relay knows of its end.
  void lost(const std::string& why) {
    const OnClosed on_closed = std::move(on_closed_);
    forget();
    if (on_closed) on_closed(why);
  }
  void forget() {
    const auto self = shared_from_this();
    closed_ = true;
    on_frame_ = nullptr;
    on_closed_ = nullptr;
    if (const auto links = links_.lock()) links->links_.erase(rank_);
  }

 private:
  std::weak_ptr<CarriedLinks> links_;
  std::shared_ptr<Connection> carrier_;
  int rank_;
  OnFrame on_frame_;
  OnClosed on_closed_;
  std::uint64_t quiet_since_ns_ = 0;  // as the relay has told it last; 0: it does not say so
  bool closed_ = false;
};

CarriedLinks::CarriedLinks(const boost::asio::any_io_executor& loop, std::shared_ptr<Connection> carrier,
                           MayCarry may_carry, OnHello on_hello)
    : loop_(loop),
      carrier_(std::move(carrier)),
      may_carry_(std::move(may_carry)),
      on_hello_(std::move(on_hello)) {}

std::optional<std::string> CarriedLinks::take(const Frame& frame) {
  if (frame.kind == FrameKind::relayed_up) {
    auto relayed = decode_relayed(frame.payload);
    if (!relayed) return "a broken relayed_up";
    return take_frame(std::move(*relayed));
  }
  const auto notice = frame.kind == FrameKind::relayed_down ? std::nullopt : decode_notice(frame.payload);
  if (!notice) return fmt::format("a broken relayed frame of the kind {}", static_cast<int>(frame.kind));
  if (!may_carry_(notice->rank))
    return fmt::format("a word of rank {}, which it does not carry", notice->rank);
  const auto found = links_.find(notice->rank);
  // We have closed it, and that word was under way.
  if (found == links_.end()) return {};
  const std::shared_ptr<CarriedLink> link = found->second;
  const std::uint64_t now = steady_now_ns();
  const std::uint64_t silent = notice->milliseconds * std::uint64_t{1'000'000};
  if (frame.kind == FrameKind::relayed_end)
    link->lost("the connection was closed");
  else
    link->is_quiet(silent < now ? now - silent : 1);
  return {};
}

std::optional<std::string> CarriedLinks::take_frame(RelayedFrame relayed) {
  if (const auto found = links_.find(relayed.rank); found != links_.end()) {
    const std::shared_ptr<CarriedLink> link = found->second;
    link->heard(std::move(relayed.frame));
    return {};
  }
  if (relayed.frame.kind == FrameKind::hello) return take_hello(relayed);
  if (!may_carry_(relayed.rank))
    return fmt::format("a frame of rank {}, which it does not carry", relayed.rank);
  return {};
}

// A rank that runs on another host than planned is no fault of the relay there: its agent goes to the leader itself.
std::optional<std::string> CarriedLinks::take_hello(const RelayedFrame& relayed) {
  const auto hello = decode_hello(relayed.frame.payload);
  if (!hello || hello->peer != relayed.rank || hello->node_rank) return "a broken hello of a neighbour";
  if (!may_carry_(relayed.rank)) {
    send(encode_notice(FrameKind::relayed_end, {.rank = relayed.rank, .milliseconds = 0}));
    return {};
  }
  const auto link = std::make_shared<CarriedLink>(weak_from_this(), carrier_, relayed.rank);
  links_[relayed.rank] = link;
  on_hello_(link, *hello);
  return {};
}

std::vector<int> CarriedLinks::end() {
  waiting_.clear();
  std::vector<int> ranks;
  for (const auto& [rank, link] : std::exchange(links_, {})) {
    ranks.push_back(rank);
    link->forget();
  }
  return ranks;
}

void CarriedLinks::send(const std::string& bytes) {
  const bool is_first = waiting_.empty();
  waiting_ += bytes;
  if (waiting_.size() >= flush_bytes) return flush();
  if (!is_first) return;
  boost::asio::post(loop_, [links = weak_from_this()] {
    if (const auto held = links.lock()) held->flush();
  });
}

void CarriedLinks::flush() {
  if (!waiting_.empty()) carrier_->send(std::exchange(waiting_, ""));
}

}  // namespace smlaunch
