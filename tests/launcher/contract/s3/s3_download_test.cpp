// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "tests/launcher/contract/s3/s3_server.hpp"

namespace smlaunch {
namespace {

using Reply = SmallServer::Reply;
using Request = SmallServer::Request;

bool has_range(const Request& request, const std::string& range) {
  const auto found = request.headers.find("range");
  return found != request.headers.end() && found->second == "bytes=" + range;
}

TEST(S3Download, FetchesRangesOfOneVersion) {
  const std::string content = made_up_content(4321);
  S3Fixture s3([&](const Request& request) { return serve_object(request, content); });
  std::uint64_t announced = 0;
  std::atomic<std::uint64_t> counted = 0;
  s3.settings.size_known = [&](std::uint64_t size) { announced = size; };
  s3.settings.counter = [&](std::uint64_t bytes) {
    EXPECT_EQ(announced, 4321U);
    counted += bytes;
  };
  ::umask(022);
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
  EXPECT_EQ(announced, 4321U);
  EXPECT_EQ(counted, 4321U);
  struct stat status {};
  ASSERT_EQ(::stat((s3.folder / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644U);
  EXPECT_EQ(s3.files(), 1U);
  std::set<std::string> ranges;
  for (const Request& request : s3.server.seen()) {
    EXPECT_EQ(request.target, "/bucket/a/key");
    ranges.insert(request.headers.at("range"));
    EXPECT_EQ(request.headers.contains("if-match"), !has_range(request, "0-999"));
  }
  EXPECT_EQ(ranges, (std::set<std::string>{"bytes=0-999", "bytes=1000-1999", "bytes=2000-2999",
                                           "bytes=3000-3999", "bytes=4000-4320"}));
}

TEST(S3Download, TakesAnySize) {
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U}) {
    const std::string content = made_up_content(size);
    S3Fixture s3([&](const Request& request) { return serve_object(request, content); });
    EXPECT_EQ(s3.download(), "") << size;
    EXPECT_TRUE(s3.content() == content) << size;
  }
}

TEST(S3Download, GoesOnWhereItWasCut) {
  const std::string content = made_up_content(3000);
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (has_range(request, "1000-1999")) reply.cut_after = 400;
    return reply;
  });
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
  const auto seen = s3.server.seen();
  EXPECT_TRUE(
      std::any_of(seen.begin(), seen.end(), [](const Request& one) { return has_range(one, "1400-1999"); }));
}

TEST(S3Download, BeginsAnewWhereTheFirstPieceIsCut) {
  const std::string content = made_up_content(1500);
  int times = 0;
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (++times == 1) reply.cut_after = 400;
    return reply;
  });
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
}

TEST(S3Download, LeavesNothingWhereItIsCutEveryTime) {
  const std::string content = made_up_content(3000);
  for (const std::size_t cut_after : {0U, 10U}) {
    for (const bool first_too : {false, true}) {
      S3Fixture s3([&](const Request& request) {
        Reply reply = serve_object(request, content);
        if (first_too || !has_range(request, "0-999")) reply.cut_after = cut_after;
        return reply;
      });
      EXPECT_EQ(s3.download(),
                "s3://bucket/a/key: the connection to HOST was cut (Transferred a partial file); is the "
                "network or the "
                "server overloaded? then run it again");
      EXPECT_EQ(s3.files(), 0U);
    }
  }
}

TEST(S3Download, IsNotFooledByWhatStalls) {
  const std::string content = made_up_content(2000);
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    reply.cut_after = 10;
    reply.stalls = true;
    return reply;
  });
  s3.settings.stalled_after = std::chrono::seconds(1);
  s3.settings.retry.attempts = 1;
  EXPECT_EQ(s3.download(),
            "s3://bucket/a/key: HOST sends and takes nothing any more; is the network or the server "
            "overloaded? then "
            "run it again");
  EXPECT_EQ(s3.files(), 0U);
}

TEST(S3Download, FetchesAnewWhatChangesMeanwhile) {
  std::string content = made_up_content(3000);
  int times = 0;
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (++times == 1) content = std::string(2100, 'n');
    return reply;
  });
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
}

TEST(S3Download, RefusesWhatAlwaysChanges) {
  int version = 0;
  S3Fixture s3([&](const Request& request) {
    return serve_object(request, made_up_content(3000) + std::to_string(++version));
  });
  EXPECT_EQ(s3.download(), "s3://bucket/a/key: changes while it is fetched; run it again");
  EXPECT_EQ(s3.files(), 0U);
}

TEST(S3Download, TakesAServerThatKnowsNoRanges) {
  const std::string content = made_up_content(3000);
  int times = 0;
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object({request.method, request.target, {}, ""}, content);
    if (++times == 1) reply.cut_after = 2000;
    return reply;
  });
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
}

TEST(S3Download, RefusesAnotherContentThanTheEtags) {
  const std::string content = made_up_content(3000);
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (has_range(request, "2000-2999")) reply.body[7] = 'x';
    return reply;
  });
  std::ofstream(s3.folder / "file") << "older";
  EXPECT_EQ(s3.download(), "s3://bucket/a/key: what came has another MD5 than the object; run it again");
  EXPECT_EQ(s3.content(), "older");
  EXPECT_EQ(s3.files(), 1U);
}

