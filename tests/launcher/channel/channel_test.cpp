// SPDX-License-Identifier: Apache-2.0
// Both ends of the channel in one process, over loopback.
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "launcher/channel/channel_client.hpp"
#include "tests/launcher/channel/loopback_channel.hpp"

namespace smlaunch {
namespace {

using namespace std::chrono_literals;

struct Channel : LoopbackChannel {
  Channel() : LoopbackChannel(1) {
    server.set_callbacks({[this](Peer, const Hello&) { heard.emplace_back("joined"); },
                          {},
                          {},
                          [this](Peer, int signal) { heard.push_back("stop " + std::to_string(signal)); },
                          [this](Peer, std::uint64_t, const std::string&) { heard.emplace_back("lost"); },
                          [this](Peer peer, const std::string& what) {
                            heard.push_back("refused " + std::to_string(peer.value) + ": " + what);
                          },
                          [this](Peer) { heard.emplace_back("left"); }});
    listen();
  }
  ChannelClient make_client() {
    Hello hello;
    hello.host = "algo-2";
    return {loop, "127.0.0.1", port, loopback_token, hello, 10s};
  }
  void run_a_little() {
    loop.restart();
    loop.run_for(100ms);
  }
};

TEST(Channel, AWorkerHasLeftWhenItHasSaidThatItHasItsOutcome) {
  Channel channel;
  ChannelClient first = channel.make_client();
  bool is_connected = false;
  first.start({[](const Frame&) {}, [&] { is_connected = true; }, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return is_connected; });
  first.stop();
  channel.server.send_outcome(Peer{0}, {"success", 0, "all is well", "", ""});
  channel.run_a_little();
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined"}));

  ChannelClient second = channel.make_client();
  std::string message;
  second.start({[&](const Frame& frame) {
                  if (frame.kind != FrameKind::outcome) return;
                  message = decode_job_end(frame.payload)->message;
                  second.send(FrameKind::outcome, "");
                  second.stop();
                },
                [] {},
                [] {},
                [](const std::string&) {},
                {}});
  channel.run_until([&] { return channel.heard.size() == 2; });
  EXPECT_EQ(message, "all is well");
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined", "left"}));
}

TEST(Channel, WhatIsSentBeforeThereIsAConnectionCanBeSaidOnceThereIs) {
  Channel channel;
  ChannelClient client = channel.make_client();
  const auto ask = [&] { client.send(FrameKind::stop_request, encode_number(15)); };
  client.start({[](const Frame&) {}, ask, [] {}, [](const std::string&) {}, {}});
  ask();
  channel.run_until([&] { return channel.heard.size() == 2; });
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined", "stop 15"}));
  client.stop();
}

TEST(Channel, InputComesInOrderAndAgainOnANewConnection) {
  Channel channel;
  const auto texts_of = [](std::vector<std::string>& texts) {
    return [&](const Frame& frame) {
      if (frame.kind != FrameKind::input) return;
      const auto input = decode_input(frame.payload);
      texts.push_back(std::to_string(input->number) + " " + input->text);
    };
  };
  std::vector<std::string> first_heard;
  ChannelClient first = channel.make_client();
  first.start({texts_of(first_heard), [] {}, [] {}, [](const std::string&) {}, {}});
  channel.server.input(Peer{0}, "one");
  channel.run_until([&] { return first_heard.size() == 1; });
  channel.server.input(Peer{0}, "two");
  channel.run_until([&] { return first_heard.size() == 2; });
  first.stop();
  std::vector<std::string> again;
  ChannelClient second = channel.make_client();
  second.start({texts_of(again), [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return again.size() == 2; });
  EXPECT_EQ(first_heard, (std::vector<std::string>{"1 one", "2 two"}));
  EXPECT_EQ(again, first_heard) << "an agent knows by the number what it has had";
  second.stop();
}

TEST(Channel, AgentsOfAnEarlierSetAreStrangers) {
  Channel channel;
  channel.server.begin_ranks(1, "the token of the next set");
  ChannelClient late = channel.make_client();
  late.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_a_little();
  EXPECT_TRUE(channel.heard.empty());
  Hello hello;
  ChannelClient next(channel.loop, "127.0.0.1", channel.port, "the token of the next set", hello, 10s);
  next.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return channel.heard.size() == 1; });
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined"}));
  late.stop();
  next.stop();
}

TEST(Channel, APeerThatSendsWhatItMayNotIsNamedAndHeardNoMore) {
  Channel channel;
  channel.server.begin_ranks(1, loopback_token);
  ChannelClient client = channel.make_client();
  bool is_connected = false;
  client.start({[](const Frame&) {}, [&] { is_connected = true; }, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return is_connected; });
  client.send_data(FrameKind::output, encode_output({false, 1, "endless"}));
  channel.run_until([&] { return channel.heard.size() == 2; });
  EXPECT_EQ(channel.heard,
            (std::vector<std::string>{"joined", "refused 0: an output that is not made of whole lines"}));
  channel.run_a_little();
  client.send_data(FrameKind::output, encode_output({false, 1, "again\n"}));
  channel.run_a_little();
  EXPECT_EQ(channel.heard.size(), 2U);
  client.stop();
}

// Connections that say nothing, or what is no TLS.
struct Strangers {
  explicit Strangers(Channel& to, std::size_t count, const std::string& say) {
    const boost::asio::ip::tcp::endpoint there(boost::asio::ip::make_address("127.0.0.1"),
                                               static_cast<unsigned short>(to.port));
    for (std::size_t i = 0; i < count; ++i) {
      sockets.emplace_back(to.loop).connect(there);
      if (!say.empty()) boost::asio::write(sockets.back(), boost::asio::buffer(say));
    }
  }
  [[nodiscard]] std::size_t closed() {
    std::size_t count = 0;
    for (auto& socket : sockets) {
      char byte = 0;
      boost::system::error_code error;
      socket.non_blocking(true);
      while (socket.read_some(boost::asio::buffer(&byte, 1), error) > 0) {
      }
      if (error != boost::asio::error::would_block) ++count;
    }
    return count;
  }
  std::vector<boost::asio::ip::tcp::socket> sockets;
};

TEST(Channel, OfTooManyIdleStrangersTheOldestAreClosedAndAnAgentComesInAllTheSame) {
  Channel channel;
  Strangers strangers(channel, most_loopback_strangers + 3, "");
  channel.run_until([&] { return strangers.closed() == 3; });
  EXPECT_EQ(channel.server.strangers(), most_loopback_strangers);
  ChannelClient client = channel.make_client();
  client.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return channel.heard.size() == 1; });
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined"}));
  EXPECT_EQ(strangers.closed(), 4U);
  client.stop();
}

