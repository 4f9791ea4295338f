// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/host_devices.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/signal_free_thread.hpp"
#include "base/steady_time.hpp"
#include "launcher/devices/device_rules.hpp"
#include "launcher/process/oom_kills.hpp"

namespace smlaunch {

namespace {

// What a GPU is asked itself costs it something: with about one look a second, every ten seconds.
constexpr int looks_between_counters = 10;
// A look takes some milliseconds; where it takes longer, something blocks it.
constexpr std::chrono::milliseconds last_look_bound{200};

}  // namespace

// All that only the thread uses.
class HostDevices::Looker {
 public:
  Looker(WatchedPlaces places, std::string library)
      : places_(std::move(places)), library_(std::move(library)) {}

  DeviceNews look(bool thorough) {
    if (looks_ == 0)
      if (auto opened = GpuHealthSession::open(library_)) gpus_.emplace(std::move(*opened));
    const bool with_counters = thorough || looks_ % looks_between_counters == 0;
    ++looks_;
    HostReading reading{.links = read_links("/sys", places_.interfaces),
                        .disks = read_disks(places_.folders),
                        .oom_kills = read_host_oom_kills("/proc"),
                        .own_oom_kills = read_oom_kills(),
                        .clock_offset_ns = read_clock_offset()};
    if (gpus_) reading.gpus = gpus_->read(with_counters);
    const std::uint64_t now = steady_now_ns();
    return {.since_ns = std::exchange(before_ns_, now),
            .time_ns = now,
            .events = rules_.take(reading, static_cast<double>(now) / 1e9)};
  }

 private:
  WatchedPlaces places_;
  std::string library_;
  DeviceRules rules_;
  std::optional<GpuHealthSession> gpus_;
  int looks_ = 0;
  std::uint64_t before_ns_ = steady_now_ns();
};

struct HostDevices::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_asked = false;  // to look
  bool is_thorough = false;
  bool is_over = false;                         // nobody wants to hear of it any more
  std::function<void(const DeviceNews&)> post;  // to the loop
  std::thread thread;
};

void HostDevices::run(Shared& shared, Looker& looker) {
  std::unique_lock lock(shared.mutex);
  while (true) {
    shared.changed.wait(lock, [&] { return shared.is_asked || shared.is_over; });
    if (shared.is_over) return;
    const bool thorough = shared.is_thorough;
    lock.unlock();
    const DeviceNews news = looker.look(thorough);
    lock.lock();
    shared.is_asked = false;
    if (shared.is_over)
      shared.changed.notify_all();
    else
      shared.post(news);
  }
}

HostDevices::HostDevices(EventLoop& loop, std::string library) : loop_(loop), library_(std::move(library)) {}

HostDevices::~HostDevices() {
  if (!shared_ || !shared_->thread.joinable()) return;
  std::unique_lock lock(shared_->mutex);
  shared_->is_over = true;
  shared_->changed.notify_all();
  const bool is_free =
      shared_->changed.wait_for(lock, last_look_bound, [this] { return !shared_->is_asked; });
  std::thread thread = std::move(shared_->thread);
  lock.unlock();
  if (is_free)
    thread.join();
  else
    thread.detach();
}

void HostDevices::begin(WatchedPlaces places, std::function<void(const DeviceNews&)> done) {
  if (shared_) return;
  done_ = std::move(done);
  shared_ = std::make_shared<Shared>();
  shared_->post = [this](const DeviceNews& news) { loop_.post([this, news] { looked(news); }); };
  looker_ = std::make_shared<Looker>(std::move(places), library_);
}

// Many ranks end before the first look.
bool HostDevices::start_thread() {
  try {
    shared_->thread = start_signal_free_thread(
        [shared = shared_, looker = std::exchange(looker_, nullptr)] { run(*shared, *looker); });
    return true;
  } catch (const std::system_error&) {
    return false;  // as many threads as may be are there: the ranks need no watch
  }
}

void HostDevices::look(bool thorough) {
  if (!shared_ || is_looking_) return;
  if (looker_ && !start_thread()) return;
  if (!shared_->thread.joinable()) return;
  is_looking_ = true;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_asked = true;
    shared_->is_thorough = thorough;
  }
  shared_->changed.notify_one();
}

void HostDevices::looked(const DeviceNews& news) {
  is_looking_ = false;
  has_looked_ = true;
  done_(news);
}

}  // namespace smlaunch
