// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/status_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "tests/launcher/status/private_places.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StatusQuestion, ComesBackAsItWasAsked) {
  for (const StatusQuestion& each :
       {StatusQuestion{},
        StatusQuestion{.form = StatusForm::text, .stacks = true, .job = "/a folder/with blanks"},
        StatusQuestion{.form = StatusForm::json, .job = "4711"}})
    EXPECT_EQ(decode_status_question(encode(each)), each);
}

TEST(StatusQuestion, OtherTextIsNone) {
  for (const char* text :
       {"", "\n", "row", "row\n", "row -\n", "row maybe x\n", "yaml - x\n", "row - x", "row - a\nb\n"})
    EXPECT_FALSE(decode_status_question(text)) << text;
}

// A run that answers so many questions.
struct Answering {
  Answering(const PrivatePlaces& places, const std::string& id, std::string answer, std::size_t times = 1)
      : listener(std::move(*listen_for_status(id, places))),
        thread([this, times, answer = std::move(answer)] {
          while (asked.size() < times) {
            pollfd wait{listener.socket.get(), POLLIN, 0};
            poll(&wait, 1, -1);
            serve_status(listener.socket.get(), [&](const StatusQuestion& question) {
              asked.push_back(question);
              return answer;
            });
          }
        }) {}
  ~Answering() { thread.join(); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  StatusListener listener;
  std::vector<StatusQuestion> asked;
  std::thread thread;
};

TEST(StatusSocket, EveryRunIsAskedAndThoseThatHaveNothingToSayAreLeftOut) {
  const OwnPlaces here;
  EXPECT_THAT(ask_for_status({}, here.places), IsEmpty());
  const StatusQuestion question{.form = StatusForm::json, .stacks = true, .job = "x"};
  std::vector<std::string> answers;
  {
    const Answering first(here.places, "1", "first");
    const Answering second(here.places, "2", "");
    const Answering third(here.places, "3", std::string(3'000'000, 'x'));
    answers = ask_for_status(question, here.places);
  }
  EXPECT_THAT(answers, ElementsAre("first", std::string(3'000'000, 'x')));
}

TEST(StatusSocket, TheQuestionArrivesAndTheSocketIsTheUsersAlone) {
  const OwnPlaces here;
  const StatusQuestion question{.form = StatusForm::text, .job = "/opt/ml"};
  std::vector<StatusQuestion> asked;
  {
    Answering run(here.places, "1", "yes");
    struct stat facts {};
    ASSERT_EQ(stat(std::filesystem::path(run.listener.path).parent_path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
    ask_for_status(question, here.places);
    run.thread.join();
    asked = run.asked;
    run.thread = std::thread([] {});
  }
  EXPECT_THAT(asked, ElementsAre(question));
}

TEST(StatusSocket, TheSocketOfARunThatWasKilledIsTakenAway) {
  const OwnPlaces here;
  std::string path;
  {
    const auto listener = listen_for_status("1", here.places);
    path = listener->path;
    ASSERT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_THAT(ask_for_status({}, here.places), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(find_private_folders(here.places), IsEmpty()) << "and the folder with it";
}

TEST(StatusSocket, ARunThatBeginsTakesThoseOfKilledRunsAwayAndLeavesOthers) {
  const OwnPlaces here;
  const std::string killed = listen_for_status("1", here.places)->path;
  ASSERT_TRUE(std::filesystem::exists(killed));
  const auto running = listen_for_status("2", here.places);
  const auto begins = listen_for_status("3", here.places);
  EXPECT_FALSE(std::filesystem::exists(killed));
  EXPECT_TRUE(std::filesystem::exists(running->path));
  EXPECT_TRUE(std::filesystem::exists(begins->path));
}

// It is stopped, say. Each run that begins comes to it once.
TEST(StatusSocket, ARunThatTakesNobodyInHoldsNoOtherRunBack) {
  const OwnPlaces here;
  const auto stopped = listen_for_status("stopped", here.places);
  ASSERT_TRUE(stopped);
  for (int each = 0; each < 40; ++each) {
    const auto other = listen_for_status("other", here.places);
    ASSERT_TRUE(other);
    unlink(other->path.c_str());
  }
  EXPECT_EQ(access(stopped->path.c_str(), F_OK), 0) << "it runs, and keeps its socket";
}

TEST(StatusSocket, OtherFilesThereAreNoRuns) {
  const OwnPlaces here;
  const auto folder = make_private_folders(here.places)->back();
  std::ofstream(folder + "/status-file") << "x";
  std::ofstream(folder + "/other") << "x";
  EXPECT_THAT(ask_for_status({}, here.places), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(folder + "/other"));
}

// Connects to a run and says this; the run must come back from it.
void say_to_run(const std::string& what, bool closes,
                std::chrono::milliseconds patience = std::chrono::hours(1)) {
  const OwnPlaces here;
  const auto listener = listen_for_status("1", here.places);
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, listener->path.c_str(), listener->path.size());
  ASSERT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(send(fd.get(), what.data(), what.size(), MSG_NOSIGNAL), static_cast<ssize_t>(what.size()));
  if (closes) shutdown(fd.get(), SHUT_WR);
  bool was_answered = false;
  serve_status(
      listener->socket.get(),
      [&](const StatusQuestion&) {
        was_answered = true;
        return "secret";
      },
      patience);
  EXPECT_FALSE(was_answered) << what.substr(0, 20);
}

TEST(StatusSocket, WhoAsksNothingThatItKnowsGetsNoAnswerAndBlocksNobody) {
  say_to_run("", true);
  say_to_run("hello\n", false);
  say_to_run("row - half a question", true);
  say_to_run(std::string(20'000, 'x'), false);
  say_to_run("silent", false, std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace smlaunch
