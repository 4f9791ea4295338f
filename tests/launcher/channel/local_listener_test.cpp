// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_listener.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <string>

#include "launcher/channel/local_socket.hpp"
#include "launcher/process/unique_fd.hpp"
#include "tests/launcher/channel/runtime_folder.hpp"

namespace smlaunch {
namespace {

struct Listening {
  Listening()
      : listener(loop, [this](boost::asio::local::stream_protocol::socket) {
          ++taken_in;
          if (closes_after_first) boost::asio::post(loop, [this] { listener.close(); });
        }) {}
  void poll() {
    loop.restart();
    loop.poll();
  }

  RuntimeFolder runtime;
  boost::asio::io_context loop;
  int taken_in = 0;
  bool closes_after_first = false;
  LocalListener listener;
};

TEST(LocalListener, TakesInOneAfterTheOtherUnderItsLastName) {
  Listening here;
  ASSERT_TRUE(here.listener.open("door-one"));
  for (int i = 1; i <= 3; ++i) {
    const UniqueFd other = connect_locally("door-one");
    ASSERT_TRUE(other.valid());
    here.poll();
    EXPECT_EQ(here.taken_in, i);
  }
  ASSERT_TRUE(here.listener.open("door-two"));
  EXPECT_FALSE(connect_locally("door-one").valid());
  EXPECT_TRUE(connect_locally("door-two").valid());
  here.poll();
  EXPECT_EQ(here.taken_in, 4);
}

TEST(LocalListener, LeavesNoSocketAndTakesNobodyInOnceItIsClosed) {
  Listening here;
  here.closes_after_first = true;
  ASSERT_TRUE(here.listener.open("door-one"));
  const UniqueFd first = connect_locally("door-one");
  // The loop has accepted it by the time we close, and has not told yet.
  const UniqueFd second = connect_locally("door-one");
  ASSERT_TRUE(second.valid());
  here.poll();
  EXPECT_EQ(here.taken_in, 1);
  EXPECT_FALSE(here.runtime.has_socket("door-one"));
  EXPECT_FALSE(connect_locally("door-one").valid());
}

}  // namespace
}  // namespace smlaunch
