// SPDX-License-Identifier: Apache-2.0
#include "launcher/status_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/read_file.hpp"
#include "launcher/status/status_service.hpp"
#include "tests/launcher/status/private_places.hpp"
#include "tests/launcher/status/some_status.hpp"

namespace smlaunch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Options options_of(std::optional<std::string> operand, Format format = Format::text) {
  Options options;
  options.command = Command::status;
  options.operand = std::move(operand);
  options.format = format;
  return options;
}

JobStatus status_of(const std::string& id, int pid, const std::string& folder) {
  JobStatus status = some_status();
  status.id = id;
  status.pid = pid;
  status.folder = folder;
  return status;
}

TEST(StatusAnswer, WhereNoJobRunsThatIsTheAnswer) {
  const OwnPlaces here;
  EXPECT_EQ(make_status_answer(options_of({}), here.places).value(),
            "no job of this user's runs on this host\n");
  EXPECT_EQ(make_status_answer(options_of({}, Format::json), here.places).value(),
            "{\"jobs\":[],\"schema\":\"smlaunch.status/1\"}\n");
}

TEST(StatusAnswer, AJobThatIsNamedAndDoesNotRunIsAnError) {
  const OwnPlaces here;
  StatusBoard board(status_of("aaaaaaaa", 11, "/opt/ml"));
  const StatusService service(board, {}, here.places);
  for (const Format format : {Format::text, Format::json})
    for (const char* word : {"bbbbbbbb", "12", "/tmp", "", "a\nb"}) {
      const auto answer = make_status_answer(options_of(word, format), here.places);
      ASSERT_FALSE(answer) << word;
      EXPECT_EQ(answer.error().fault, Fault::usage);
      EXPECT_EQ(answer.error().problems.front().what, "names no job of this user's that runs on this host");
    }
}

TEST(StatusAnswer, OneJobIsToldWholeAndSeveralAreListed) {
  const OwnPlaces here;
  StatusBoard first(status_of("aaaaaaaa", 11, here.places.temporary));
  const StatusService first_service(first, {}, here.places);
  EXPECT_THAT(make_status_answer(options_of({}), here.places).value(),
              StartsWith("job aaaaaaaa on algo-1 (pid 11)"));
  StatusBoard second(status_of("bbbbbbbb", 12, "/elsewhere"));
  const StatusService second_service(second, {}, here.places);
  const std::string list = make_status_answer(options_of({}), here.places).value();
  EXPECT_THAT(list, StartsWith("job             pid  state"));
  EXPECT_THAT(list, HasSubstr("\naaaaaaaa         11  "));
  EXPECT_THAT(list, HasSubstr("\nbbbbbbbb         12  "));
  for (const std::string& word : {std::string("aaaaaaaa"), std::string("11"), here.places.temporary + "/."}) {
    const std::string one = make_status_answer(options_of(word), here.places).value();
    EXPECT_THAT(one, StartsWith("job aaaaaaaa on algo-1 (pid 11)")) << word;
    EXPECT_THAT(one, Not(HasSubstr("bbbbbbbb")));
  }
  const auto json =
      nlohmann::json::parse(make_status_answer(options_of({}, Format::json), here.places).value());
  EXPECT_EQ(json["jobs"].size(), 2U);
  EXPECT_EQ(json["jobs"][0]["id"], "aaaaaaaa");
}

TEST(StatusService, LeavesTheLastMetricsAndNoSocket) {
  const OwnPlaces here;
  const std::filesystem::path file = std::filesystem::path(here.places.temporary) / "new folder" / "job.prom";
  {
    StatusBoard board(some_status());
    const StatusService service(board, file, here.places);
    board.note([](JobStatus& status) { status.exit_code = 3; });
  }
  EXPECT_THAT(read_small_file(file), HasSubstr("smlaunch_exit_code 3\n# EOF\n"));
  EXPECT_EQ(make_status_answer(options_of({}), here.places).value(),
            "no job of this user's runs on this host\n");
  EXPECT_TRUE(find_private_folders(here.places).empty()) << "nor a folder";
}

TEST(StatusService, WhoHasNoPrivateFolderIsAskedByNobodyAndRunsHisJob) {
  StatusBoard board(some_status());
  const StatusService service(board, {}, {.runtime = "", .temporary = "/proc/no such folder"});
  EXPECT_EQ(board.ask({}).id, some_status().id);
}

}  // namespace
}  // namespace smlaunch