TEST(Channel, StrangersThatComeAgainAndAgainDoNotKeepAnAgentOut) {
  Channel channel;
  Strangers strangers(channel, 40, "GET / HTTP/1.1\r\n\r\n");
  ChannelClient client = channel.make_client();
  client.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return channel.heard.size() == 1; });
  EXPECT_EQ(strangers.closed(), 40U) << "they came before it";
  client.stop();
}

TEST(Channel, ANestedHelloOfAStrangerIsNotParsed) {
  Channel channel;
  const std::string nested = std::string(60'000, '\x91') + '\xc0';
  Strangers strangers(channel, 1, encode_frame(FrameKind::hello, nested));
  channel.run_until([&] { return strangers.closed() == 1; });
  EXPECT_TRUE(channel.heard.empty());
}

TEST(Channel, ConnectionsToOtherAddressesOfThisMachineAreClosed) {
  Channel channel;
  channel.server.keep_to("127.0.0.2");
  Strangers strangers(channel, 1, "");
  channel.run_until([&] { return strangers.closed() == 1; });
  channel.server.keep_to("127.0.0.1");
  ChannelClient client = channel.make_client();
  client.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return channel.heard.size() == 1; });
  client.stop();
}

TEST(Channel, ASecondAgentOfARankIsNotLetIn) {
  Channel channel;
  channel.server.begin_ranks(1, loopback_token);
  Hello hello;
  hello.instance = "first";
  ChannelClient first(channel.loop, "127.0.0.1", channel.port, loopback_token, hello, 10s);
  first.start({[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}});
  channel.run_until([&] { return channel.heard.size() == 1; });
  hello.instance = "second";
  ChannelClient second(channel.loop, "127.0.0.1", channel.port, loopback_token, hello, 10s);
  bool is_in = false;
  second.start({[](const Frame&) {}, [&] { is_in = true; }, [] {}, [](const std::string&) {}, {}});
  channel.run_a_little();
  EXPECT_FALSE(is_in);
  EXPECT_EQ(channel.heard, (std::vector<std::string>{"joined"}));
  first.stop();
  second.stop();
}

}  // namespace
}  // namespace smlaunch
