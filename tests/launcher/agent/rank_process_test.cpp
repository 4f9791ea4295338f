// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdint>
#include <optional>

#include "launcher/process/processor_wait.hpp"

namespace smlaunch {
namespace {

// In which a rank could count as an end that was noticed at once.
constexpr std::uint64_t long_wait_ns = 20'000'000;

TEST(RankProcess, APingThatIsAnsweredBeforeTheEndIsToldHidesNoWaitForAProcessor) {
  if (read_processor_wait_ns() == 0)
    GTEST_SKIP() << "this kernel does not count how long a process works and waits (/proc/self/schedstat)";
  boost::asio::io_context loop;
  const AgentIdentity identity;
  RankProcess rank(loop, identity, {"true"}, std::nullopt);
  std::optional<Result<Ended>> ended;
  AgentRank::Callbacks callbacks;
  callbacks.has_room = [] { return true; };
  callbacks.ended = [&](const Result<Ended>& end) { ended = end; };
  rank.set_callbacks(callbacks);
  Start start;
  start.is_heard = false;
  const auto started = rank.start(start);
  ASSERT_TRUE(started);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(started->pid), &info, WEXITED | WNOWAIT), 0);

  const std::uint64_t at_end_ns = read_processor_wait_ns();
  while (read_processor_wait_ns() < at_end_ns + long_wait_ns) {
  }
  Pong pong;
  rank.fill(pong);
  loop.run();
  ASSERT_TRUE(ended && *ended);
  EXPECT_GE((*ended)->waited_ns, long_wait_ns);
}

}  // namespace
}  // namespace smlaunch
