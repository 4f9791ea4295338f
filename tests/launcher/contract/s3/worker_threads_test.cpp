// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/worker_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace smlaunch {
namespace {

TEST(WorkerThreads, CutsARangeIntoPieces) {
  EXPECT_TRUE(cut_into_pieces(5, 5, 10).empty());
  const auto pieces = cut_into_pieces(5, 26, 10);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].begin, 5U);
  EXPECT_EQ(pieces[1].begin, 15U);
  EXPECT_EQ(pieces[2].begin, 25U);
  EXPECT_EQ(pieces[2].end, 26U);
  EXPECT_EQ(pieces[2].index, 2U);
}

TEST(WorkerThreads, DoEveryPieceOnceAndTellThemInOrder) {
  std::vector<std::atomic<int>> times(100);
  WorkerThreads threads(cut_into_pieces(0, 100, 1), 7, [&](const Piece& piece) -> S3Result<void> {
    ++times[piece.index];
    return {};
  });
  std::size_t told = 0;
  while (const auto piece = threads.next_in_order()) {
    EXPECT_EQ(piece->index, told++);
    EXPECT_EQ(times[piece->index], 1);
  }
  EXPECT_TRUE(threads.join());
  EXPECT_EQ(told, 100U);
}

TEST(WorkerThreads, BeginNothingAfterAFailure) {
  std::atomic<int> begun = 0;
  WorkerThreads threads(cut_into_pieces(0, 100, 1), 1, [&](const Piece& piece) -> S3Result<void> {
    ++begun;
    if (piece.index == 3) return s3_failure({.trouble = S3Trouble::sum}, "piece", "is wrong");
    return {};
  });
  while (threads.next_in_order()) continue;
  const S3Failure failed = threads.join().error();
  EXPECT_EQ(failed.problems, (std::vector<Problem>{{"piece", "is wrong", ""}}));
  EXPECT_EQ(failed.cause, (S3Cause{.trouble = S3Trouble::sum}));
  EXPECT_EQ(begun, 4);
}

}  // namespace
}  // namespace smlaunch
