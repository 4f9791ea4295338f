// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_uploads.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

TEST(JobUploads, WaitNoLongerThanTheStopGrace) {
  const auto bound = [](long timeout, long grace, std::optional<long> since_stop) {
    std::optional<milliseconds> since;
    if (since_stop) since = milliseconds(*since_stop);
    return upload_bound(milliseconds(timeout), milliseconds(grace), since).count();
  };
  EXPECT_EQ(bound(300, 110, std::nullopt), 300);
  EXPECT_EQ(bound(300, 110, 0), 110);
  EXPECT_EQ(bound(300, 110, 100), 10);
  EXPECT_EQ(bound(300, 110, 110), 0);
  EXPECT_EQ(bound(300, 110, 500), 0);
  EXPECT_EQ(bound(5, 110, 100), 5);
}

TEST(JobUploads, SaysWhatIsLeftByItsReason) {
  using Sentences = std::vector<std::string>;
  EXPECT_EQ(render_not_uploaded({}), Sentences{});
  EXPECT_EQ(render_not_uploaded({{"a", ""}}),
            Sentences{"1 intermediate file was not uploaded (no time was left): a"});
  EXPECT_EQ(render_not_uploaded({{"a", "x"}, {"b", "y"}, {"c", "x"}}),
            (Sentences{"2 intermediate files were not uploaded (x): a, c",
                       "1 intermediate file was not uploaded (y): b"}));
  EXPECT_EQ(
      render_not_uploaded({{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {"5", ""}, {"6", ""}, {"7", ""}}),
      Sentences{"7 intermediate files were not uploaded (no time was left): 1, 2, 3, 4, 5 and 2 more"});
}

}  // namespace
}  // namespace smlaunch