TEST(S3Download, RefusesAPieceThatIsTooShort) {
  const std::string content = made_up_content(3000);
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (has_range(request, "2000-2999")) reply.body.resize(500);
    return reply;
  });
  EXPECT_EQ(s3.download(), "s3://bucket/a/key: 1000 bytes were announced and 500 came; run it again");
  EXPECT_EQ(s3.files(), 0U);
}

TEST(S3Download, TakesNoEndOfAConnectionForTheEndOfTheObject) {
  const std::string content = made_up_content(500);
  std::string etag;
  S3Fixture s3([&](const Request&) {
    Reply reply{200, {{"ETag", etag}}, content};
    reply.tells_size = false;
    return reply;
  });
  EXPECT_EQ(
      s3.download(),
      "s3://bucket/a/key: the server does not tell how large it is; a part could not be told from the whole");
  EXPECT_EQ(s3.files(), 0U);
  etag = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(s3.download(), "s3://bucket/a/key: what came has another MD5 than the object; run it again");
}

TEST(S3Download, TriesAgainAndSaysWhatTheServerSaid) {
  const std::string content = made_up_content(3000);
  int times = 0;
  S3Fixture s3([&](const Request& request) {
    if (++times % 2 == 1) return Reply{503, {}, "<Error><Code>SlowDown</Code></Error>"};
    return serve_object(request, content);
  });
  s3.settings.at_once = 1;
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
  S3Fixture broken([](const Request&) {
    return Reply{500, {}, "<Error><Code>InternalError</Code></Error>"};
  });
  EXPECT_EQ(broken.download(), "s3://bucket/a/key: the server at URL answers 500 InternalError");
  EXPECT_EQ(broken.server.seen().size(), 3U);
}

TEST(S3Download, FollowsTheBucketsRegion) {
  const std::string content = made_up_content(2000);
  for (const bool malformed : {false, true}) {
    S3Fixture s3([&](const Request& request) {
      if (request.headers.at("authorization").find("/eu-west-1/s3/") != std::string::npos)
        return serve_object(request, content);
      if (malformed)
        return Reply{
            400, {}, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"};
      return Reply{
          301, {{"x-amz-bucket-region", "eu-west-1"}}, "<Error><Code>PermanentRedirect</Code></Error>"};
    });
    EXPECT_EQ(s3.download(), "");
    EXPECT_TRUE(s3.content() == content);
    EXPECT_EQ(s3.server.seen().size(), 3U);  // once the wrong way, then both pieces
  }
  S3Fixture nowhere([](const Request&) { return Reply{301, {{"x-amz-bucket-region", "eu-west-1"}}}; });
  EXPECT_EQ(nowhere.download(),
            "s3://bucket/a/key: the bucket is not in region eu-west-1; set AWS_REGION to the bucket's");
}

TEST(S3Download, GetsNewKeysForThoseThatHaveExpired) {
  const std::string content = made_up_content(500);
  int keys = 0;
  S3Fixture s3([&](const Request& request) {
    if (request.target == "/keys")
      return Reply{200, {}, fmt::format(R"({{"AccessKeyId": "KEY{}", "SecretAccessKey": "S"}})", ++keys)};
    if (request.headers.at("authorization").find("KEY2/") != std::string::npos)
      return serve_object(request, content);
    return Reply{400, {}, "<Error><Code>ExpiredToken</Code></Error>"};
  });
  s3.variables.erase("AWS_ACCESS_KEY_ID");
  s3.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = s3.server.url() + "/keys";
  EXPECT_EQ(s3.download(), "");
  EXPECT_TRUE(s3.content() == content);
}

TEST(S3Download, EndsWhenItIsCancelled) {
  const std::string content = made_up_content(3000);
  std::atomic<bool> cancelled = false;
  S3Fixture s3([&](const Request& request) {
    Reply reply = serve_object(request, content);
    if (has_range(request, "0-999")) return reply;
    cancelled = true;
    reply.cut_after = 1;
    reply.stalls = true;
    return reply;
  });
  s3.settings.cancelled = &cancelled;
  EXPECT_EQ(s3.download(), "s3://bucket/a/key: was stopped");
  EXPECT_EQ(s3.files(), 0U);
}

TEST(S3Download, SaysWhatItCannotWriteOrFetch) {
  S3Fixture s3([](const Request& request) { return serve_object(request, "content"); });
  S3Client client(s3.variables, s3.settings);
  EXPECT_EQ(s3.told(client.download({"bucket", "key"}, s3.folder / "missing" / "file")),
            "FOLDER/missing/file: could not be written: No such file or directory; is its folder there, and "
            "writable?");
  EXPECT_EQ(s3.told(client.download({"bucket", ""}, s3.folder / "file")),
            "s3://bucket/: names no object; write s3://BUCKET/KEY");
  EXPECT_EQ(s3.told(client.download({"bucket", "folder/"}, s3.folder / "file")),
            "s3://bucket/folder/: names no object; write s3://BUCKET/KEY");
}

}  // namespace
}  // namespace smlaunch
