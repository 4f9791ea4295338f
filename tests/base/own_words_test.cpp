// SPDX-License-Identifier: Apache-2.0
#include "base/own_words.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

namespace smlaunch {
namespace {

std::string read_all(int from) {
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = read(from, bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(got));
  return text;
}

TEST(OwnWords, AreWrittenWholeToAStreamThatTakesThemPieceByPiece) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const std::string text(300000, 'x');
  std::string got;
  std::thread reader([&] { got = read_all(ends[0]); });
  EXPECT_EQ(write_text(ends[1], text), 0);
  close(ends[1]);
  reader.join();
  EXPECT_EQ(got, text);
  close(ends[0]);
}

TEST(OwnWords, ThatCannotBeWrittenAreAnErrnoAndNothingElse) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(write_text(full, "text"), ENOSPC);
  close(full);
  EXPECT_EQ(write_text(full, "text"), EBADF);

  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  close(ends[0]);
  EXPECT_EQ(write_text(ends[1], "text"), EPIPE);
  close(ends[1]);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST(OwnWords, ThatAreNoneNeedNoStream) { EXPECT_EQ(write_text(-1, ""), 0); }

TEST(OwnWords, ThatAreASentenceAreALineOnStderr) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const int before = dup(2);
  dup2(ends[1], 2);
  say("{} of {} hosts", 3, 4);
  dup2(before, 2);
  close(before);
  close(ends[1]);
  EXPECT_EQ(read_all(ends[0]), "smlaunch: 3 of 4 hosts\n");
  close(ends[0]);
}

}  // namespace
}  // namespace smlaunch
