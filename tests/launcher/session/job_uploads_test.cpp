// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_uploads.hpp"

#include <gtest/gtest.h>

#include <cerrno>

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

NotUploaded late(const std::string& file) { return {file, std::nullopt}; }

NotUploaded failed(const std::string& file, const std::string& what, S3Cause cause) {
  return {file, S3Failure({Fault::start, {{"s3://bucket/" + file, what, ""}}}, std::move(cause))};
}

TEST(JobUploads, SaysWhatIsLeftByItsCause) {
  using Sentences = std::vector<std::string>;
  const S3Cause refused{.trouble = S3Trouble::refused, .status = 403, .code = "AccessDenied"};
  const S3Cause unread{.trouble = S3Trouble::file, .number = EIO};
  EXPECT_EQ(render_not_uploaded({}), Sentences{});
  EXPECT_EQ(render_not_uploaded({late("a")}),
            Sentences{"1 intermediate file was not uploaded (no time was left): a"});
  EXPECT_EQ(
      render_not_uploaded({failed("a", "x", refused), failed("b", "y", unread), failed("c", "x", refused)}),
      (Sentences{"2 intermediate files were not uploaded (x): a, c",
                 "1 intermediate file was not uploaded (y): b"}));
  EXPECT_EQ(
      render_not_uploaded({late("1"), late("2"), late("3"), late("4"), late("5"), late("6"), late("7")}),
      Sentences{"7 intermediate files were not uploaded (no time was left): 1, 2, 3, 4, 5 and 2 more"});
}

TEST(JobUploads, TellsCausesApartWhateverTheirWords) {
  using Sentences = std::vector<std::string>;
  const S3Cause refused{.trouble = S3Trouble::refused, .status = 403, .code = "AccessDenied"};
  S3Cause slowed = refused;
  slowed.status = 503;
  EXPECT_EQ(render_not_uploaded({failed("a", "same", refused), failed("b", "same", slowed)}),
            (Sentences{"1 intermediate file was not uploaded (same): a",
                       "1 intermediate file was not uploaded (same): b"}));
  EXPECT_EQ(render_not_uploaded({failed("a", "part 1 of a", refused), failed("b", "part 7 of b", refused)}),
            Sentences{"2 intermediate files were not uploaded (part 1 of a): a, b"});
}

}  // namespace
}  // namespace smlaunch
