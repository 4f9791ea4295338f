// SPDX-License-Identifier: Apache-2.0
// The thread that looks, with a library that answers like the driver's.
#include "launcher/devices/host_devices.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>

#include "launcher/process/asio_loop.hpp"

namespace smlaunch {
namespace {

// Until somebody stops it; it has something to wait for as long.
void run(AsioLoop& loop) {
  const auto bound = loop.make_timer();
  bound->start(std::chrono::seconds(20), [] { FAIL() << "nobody has told the loop"; });
  loop.run();
}

// Looks once, and waits until that is over.
DeviceNews look(AsioLoop& loop, HostDevices& devices, std::optional<DeviceNews>& got) {
  got.reset();
  devices.look(true);
  EXPECT_TRUE(devices.is_looking());
  run(loop);
  EXPECT_FALSE(devices.is_looking());
  EXPECT_TRUE(devices.has_looked());
  return *got;
}

std::size_t count_threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

TEST(HostDevices, TellsTheLoopWhatEachLookHasBroughtAndWhenItWas) {
  AsioLoop loop;
  HostDevices devices(loop, FAKE_NVML);
  devices.look(false);  // before the beginning
  EXPECT_FALSE(devices.is_looking());
  std::optional<DeviceNews> got;
  devices.begin({}, [&](const DeviceNews& news) {
    got = news;
    loop.stop();
  });
  EXPECT_FALSE(devices.has_looked());
  // The host itself may have something to tell, too.
  const auto of_kind = [](const DeviceNews& news, DeviceKind kind) {
    std::vector<DeviceEvent> found;
    for (const DeviceEvent& event : news.events)
      if (event.kind == kind) found.push_back(event);
    return found;
  };
  const DeviceNews first = look(loop, devices, got);
  ASSERT_EQ(of_kind(first, DeviceKind::gpu_lost).size(), 1U);
  EXPECT_EQ(of_kind(first, DeviceKind::gpu_lost)[0].device, "GPU 2");
  setenv("FAKE_NVML_XID", "1 79", 1);
  const DeviceNews second = look(loop, devices, got);
  unsetenv("FAKE_NVML_XID");
  EXPECT_EQ(second.since_ns, first.time_ns);
  EXPECT_GE(second.time_ns, second.since_ns);
  const auto xids = of_kind(second, DeviceKind::gpu_xid);
  ASSERT_EQ(xids.size(), 1U);
  EXPECT_EQ(xids[0].device, "GPU 1");
  EXPECT_EQ(xids[0].pci, "0000:86:00.0");
}

TEST(HostDevices, OneThatNobodyHasBegunOrAskedEndsAtOnce) {
  AsioLoop loop;
  { const HostDevices never_begun(loop, "libthere-is-no-such.so.1"); }
  const std::size_t threads = count_threads();
  HostDevices never_asked(loop, "libthere-is-no-such.so.1");
  never_asked.begin({}, [](const DeviceNews&) { FAIL(); });
  EXPECT_LE(count_threads(), threads) << "most ranks of a moment need none";
}

TEST(HostDevices, ALookThatIsAskedForTwiceIsOne) {
  AsioLoop loop;
  HostDevices devices(loop, "libthere-is-no-such.so.1");
  int looks = 0;
  devices.begin({}, [&](const DeviceNews&) {
    ++looks;
    loop.stop();
  });
  devices.look(false);
  devices.look(false);
  run(loop);
  loop.poll();
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace smlaunch
