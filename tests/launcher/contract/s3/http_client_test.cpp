// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_client.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/launcher/contract/s3/small_server.hpp"

namespace smlaunch {
namespace {

using Reply = SmallServer::Reply;
using Request = SmallServer::Request;

constexpr RetryPolicy quick{4, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};

struct OpenFile {
  std::FILE* file = std::tmpfile();
  ~OpenFile() { std::fclose(file); }
  [[nodiscard]] int fd() const { return ::fileno(file); }
  [[nodiscard]] std::string content() const {
    std::string text(100, '\0');
    text.resize(static_cast<std::size_t>(::pread(fd(), text.data(), text.size(), 0)));
    return text;
  }
};

TEST(HttpClient, SendsMethodPathHeadersAndBodyAsTheyAre) {
  SmallServer server([](const Request&) { return Reply{201, {{"X-Answer", " yes "}}, "body"}; });
  HttpClient client;
  HttpRequest request;
  request.method = "POST";
  request.url = server.url() + "/a/../b%20c?x=1&y=%2F";
  request.headers = {{"X-One", "1"}, {"X-Empty", ""}};
  request.body = "sent";
  const HttpAnswer answer = client.attempt(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->header("x-answer"), "yes");
  EXPECT_EQ(answer->body, "body");
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/a/../b%20c?x=1&y=%2F");
  EXPECT_EQ(seen[0].headers.at("x-one"), "1");
  EXPECT_EQ(seen[0].headers.at("x-empty"), "");
  EXPECT_EQ(seen[0].headers.at("host"), server.url().substr(7));
  EXPECT_EQ(seen[0].body, "sent");
  EXPECT_FALSE(seen[0].headers.contains("authorization"));
}

TEST(HttpClient, SignsWhatItSends) {
  SmallServer server([](const Request&) { return Reply{}; });
  HttpClient client;
  HttpRequest request;
  request.url = server.url() + "/key";
  request.signing = SigningScope{{"KEY", "secret", "token", {}, ""}, "eu-west-1", "s3"};
  ASSERT_TRUE(client.attempt(request));
  const auto seen = server.seen().at(0);
  const std::string& authorization = seen.headers.at("authorization");
  EXPECT_TRUE(authorization.starts_with("AWS4-HMAC-SHA256 Credential=KEY/")) << authorization;
  EXPECT_NE(authorization.find(
                "/eu-west-1/s3/aws4_request, "
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="),
            std::string::npos)
      << authorization;
  EXPECT_EQ(seen.headers.at("x-amz-security-token"), "token");
  EXPECT_EQ(seen.headers.at("x-amz-content-sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HttpClient, TakesBodiesFromAndToFiles) {
  SmallServer server([](const Request& request) { return Reply{200, {}, request.body + "!"}; });
  HttpClient client;
  OpenFile file;
  std::fputs("0123456789", file.file);
  std::fflush(file.file);
  OpenFile answer_file;
  HttpRequest request;
  request.method = "PUT";
  request.url = server.url();
  request.body_file = FileRange{file.fd(), 2, 5};
  request.response_file = FileRange{answer_file.fd(), 3, 100};
  const HttpAnswer answer = client.attempt(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->written, 6U);
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(answer_file.content(), std::string(3, '\0') + "23456!");
}

TEST(HttpClient, KeepsARefusalOutOfTheFile) {
  SmallServer server([](const Request&) { return Reply{404, {}, "why"}; });
  HttpClient client;
  OpenFile file;
  HttpRequest request;
  request.url = server.url();
  request.response_file = FileRange{file.fd(), 0, 100};
  const HttpAnswer answer = client.attempt(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "why");
  EXPECT_EQ(file.content(), "");
}

TEST(HttpClient, SaysHowItFailed) {
  SmallServer server([](const Request& request) {
    if (request.target == "/cut") return Reply{200, {}, "0123456789", 4};
    if (request.target == "/stall") return Reply{200, {}, "0123456789", 4, true};
    return Reply{200, {}, std::string(5000, 'x')};
  });
  const std::string host = server.url().substr(7);
  HttpClient client;
  const auto fault = [&](const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.most_in_memory = 1000;
    request.stalled_after = std::chrono::seconds(1);
    const HttpAnswer answer = client.attempt(request);
    return answer ? std::pair(HttpFault::request, std::string("no failure"))
                  : std::pair(answer.error().fault, answer.error().what);
  };
  using Fault = std::pair<HttpFault, std::string>;
  EXPECT_EQ(fault("http://127.0.0.1:1/"),
            Fault(HttpFault::connect, "cannot connect to 127.0.0.1:1: Connection refused"));
  EXPECT_EQ(fault("http://no-such-host.invalid/"),
            Fault(HttpFault::name, "the name of no-such-host.invalid has no address"));
  EXPECT_EQ(fault(server.url() + "/cut"),
            Fault(HttpFault::cut, "the connection to " + host + " was cut (Transferred a partial file)"));
  EXPECT_EQ(fault(server.url() + "/stall"),
            Fault(HttpFault::stalled, host + " sends and takes nothing any more"));
  EXPECT_EQ(fault(server.url() + "/long"),
            Fault(HttpFault::too_large, "the answer has more than 1000 bytes"));
  EXPECT_EQ(fault("file:///etc/passwd").first, HttpFault::request);
}

TEST(HttpClient, TellsWhatCameBeforeACut) {
  SmallServer server([](const Request&) { return Reply{206, {}, "0123456789", 4}; });
  HttpClient client;
  OpenFile file;
  HttpRequest request;
  request.url = server.url();
  request.response_file = FileRange{file.fd(), 0, 10};
  const HttpAnswer answer = client.attempt(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().written, 4U);
  EXPECT_EQ(file.content(), "0123");
}

TEST(HttpClient, TriesAgainWhatMayPass) {
  int times = 0;
  SmallServer server([&](const Request&) {
    ++times;
    if (times == 1) return Reply{503, {{"Retry-After", "0"}}};
    if (times == 2) return Reply{200, {}, "0123456789", 4};
    return Reply{200, {}, "well"};
  });
  HttpClient client;
  HttpRequest request;
  request.url = server.url();
  const HttpAnswer answer = client.perform(request, quick);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "well");
  EXPECT_EQ(times, 3);
}

TEST(HttpClient, GivesUpAfterAsManyAttempts) {
  SmallServer server([](const Request&) { return Reply{500}; });
  HttpClient client;
  HttpRequest request;
  request.url = server.url();
  EXPECT_EQ(client.perform(request, quick)->status, 500);
  EXPECT_EQ(server.seen().size(), 4U);
}

TEST(HttpClient, DoesNotRepeatARefusalNorFollowARedirect) {
  SmallServer server([](const Request& request) {
    return request.target == "/301" ? Reply{301, {{"Location", "/elsewhere"}}} : Reply{403};
  });
  HttpClient client;
  HttpRequest request;
  for (const int status : {301, 403}) {
    request.url = server.url() + "/" + std::to_string(status);
    EXPECT_EQ(client.perform(request, quick)->status, status);
  }
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST(HttpClient, EndsWhenItIsCancelled) {
  std::atomic<bool> cancelled = false;
  SmallServer server([&](const Request&) {
    cancelled = true;
    return Reply{200, {}, "0123456789", 4, true};
  });
  HttpSettings settings;
  settings.cancelled = &cancelled;
  HttpClient client(settings);
  HttpRequest request;
  request.url = server.url();
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client.perform(request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, HttpFault::cancelled);
  }
  EXPECT_EQ(server.seen().size(), 1U);
}

}  // namespace
}  // namespace smlaunch
