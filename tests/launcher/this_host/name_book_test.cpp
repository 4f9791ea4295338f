// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/name_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/this_host/own_host.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Millis = NameBook::Millis;

// A name server that knows some names, is silent about others, and whose clock only it moves.
struct NameServer {
  NameBook::LookUp look_up() {
    return [this](const std::vector<std::string>& names, Millis bound, const NameBook::Answered& answered) {
      asked.push_back(names);
      bounds.push_back(bound);
      time += is_silent ? bound : Millis(10);
      if (is_silent) return;
      for (const std::string& name : names) {
        NameBook::Addresses addresses;
        if (const auto found = known.find(name); found != known.end())
          addresses.push_back({.text = found->second});
        if (!answered(name, addresses)) return;
      }
    };
  }
  NameBook make_book() {
    return NameBook(Millis(900), look_up(), [this] { return time; });
  }

  std::map<std::string, std::string> known = {{"a", "10.0.0.1"}, {"b", "10.0.0.2"}};
  bool is_silent = false;
  Millis time{5000};
  std::vector<std::vector<std::string>> asked;
  std::vector<Millis> bounds;
};

TEST(NameBook, AsksForEachNameOnceWhetherItIsKnownOrNot) {
  NameServer server;
  NameBook book = server.make_book();
  EXPECT_THAT(probe_addresses({"a", "nobody"}, book), ElementsAre(ElementsAre("10.0.0.1"), IsEmpty()));
  EXPECT_THAT(probe_addresses({"nobody", "a"}, book), ElementsAre(IsEmpty(), ElementsAre("10.0.0.1")));
  EXPECT_THAT(probe_addresses({"a", "b"}, book),
              ElementsAre(ElementsAre("10.0.0.1"), ElementsAre("10.0.0.2")));
  EXPECT_THAT(server.asked, ElementsAre(ElementsAre("a", "nobody"), ElementsAre("b")));
}

TEST(NameBook, AllQuestionsTogetherHaveOneBound) {
  NameServer server;
  NameBook book = server.make_book();
  book.ask({"a"});
  server.is_silent = true;
  EXPECT_THAT(probe_addresses({"c", "a"}, book), ElementsAre(IsEmpty(), ElementsAre("10.0.0.1")));
  EXPECT_THAT(probe_addresses({"c", "d"}, book), ElementsAre(IsEmpty(), IsEmpty()));
  EXPECT_EQ(server.time, Millis(5900));
  EXPECT_THAT(server.bounds, ElementsAre(Millis(900), Millis(890))) << "what is left; then nothing is asked";
}

TEST(NameBook, LeavesOffWhereAnAnswerIsEnoughAndGoesOnLater) {
  NameServer server;
  NameBook book = server.make_book();
  book.ask({"a", "b"}, [](const NameBook::Addresses& addresses) { return !addresses.empty(); });
  EXPECT_EQ(book.addresses_of("a").size(), 1U);
  EXPECT_EQ(book.addresses_of("b").size(), 0U);
  book.ask({"a", "b"});
  EXPECT_EQ(book.addresses_of("b").size(), 1U);
  EXPECT_THAT(server.asked, ElementsAre(ElementsAre("a", "b"), ElementsAre("b")));
}

TEST(NameBook, GetsRealAddressesOfARealName) {
  NameBook book;
  EXPECT_THAT(probe_addresses({"127.0.0.7", "localhost"}, book).front(), ElementsAre("127.0.0.7"));
  EXPECT_FALSE(book.addresses_of("localhost").empty());
  EXPECT_THAT(probe_routes({"127.0.0.7"}, book), ElementsAre(std::pair("127.0.0.7", "127.0.0.1")));
}

TEST(FindOwnHost, AsksNobodyWhereAHostHasAnAddressOfThisMachine) {
  NameServer server;
  NameBook book = server.make_book();
  EXPECT_EQ(find_own_host({"other", "127.0.0.1"}, book), "127.0.0.1");
  EXPECT_THAT(server.asked, IsEmpty());
}

TEST(FindOwnHost, GoesByTheAddressOfANameWhereNoNameFits) {
  NameServer server;
  server.known = {{"other", "192.0.2.1"}, {"us", "127.0.0.1"}};
  NameBook book = server.make_book();
  EXPECT_EQ(find_own_host({"nobody", "other", "us"}, book), "us");
  EXPECT_EQ(find_own_host({"nobody", "other"}, book), std::nullopt);
  EXPECT_THAT(server.asked, ElementsAre(ElementsAre("nobody", "other", "us")));
}

}  // namespace
}  // namespace smlaunch
