// SPDX-License-Identifier: Apache-2.0
// A leader and agents of its own host in one process.
#include "launcher/channel/own_host_door.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/local_socket.hpp"
#include "tests/launcher/channel/loopback_channel.hpp"
#include "tests/launcher/channel/runtime_folder.hpp"

namespace smlaunch {
namespace {

using namespace std::chrono_literals;

struct OwnHost : LoopbackChannel {
  OwnHost() : LoopbackChannel(2) {
    server.set_callbacks(
        {.joined = [this](Peer peer, const Hello&) { note("{} joined", peer); },
         .data =
             [this](Peer peer, const Frame& frame) {
               const auto output = decode_output(frame.payload);
               note("{} said " + std::string(output ? output->lines : "nothing"), peer);
             },
         .pong = {},
         .stop_requested = {},
         .lost = [this](Peer peer, std::uint64_t, const std::string&) { note("{} lost", peer); },
         .refused = [this](Peer peer, const std::string& what) { note("{} refused: " + what, peer); },
         .left = {}});
    listen();
    server.serve_own_host();
    server.begin_ranks(2, loopback_token);
  }
  void note(const std::string& text, Peer peer) {
    heard.push_back(std::to_string(peer.value) + text.substr(2));
  }

  RuntimeFolder runtime;
};

std::unique_ptr<ChannelClient> make_agent(OwnHost& host, int rank, int port, const std::string& token) {
  Hello hello;
  hello.host = "algo-1";
  hello.peer = rank;
  hello.local_rank = rank;
  hello.instance = "instance " + std::to_string(rank);
  auto agent = std::make_unique<ChannelClient>(host.loop, "127.0.0.1", port, token, hello, 10s);
  agent->set_own_host_door(own_host_door_name(token));
  return agent;
}

ChannelClient::Callbacks heard_by(std::vector<std::string>& heard) {
  return {.frame = [&heard](const Frame&) { heard.emplace_back("a frame"); },
          .acknowledged = [] {},
          .lost = [&heard] { heard.emplace_back("the leader is lost"); },
          .none = [&heard](const std::string& why) { heard.emplace_back("none: " + why); },
          .fill_pong = {},
          .other_token = {},
          .refused = {}};
}

constexpr int closed_port = 1;

TEST(OwnHostDoor, LetsAgentsInThatCouldNotComeOverTheNetwork) {
  OwnHost host;
  EXPECT_TRUE(host.runtime.has_socket(own_host_door_name(loopback_token)));
  std::vector<std::string> heard;
  const auto agent = make_agent(host, 1, closed_port, loopback_token);
  agent->start(heard_by(heard));
  host.run_until_heard(1);
  agent->send_data(FrameKind::output, encode_output({false, 1, "hello\n"}));
  host.run_until_heard(2);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"1 joined", "1 said hello\n"}));
  host.server.start(Peer{1}, Start());
  host.run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, (std::vector<std::string>{"a frame"}));
  agent->stop();
}

// A check program's agent that comes late knows the token of its own set.
TEST(OwnHostDoor, IsNotFoundByAgentsThatKnowAnEarlierToken) {
  OwnHost host;
  host.server.begin_ranks(2, "another token, of thirty-two letters");
  EXPECT_FALSE(host.runtime.has_socket(own_host_door_name(loopback_token)));
  std::vector<std::string> heard;
  const auto agent = make_agent(host, 0, closed_port, loopback_token);
  agent->start(heard_by(heard));
  host.run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, (std::vector<std::string>{"none: Connection refused"}));
  EXPECT_TRUE(host.heard.empty());
}

TEST(OwnHostDoor, IsClosedToWhoeverDoesNotSayWhoHeIs) {
  OwnHost host;
  const UniqueFd stranger = connect_locally(own_host_door_name(loopback_token));
  ASSERT_TRUE(stranger.valid());
  const std::string frame = encode_frame(FrameKind::ping, encode_number(1));
  ASSERT_EQ(write(stranger.get(), frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  bool is_closed = false;
  host.run_until([&] {
    char byte = 0;
    is_closed = recv(stranger.get(), &byte, 1, MSG_DONTWAIT) == 0;
    return is_closed;
  });
  EXPECT_TRUE(is_closed);
  EXPECT_TRUE(host.heard.empty());
}

TEST(OwnHostDoor, IsGoneWithTheLeader) {
  std::string name = own_host_door_name(loopback_token);
  RuntimeFolder outer;
  {
    OwnHost host;
    host.server.close();
    EXPECT_FALSE(host.runtime.has_socket(name));
  }
}

// The network is tried where there is no door.
TEST(OwnHostDoor, IsNotWaitedFor) {
  OwnHost host;
  remove_local_socket(own_host_door_name(loopback_token));
  std::vector<std::string> heard;
  const auto agent = make_agent(host, 0, host.port, loopback_token);
  agent->start(heard_by(heard));
  host.run_until_heard(1);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"0 joined"}));
  agent->stop();
}

// A leader that is stopped says nothing; its host is this one.
TEST(LocalLink, ToTheLeaderIsAlwaysAcknowledged) {
  OwnHost host;
  for (const bool leads_to_leader : {true, false}) {
    const auto link = LocalLink::connect(host.loop, own_host_door_name(loopback_token));
    ASSERT_TRUE(link);
    if (leads_to_leader) link->lead_to_leader();
    EXPECT_EQ(link->since_acknowledged().has_value(), leads_to_leader);
  }
}

}  // namespace
}  // namespace smlaunch
