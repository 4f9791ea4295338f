// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/frame.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace smlaunch {
namespace {

using namespace std::string_literals;

TEST(Frame, IsLengthKindAndPayload) {
  EXPECT_EQ(encode_frame(FrameKind::ping, "42"),
            "\x03\0\0\0\x04"
            "42"s);
  EXPECT_EQ(encode_frame(FrameKind::release, ""), "\x01\0\0\0\x08"s);
}

TEST(Frame, OfDataHasItsSequenceNumber) {
  EXPECT_EQ(encode_data_frame(FrameKind::started, 0x0102030405060708, "x"),
            "\x0a\0\0\0\x20\x08\x07\x06\x05\x04\x03\x02\x01x"s);
}

TEST(Frame, KnowsWhichKindsAreData) {
  for (const auto kind : {FrameKind::hello, FrameKind::welcome, FrameKind::start, FrameKind::ping,
                          FrameKind::pong, FrameKind::ack, FrameKind::signal, FrameKind::release})
    EXPECT_FALSE(is_data(kind));
  for (const auto kind : {FrameKind::started, FrameKind::start_failed, FrameKind::output, FrameKind::ended,
                          FrameKind::end_unknown})
    EXPECT_TRUE(is_data(kind));
}

TEST(FrameReader, TakesFramesOutOfAStreamCutAnywhere) {
  const std::string payload = "any \0 byte \xff\n"s;
  const std::string stream = encode_frame(FrameKind::hello, payload) + encode_frame(FrameKind::release, "") +
                             encode_data_frame(FrameKind::output, 7, payload) +
                             encode_data_frame(FrameKind::ended, 8, "");
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    FrameReader reader(1024);
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.feed(std::string_view(stream).substr(at, step));
      while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    }
    ASSERT_EQ(frames.size(), 4U) << step;
    EXPECT_EQ(frames[0].kind, FrameKind::hello);
    EXPECT_EQ(frames[0].payload, payload);
    EXPECT_EQ(frames[1].kind, FrameKind::release);
    EXPECT_EQ(frames[1].payload, "");
    EXPECT_EQ(frames[2].kind, FrameKind::output);
    EXPECT_EQ(frames[2].sequence, 7U);
    EXPECT_EQ(frames[2].payload, payload);
    EXPECT_EQ(frames[3].kind, FrameKind::ended);
    EXPECT_EQ(frames[3].sequence, 8U);
    EXPECT_EQ(frames[3].payload, "");
    EXPECT_FALSE(reader.broken());
  }
}

TEST(FrameReader, HasNothingUntilAFrameIsWhole) {
  const std::string frame = encode_frame(FrameKind::hello, "abc");
  FrameReader reader(1024);
  EXPECT_FALSE(reader.next());
  reader.feed(std::string_view(frame).substr(0, frame.size() - 1));
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.broken());
  reader.feed(std::string_view(frame).substr(frame.size() - 1));
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(FrameReader, IsBrokenByWhatIsNoFrame) {
  const std::pair<const char*, std::string> streams[] = {
      {"no length", "\0\0\0\0\x01"s},
      {"data too short for its number", "\x08\0\0\0\x22"s},
      {"longer than allowed", "\x41\0\0\0\x01"s},
      {"far longer", "\xff\xff\xff\xff\x01"s},
      {"somebody's HTTP", "GET / HTTP/1.1\r\n"s},
  };
  for (const auto& [what, stream] : streams) {
    FrameReader reader(64);
    reader.feed(stream);
    EXPECT_FALSE(reader.next()) << what;
    EXPECT_TRUE(reader.broken()) << what;
    reader.feed(encode_frame(FrameKind::ping, "1"));
    EXPECT_FALSE(reader.next()) << what << ": a broken stream stays broken";
  }
}

TEST(FrameReader, TakesLongerFramesWhenItIsAllowedTo) {
  const std::string frame = encode_frame(FrameKind::start, std::string(63, 'x'));
  FrameReader exact(64);
  exact.feed(frame);
  EXPECT_TRUE(exact.next());
  FrameReader grown(63);
  grown.set_most(64);
  grown.feed(frame);
  EXPECT_TRUE(grown.next());
  FrameReader small(63);
  small.feed(frame);
  EXPECT_FALSE(small.next());
  EXPECT_TRUE(small.broken());
}

TEST(OutputLines, ComeBackAsTheyWere) {
  const std::string lines = "one\n\xff\0\n"s;
  for (const bool is_stderr : {false, true}) {
    const std::string payload = encode_output({is_stderr, 0xFEDCBA9876543210, lines});
    const auto back = decode_output(payload);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->is_stderr, is_stderr);
    EXPECT_EQ(back->time_ns, 0xFEDCBA9876543210U);
    EXPECT_EQ(back->lines, lines);
  }
  const std::string ranks = encode_output({.is_stderr = true, .time_ns = 7, .lines = lines, .rank = 70'000});
  const auto of_rank = decode_output(ranks);
  ASSERT_TRUE(of_rank);
  EXPECT_TRUE(of_rank->is_stderr);
  EXPECT_EQ(of_rank->rank, 70'000);
  EXPECT_EQ(of_rank->lines, lines);
  EXPECT_FALSE(decode_output("\2" + std::string(11, '\0'))) << "no room for a rank";
  EXPECT_FALSE(decode_output("\2" + std::string(8, '\0') + "\xff\xff\xff\xff")) << "no rank";
  EXPECT_TRUE(decode_output(std::string(9, '\0')));
  EXPECT_FALSE(decode_output(std::string(8, '\0')));
}

TEST(UnackedFrames, KeepsEachFrameUntilItIsAcknowledged) {
  UnackedFrames frames;
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(frames.add(FrameKind::started, "a"), encode_data_frame(FrameKind::started, 1, "a"));
  EXPECT_EQ(frames.add(FrameKind::output, "b"), encode_data_frame(FrameKind::output, 2, "b"));
  EXPECT_EQ(frames.add(FrameKind::ended, "c"), encode_data_frame(FrameKind::ended, 3, "c"));
  EXPECT_EQ(frames.bytes(), frames.all().size());
  EXPECT_EQ(frames.all(), encode_data_frame(FrameKind::started, 1, "a") +
                              encode_data_frame(FrameKind::output, 2, "b") +
                              encode_data_frame(FrameKind::ended, 3, "c"));
  frames.acknowledge(0);
  EXPECT_EQ(frames.all().size(), 3 * 14U);
  frames.acknowledge(2);
  EXPECT_EQ(frames.all(), encode_data_frame(FrameKind::ended, 3, "c"));
  EXPECT_EQ(frames.bytes(), 14U);
  frames.acknowledge(1);  // an old one, late
  EXPECT_EQ(frames.bytes(), 14U);
  frames.acknowledge(100);
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(frames.bytes(), 0U);
  EXPECT_EQ(frames.add(FrameKind::output, "d"), encode_data_frame(FrameKind::output, 4, "d"));
}

}  // namespace
}  // namespace smlaunch
