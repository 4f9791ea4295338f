// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/mux_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
std::string text(const std::string& value) {
  return number(static_cast<std::uint32_t>(value.size())) + value;
}
template <class... Fields>
std::string message(std::uint32_t kind, const Fields&... fields) {
  return text((number(kind) + ... + fields));
}

const std::string hello = message(1, number(4));
const std::string opened = message(0x80000006, number(0), number(2));
std::string ended(std::uint32_t code) { return message(0x80000004, number(2), number(code)); }

TEST(MuxRequest, GreetsAndAsksForASessionWithoutATerminal) {
  const auto bytes = render_mux_request("orted -x 1", {"LANG=C.UTF-8", "LC_ALL=C"});
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, hello + message(0x10000002, number(0), text(""), number(0), number(0), number(0),
                                    number(0), number(0xffffffff), text(""), text("orted -x 1"),
                                    text("LANG=C.UTF-8"), text("LC_ALL=C")));
}

TEST(MuxRequest, IsNoLongerThanSshTakes) {
  const std::string shortest = *render_mux_request("", {});
  const std::size_t others = shortest.size() - hello.size() - 4;
  const std::string longest(256 * 1024 - others, 'x');
  EXPECT_TRUE(render_mux_request(longest, {}));
  EXPECT_FALSE(render_mux_request(longest + "x", {}));
  EXPECT_FALSE(render_mux_request(longest, {""})) << "a variable's length counts, too";
}

TEST(MuxRequest, LeavesWhatIsOurOwnToOurOwnWays) {
  for (const char* variable : {"LANG=C", "SMALL=1", "PATH=/bin", "OMPI_MCA_pml=ob1"})
    EXPECT_TRUE(may_go_to_host(variable)) << variable;
  for (const char* variable : {"SM_HOSTS=[]", "SMLAUNCH_AGENT_TOKEN=sesame"})
    EXPECT_FALSE(may_go_to_host(variable)) << variable;
}

TEST(MuxSession, EndsWithTheCommandsCode) {
  MuxSession session;
  ASSERT_TRUE(session.take(hello));
  EXPECT_FALSE(session.is_open());
  ASSERT_TRUE(session.take(opened));
  EXPECT_TRUE(session.is_open());
  EXPECT_EQ(session.exit_code(), std::nullopt);
  ASSERT_TRUE(session.take(ended(7)));
  EXPECT_EQ(session.exit_code(), 7u);
  EXPECT_EQ(session.problem(), "");
}

TEST(MuxSession, TakesBytesInWhateverPiecesTheyCome) {
  const std::string all = message(1, number(4), text("extension"), text("value")) + opened +
                          message(0x80000008, number(2)) + ended(0);
  MuxSession at_once;
  ASSERT_TRUE(at_once.take(all));
  EXPECT_EQ(at_once.exit_code(), 0u);
  MuxSession by_bytes;
  for (const char byte : all) {
    ASSERT_FALSE(by_bytes.exit_code());
    ASSERT_TRUE(by_bytes.take({&byte, 1}));
  }
  EXPECT_EQ(by_bytes.exit_code(), 0u);
}

TEST(MuxSession, SaysWhatIsWrongAndWhetherTheCommandMayRunAlready) {
  struct Case {
    std::string bytes;
    std::string problem;
    bool is_open = false;
  };
  const Case cases[] = {
      {message(1, number(3)), "version 3 of the protocol"},
      {message(2, number(4)), "no greeting, but kind 0x2"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "a message of 1397966893 bytes"},
      {number(16 * 1024 + 1), "a message of 16385 bytes"},
      {text(""), "a message of kind 0x0 that ends too early"},
      {message(1), "a message of kind 0x1 that ends too early"},
      {message(1, number(4), number(9)), "a message of kind 0x1 that ends too early"},
      {hello + message(0x80000003, number(0), text("Session open refused by peer")),
       "no session: Session open refused by peer"},
      {hello + message(0x80000002, number(0), text("no\n\x1b[2J")), "no session: no??[2J"},
      {hello + message(0x80000003, number(0), number(0xffffffff)),
       "a message of kind 0x80000003 that ends too early"},
      {hello + message(0x80000006, number(1), number(2)), "an answer to request 1, which was not made"},
      {hello + message(0x80000006, number(0)), "a message of kind 0x80000006 that ends too early"},
      {hello + message(0x80000005, number(0), number(77)), "no answer to the request, but kind 0x80000005"},
      {hello + hello, "an answer to request 4, which was not made"},
      {hello + opened + message(0x80000004, number(3), number(0)), "news of session 3 instead of 2", true},
      {hello + opened + message(0x80000004, number(2)), "a message of kind 0x80000004 that ends too early",
       true},
      {hello + opened + message(0x80000008), "a message of kind 0x80000008 that ends too early", true},
      {hello + opened + message(0x80000001, number(2)), "kind 0x80000001 in a session", true},
      {hello + opened + ended(0) + ended(1), "two ends of one session", true}};
  for (const Case& each : cases) {
    MuxSession session;
    EXPECT_FALSE(session.take(each.bytes)) << each.problem;
    EXPECT_EQ(session.problem(), each.problem);
    EXPECT_EQ(session.is_open(), each.is_open) << each.problem;
    EXPECT_FALSE(session.take(ended(0))) << "nothing more is heard: " << each.problem;
  }
}

}  // namespace
}  // namespace smlaunch
