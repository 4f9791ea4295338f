// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_artifact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/contract/s3/small_server.hpp"

namespace smlaunch {
namespace {

using testing::HasSubstr;

constexpr const char* arn = "arn:aws:codeartifact:us-west-2:012345678900:repository/my_domain/my_repo";

TEST(ParseCodeArtifactArn, IsTheToolkits) {
  EXPECT_EQ(parse_code_artifact_arn(arn).value(),
            (CodeArtifactRepository{"aws", "us-west-2", "012345678900", "my_domain", "my_repo"}));
  for (const char* text : {"", "my_repo", "arn:aws:s3:us-west-2:1:repository/d/r",
                           "arn:aws:codeartifact:us-west-2:1:repository/d"}) {
    const auto refused = parse_code_artifact_arn(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().fault, Fault::configuration);
    EXPECT_EQ(refused.error().problems.front().where, "CA_REPOSITORY_ARN");
    EXPECT_EQ(refused.error().problems.front().what, std::string("\"") + text + "\" is no repository's ARN");
  }
}

TEST(IndexOfEndpoint, IsItsSimplePage) {
  EXPECT_EQ(index_of_endpoint("https://host/pypi/my_repo/", "my_repo"), "https://host/pypi/my_repo/simple/");
  EXPECT_EQ(index_of_endpoint("https://host/pypi/my_repo", "my_repo"), "https://host/pypi/my_repo/simple/");
  EXPECT_EQ(index_of_endpoint("https://host/other/", "my_repo"), "https://host/other/");
}

TEST(RenderNetrc, KeepsWhatTheUserHas) {
  const PackageIndex index{"https://host/simple/", "host", "aws", "token"};
  EXPECT_EQ(render_netrc("", index), "machine host login aws password token\n");
  EXPECT_EQ(render_netrc("machine a login b password c", index),
            "machine a login b password c\nmachine host login aws password token\n");
}

class AskCodeArtifact : public testing::Test {
 protected:
  Result<PackageIndex> ask(const SmallServer& server) {
    const Variables variables = {{"AWS_ENDPOINT_URL_CODEARTIFACT", server.url() + "/"},
                                 {"AWS_ACCESS_KEY_ID", "AKID"},
                                 {"AWS_SECRET_ACCESS_KEY", "secret"}};
    HttpClient http;
    AwsCredentialProvider credentials(variables, http);
    return ask_code_artifact(parse_code_artifact_arn(arn).value(), variables, http, credentials);
  }
};

TEST_F(AskCodeArtifact, GetsTokenAndEndpointBySignedRequests) {
  SmallServer server([](const SmallServer::Request& request) {
    SmallServer::Reply reply;
    reply.body = request.method == "POST"
                     ? R"({"authorizationToken": "t0ken", "expiration": 1})"
                     : R"({"repositoryEndpoint": "https://my.d.codeartifact:8443/pypi/my_repo/"})";
    return reply;
  });
  const auto index = ask(server);
  ASSERT_TRUE(index);
  EXPECT_EQ(index->url, "https://my.d.codeartifact:8443/pypi/my_repo/simple/");
  EXPECT_EQ(index->host, "my.d.codeartifact");
  EXPECT_EQ(index->token, "t0ken");
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].target, "/v1/authorization-token?domain=my_domain&domain-owner=012345678900");
  EXPECT_EQ(
      seen[1].target,
      "/v1/repository/endpoint?domain=my_domain&domain-owner=012345678900&format=pypi&repository=my_repo");
  for (const auto& request : seen)
    EXPECT_THAT(request.headers.at("authorization"), HasSubstr("/us-west-2/codeartifact/aws4_request"));
}

TEST_F(AskCodeArtifact, SaysWhyItHasNone) {
  struct Case {
    SmallServer::Reply reply;
    const char* what;
  };
  const Case cases[] = {
      {{403,
        {{"x-amzn-ErrorType", "AccessDeniedException:http://internal/"}},
        R"({"message": "no such role"})"},
       " answers 403 (AccessDeniedException: no such role)"},
      {{404, {}, "not found"}, " answers 404"},
      {{200, {}, "no json"}, " gives no authorizationToken"},
      {{200, {}, R"({"authorizationToken": "two words"})"}, " gives no repositoryEndpoint"},
      {{200, {}, R"({"authorizationToken": "t", "repositoryEndpoint": "host"})"},
       " names an endpoint that is no URL"},
      {{200, {}, R"({"authorizationToken": "two words", "repositoryEndpoint": "https://host/"})"},
       " gives a token that pip cannot be told"},
  };
  for (const Case& each : cases) {
    SmallServer server([&](const SmallServer::Request&) { return each.reply; });
    const auto index = ask(server);
    ASSERT_FALSE(index) << each.what;
    EXPECT_EQ(index.error().fault, Fault::start);
    EXPECT_EQ(index.error().problems.front().where, "CodeArtifact repository my_repo of domain my_domain");
    EXPECT_EQ(index.error().problems.front().what, server.url() + each.what);
  }
}

}  // namespace
}  // namespace smlaunch
