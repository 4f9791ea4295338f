// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/aws_credentials.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "launcher/contract/s3/http_client.hpp"
#include "tests/launcher/contract/s3/small_server.hpp"

namespace smlaunch {
namespace {

using Reply = SmallServer::Reply;
using Request = SmallServer::Request;

constexpr const char* answer =
    R"({"Code": "Success", "AccessKeyId": "ROLE", "SecretAccessKey": "S", "Token": "T",
                                   "Expiration": "2026-11-25T10:00:00Z"})";

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("aws-test-{}", ::getpid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

std::string told(Result<AwsCredentials> found) {
  if (!found) return found.error().problems.at(0).what;
  return fmt::format("{} {} {} from {}", found->access_key, found->secret_key, found->session_token,
                     found->source);
}

std::string got(Variables variables) {
  HttpClient http;
  return told(AwsCredentialProvider(std::move(variables), http).get());
}

const Variables no_instance{{"AWS_EC2_METADATA_DISABLED", "true"}};

Variables with(Variables variables, const Variables& more) {
  variables.insert(more.begin(), more.end());
  return variables;
}

TEST(AwsCredentials, ComeFromTheEnvironmentFirst) {
  EXPECT_EQ(got({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}}), "A S  from the environment");
  EXPECT_EQ(got({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_SESSION_TOKEN", "T"}}),
            "A S T from the environment");
}

TEST(AwsCredentials, ComeFromTheSharedFiles) {
  const Folder folder;
  const std::string credentials = folder.write(
      "credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=S\n[p]\naws_access_key_id=B\n");
  const std::string config =
      folder.write("config",
                   "[profile p]\naws_access_key_id=C\naws_secret_access_key=D\nregion=eu-west-3\n[profile "
                   "r]\nrole_arn=x\n");
  const Variables files{{"AWS_SHARED_CREDENTIALS_FILE", credentials}, {"AWS_CONFIG_FILE", config}};
  EXPECT_EQ(got(files), "A S  from profile default of " + credentials);
  EXPECT_EQ(got(with(files, {{"AWS_PROFILE", "p"}})), "C D  from profile p of " + config);
  EXPECT_EQ(
      got(with(with(files, no_instance), {{"AWS_PROFILE", "r"}})),
      fmt::format(
          "none found (environment: AWS_ACCESS_KEY_ID is not set; credentials file: {} has no profile r; "
          "config file: profile r of {} gets its keys by role_arn, which smlaunch does not do; container "
          "endpoint: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; instance metadata: "
          "AWS_EC2_METADATA_DISABLED is set)",
          credentials, config));
  EXPECT_EQ(read_aws_region(with(files, {{"AWS_PROFILE", "p"}})), "eu-west-3");
  EXPECT_EQ(read_aws_region(files), "");
}

TEST(AwsCredentials, ComeFromTheContainersEndpoint) {
  const Folder folder;
  SmallServer server([](const Request& request) {
    const auto token = request.headers.find("authorization");
    return token != request.headers.end() && token->second == "right" ? Reply{200, {}, answer} : Reply{401};
  });
  const Variables asked =
      with(no_instance, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/creds?id=1"}});
  const std::string expected =
      fmt::format("ROLE S T from the container endpoint {}/creds?id=1", server.url());
  EXPECT_EQ(got(with(asked, {{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "right"}})), expected);
  EXPECT_EQ(server.seen().at(0).target, "/creds?id=1");
  const std::string file = folder.write("token", "right\n");
  EXPECT_EQ(got(with(asked, {{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file}})), expected);
  const auto why = [&](const Variables& more) {
    const std::string text = got(with(asked, more));
    const auto begin = text.find("container endpoint: ");
    return text.substr(begin, text.find("; instance") - begin);
  };
  EXPECT_EQ(why({}), fmt::format("container endpoint: {}/creds?id=1 answers 401", server.url()));
  EXPECT_EQ(why({{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/missing"}}),
            "container endpoint: /missing has no token");
  EXPECT_EQ(why({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX: b"}}),
            "container endpoint: its token has more than one line");
}

// IMDSv2: a token by PUT, then the role, then its keys.
Reply instance(const Request& request) {
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  if (request.target == "/latest/api/token")
    return request.method == "PUT" && request.headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
               ? Reply{200, {}, "TOKEN"}
               : Reply{400};
  const auto token = request.headers.find("x-aws-ec2-metadata-token");
  if (token == request.headers.end() || token->second != "TOKEN") return {401};
  if (request.target == roles) return {200, {}, "my-role"};
  if (request.target == roles + "my-role") return {200, {}, answer};
  return {404};
}

TEST(AwsCredentials, ComeFromTheInstancesRole) {
  SmallServer server(instance);
  EXPECT_EQ(got({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url() + "/"}}),
            "ROLE S T from the instance role my-role");
}

TEST(AwsCredentials, SaysWhyAnInstanceGivesNone) {
  const auto why = [](const SmallServer::Handler& handler) {
    SmallServer server(handler);
    std::string text = got({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}});
    text = text.substr(text.find("instance metadata: "));
    const auto url = text.find(server.url());
    return url == std::string::npos ? text : text.replace(url, server.url().size(), "URL");
  };
  EXPECT_EQ(why([](const Request&) { return Reply{403}; }),
            "instance metadata: URL/latest/api/token answers 403)");
  EXPECT_EQ(why([](const Request& request) {
              return request.method == "PUT" ? Reply{200, {}, "TOKEN"} : Reply{404};
            }),
            "instance metadata: the instance has no role)");
  EXPECT_EQ(
      why([](const Request& request) {
        const bool last = request.target.ends_with("my-role");
        return last ? Reply{200, {}, R"({"Code": "Failed", "Message": "no trust"})"} : instance(request);
      }),
      "instance metadata: it answers Failed: no trust)");
}

TEST(AwsCredentials, AreGotAnewBeforeTheyExpire) {
  int times = 0;
  SmallServer server([&](const Request&) {
    ++times;
    return times == 3 || times == 5 ? Reply{400} : Reply{200, {}, answer};
  });
  HttpClient http;
  auto now = std::chrono::system_clock::from_time_t(1795600800);  // when they expire
  AwsCredentialProvider provider(with(no_instance, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url()}}),
                                 http, [&] { return now; });
  const auto end = now;
  const auto get_at = [&](std::chrono::minutes before) {
    now = end - before;
    return provider.get().has_value();
  };
  EXPECT_TRUE(get_at(std::chrono::minutes(60)));
  EXPECT_TRUE(get_at(std::chrono::minutes(11)));
  EXPECT_EQ(times, 1);
  EXPECT_TRUE(get_at(std::chrono::minutes(10)));
  EXPECT_EQ(times, 2);
  EXPECT_TRUE(get_at(std::chrono::minutes(1)));  // refused, but what is known has not expired
  EXPECT_EQ(times, 3);
  provider.forget();
  EXPECT_TRUE(get_at(std::chrono::minutes(1)));
  EXPECT_EQ(times, 4);
  EXPECT_FALSE(get_at(std::chrono::minutes(0)));
  EXPECT_EQ(times, 5);
  now += std::chrono::seconds(29);
  EXPECT_FALSE(provider.get());
  EXPECT_EQ(times, 5);  // nobody is asked again so soon
  now += std::chrono::seconds(1);
  EXPECT_TRUE(provider.get());
}

}  // namespace
}  // namespace smlaunch
