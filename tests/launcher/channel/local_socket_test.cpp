// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/launcher/channel/runtime_folder.hpp"

namespace smlaunch {
namespace {

// In the folder of the test; there is one in /tmp, too.
void make_old(const std::string& name) {
  const timespec long_ago[2] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  const std::string path = std::string(std::getenv("XDG_RUNTIME_DIR")) + "/smlaunch/" + name;
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), long_ago, AT_SYMLINK_NOFOLLOW), 0);
}

// As of a process that was killed: nobody listens, and the socket is there.
void leave_socket(const std::string& name) { ASSERT_TRUE(listen_locally(name)); }

TEST(LocalSocket, OfOneThatWasKilledIsRemovedByALaterOneOfItsKind) {
  const RuntimeFolder runtime;
  for (const char* name : {"door-old", "door-young", "other-old"}) leave_socket(name);
  const auto live = listen_locally("door-live");
  ASSERT_TRUE(live);
  for (const char* name : {"door-old", "other-old", "door-live"}) make_old(name);
  const auto later = listen_locally("door-later");
  ASSERT_TRUE(later);
  EXPECT_FALSE(runtime.has_socket("door-old"));
  EXPECT_TRUE(runtime.has_socket("door-young")) << "it may be about to listen";
  EXPECT_TRUE(runtime.has_socket("door-live"));
  EXPECT_TRUE(connect_locally("door-live").valid());
  EXPECT_TRUE(runtime.has_socket("other-old")) << "of another kind";
  for (const char* name : {"door-young", "door-live", "door-later", "other-old"}) remove_local_socket(name);
  EXPECT_FALSE(runtime.has_socket("other-old"));
}

TEST(LocalSocket, WhoComesToAListenerThatTakesNobodyInWaitsForABoundAndDoesNotTakeItsPlace) {
  const RuntimeFolder runtime;
  const auto stopped = listen_locally("door-stopped");
  ASSERT_TRUE(stopped);
  std::vector<UniqueFd> queue;
  const auto come = [&] {
    queue.push_back(connect_locally("door-stopped", std::chrono::milliseconds(1)));
    return queue.back().valid();
  };
  while (come()) {
  }
  EXPECT_GT(queue.size(), 256U);
  const auto another = listen_locally("door-stopped", "it is taken");
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().problems.front().what, "it is taken");
  EXPECT_TRUE(runtime.has_socket("door-stopped"));
  remove_local_socket("door-stopped");
}

TEST(LocalSocket, WhatIsNoSocketStays) {
  const RuntimeFolder runtime;
  const auto listening = listen_locally("door-one");
  ASSERT_TRUE(listening);
  const std::string file = std::string(std::getenv("XDG_RUNTIME_DIR")) + "/smlaunch/door-file";
  close(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  make_old("door-file");
  ASSERT_TRUE(listen_locally("door-two"));
  EXPECT_TRUE(runtime.has_socket("door-file"));
  for (const char* name : {"door-one", "door-two", "door-file"}) remove_local_socket(name);
}

}  // namespace
}  // namespace smlaunch
