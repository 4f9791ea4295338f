// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/stop_signals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <optional>

namespace smlaunch {
namespace {

volatile sig_atomic_t handled = 0;

// Disposition and mask of the stop signals as this test wants them; then as before.
class StopSignalsTest : public testing::Test {
 protected:
  StopSignalsTest() {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask_);
    for (std::size_t i = 0; i < std::size(stop_signals); ++i) {
      struct sigaction ours {};
      ours.sa_handler = [](int signal) { handled = signal; };
      sigaction(stop_signals[i], &ours, &before_[i]);
    }
    handled = 0;
  }
  ~StopSignalsTest() override {
    for (std::size_t i = 0; i < std::size(stop_signals); ++i)
      sigaction(stop_signals[i], &before_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  struct sigaction before_[std::size(stop_signals)] = {};
  sigset_t mask_{};
};

bool is_blocked(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_BLOCK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

TEST(StopSignals, RanksGetOfThemWhatTrainingProgramsKnow) {
  std::vector<int> got;
  for (const int signal : stop_signals) got.push_back(signal_for_ranks(signal));
  EXPECT_THAT(got, testing::ElementsAre(SIGINT, SIGTERM, SIGHUP, SIGTERM, SIGTERM, SIGTERM, SIGTERM));
}

TEST_F(StopSignalsTest, EachOfThemIsHeardAndTheHandlersAreAsBeforeAfterwards) {
  for (const int signal : stop_signals) {
    boost::asio::io_context loop;
    std::vector<int> heard;
    {
      StopSignals signals(loop);
      signals.on_signal([&](int one) {
        heard.push_back(one);
        if (heard.size() < 2)
          kill(getpid(), signal);
        else
          loop.stop();
      });
      kill(getpid(), signal);
      loop.run();
    }
    EXPECT_THAT(heard, testing::ElementsAre(signal, signal));
    EXPECT_EQ(handled, 0);
    raise(signal);
    EXPECT_EQ(handled, signal);
    handled = 0;
  }
}

TEST_F(StopSignalsTest, WhatIsIgnoredStaysIgnoredWhicheverItIs) {
  for (const int ignored : stop_signals) {
    std::signal(ignored, SIG_IGN);
    EXPECT_THAT(find_heard_stop_signals(), testing::SizeIs(std::size(stop_signals) - 1));
    EXPECT_THAT(find_heard_stop_signals(), testing::Not(testing::Contains(ignored)));
    const int other = find_heard_stop_signals().front();
    boost::asio::io_context loop;
    std::vector<int> heard;
    {
      StopSignals signals(loop);
      signals.on_signal([&](int one) {
        heard.push_back(one);
        loop.stop();
      });
      raise(ignored);
      raise(other);
      loop.run();
      loop.restart();
      loop.poll();
    }
    EXPECT_THAT(heard, testing::ElementsAre(other));
    raise(ignored);  // would end us otherwise
    {
      const BlockedStopSignals blocked;
      EXPECT_FALSE(is_blocked(ignored));
      raise(ignored);
      EXPECT_EQ(blocked.take(), 0);
    }
    struct sigaction now {};
    sigaction(ignored, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_IGN);
    now.sa_handler = [](int signal) { handled = signal; };
    sigaction(ignored, &now, nullptr);
  }
}

TEST_F(StopSignalsTest, ASignalThatWaitsStillWaitsWhenAnotherObjectHearsNoMore) {
  boost::asio::io_context loop;
  const StopSignals stop(loop);
  {
    const HeardSignals passed(loop, {SIGUSR2});
    block_stop_signals();
    kill(getpid(), SIGTERM);
  }
  EXPECT_TRUE(is_blocked(SIGTERM));
  const BlockedStopSignals waiting;
  EXPECT_EQ(waiting.take(), SIGTERM);
}

TEST_F(StopSignalsTest, ACallerThatHasBlockedThemIsHeardAndFindsThemBlockedAgain) {
  block_stop_signals();
  EXPECT_TRUE(is_blocked(SIGTERM));
  boost::asio::io_context loop;
  int heard = 0;
  raise(SIGTERM);  // before anyone listens: it waits
  {
    StopSignals signals(loop);
    EXPECT_FALSE(is_blocked(SIGTERM));
    signals.on_signal([&](int signal) {
      heard = signal;
      loop.stop();
    });
    loop.run();
  }
  EXPECT_EQ(heard, SIGTERM);
  EXPECT_TRUE(is_blocked(SIGTERM));
}

TEST_F(StopSignalsTest, NobodyIsCalledWhenTheListenerIsGoneThoughTheLoopRunsOn) {
  boost::asio::io_context loop;
  std::optional<StopSignals> signals(std::in_place, loop);
  signals->on_signal([](int) { FAIL(); });
  raise(SIGTERM);
  signals.reset();
  loop.run();
  EXPECT_EQ(handled, 0);
}

TEST_F(StopSignalsTest, BlockedOnesAreTakenOneAfterTheOtherAndTheRestIsDeliveredInTheEnd) {
  {
    const BlockedStopSignals blocked;
    EXPECT_EQ(blocked.take(), 0);
    raise(SIGINT);
    EXPECT_EQ(blocked.take(), SIGINT);
    EXPECT_EQ(blocked.take(), 0);
    raise(SIGHUP);
    EXPECT_EQ(handled, 0);
  }
  EXPECT_EQ(handled, SIGHUP);
  EXPECT_FALSE(is_blocked(SIGHUP));
}

TEST_F(StopSignalsTest, EndingBySignalIsSeenByWhoeverWaits) {
  for (const int signal : stop_signals) {
    EXPECT_EXIT(
        {
          block_stop_signals();
          end_by_signal(signal);
        },
        testing::KilledBySignal(signal), "");
  }
}

TEST_F(StopSignalsTest, OneThatIsNotedSetsItsFlagAndDoesNothingElse) {
  static std::atomic<bool> asked{false};
  note_stop_signals(asked);
  EXPECT_FALSE(asked);
  for (const int signal : stop_signals) {
    asked = false;
    std::raise(signal);
    EXPECT_TRUE(asked) << signal;
  }
  EXPECT_EQ(handled, 0) << "by the handler before it";
}

TEST_F(StopSignalsTest, OneThatIsIgnoredIsNotNoted) {
  static std::atomic<bool> asked{false};
  std::signal(SIGINT, SIG_IGN);
  note_stop_signals(asked);
  std::raise(SIGINT);
  EXPECT_FALSE(asked);
  std::raise(SIGTERM);
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace smlaunch
