// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/transfer_display.hpp"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace smlaunch {
namespace {

TEST(TransferDisplay, SaysHowFarItIs) {
  constexpr std::uint64_t mib = 1 << 20;
  const std::string what = "fetching s3://bucket/a/long/key";
  EXPECT_EQ(render_transfer(what, 34 * mib, 421 * mib / 2, 0.5, 100),
            "fetching s3://bucket/a/long/key: 34.0 of 210.5 MiB, 68 MiB/s");
  EXPECT_EQ(render_transfer(what, mib / 2, 0, 0, 100), "fetching s3://bucket/a/long/key: 0.5 MiB");
  EXPECT_EQ(render_transfer(what, 34 * mib, 421 * mib / 2, 0.5, 50),
            "fetching .../long/key: 34.0 of 210.5 MiB, 68 MiB/s");
  EXPECT_EQ(render_transfer(what, 34 * mib, 421 * mib / 2, 0.5, 31), "fe: 34.0 of 210.5 MiB, 68 MiB/s");
  EXPECT_EQ(render_transfer(what, 34 * mib, 421 * mib / 2, 0.5, 5), ": 34.0 of 210.5 MiB, 68 MiB/s");
}

std::string shown_on(int write_end, int read_end) {
  {
    TransferDisplay display(write_end, probe_terminal_width(write_end), "fetching x",
                            std::chrono::milliseconds(0));
    display.set_size(2 << 20);
    display.add(1 << 20);
    display.add(1 << 20);  // too soon to be shown
  }
  ::close(write_end);
  std::string text;
  std::array<char, 1000> block{};
  for (ssize_t size = 0; (size = ::read(read_end, block.data(), block.size())) > 0;)
    text.append(block.data(), static_cast<std::size_t>(size));
  ::close(read_end);
  return text;
}

TEST(TransferDisplay, IsALineThatGoesAwayAndOnlyOnATerminal) {
  int ours = -1;
  int terminal = -1;
  ASSERT_EQ(::openpty(&ours, &terminal, nullptr, nullptr, nullptr), 0);
  const std::string shown = shown_on(terminal, ours);
  EXPECT_TRUE(shown.starts_with("\rsmlaunch: fetching x: 1.0 of 2.0 MiB")) << shown;
  EXPECT_TRUE(shown.ends_with("\033[K\r\033[K")) << shown;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  EXPECT_EQ(shown_on(ends[1], ends[0]), "");
}

}  // namespace
}  // namespace smlaunch
