// SPDX-License-Identifier: Apache-2.0
// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, and of the
// test suite that AWS publishes for Signature Version 4 (service "service").
#include "launcher/contract/s3/sigv4.hpp"

#include <gtest/gtest.h>

#include "launcher/contract/s3/credential_answer_json.hpp"

namespace smlaunch {
namespace {

constexpr const char* empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

SigningScope s3_scope() {
  return {
      {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}, ""}, "us-east-1", "s3"};
}

SigningScope suite_scope(std::string token = {}) {
  return {{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", std::move(token), {}, ""},
          "us-east-1",
          "service"};
}

std::string value_of(const HttpHeaders& headers, const std::string& name) {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return "none";
}

HttpHeaders signed_at(const std::string& time, const SignedRequest& request, const SigningScope& scope) {
  return sign(request, scope, *parse_utc_time(time));
}

struct Example {
  const char* name;
  SignedRequest request;
  const char* names;
  const char* signature;
};

TEST(Sigv4, SignsAsTheExamplesOfS3) {
  const std::string host = "examplebucket.s3.amazonaws.com";
  const auto hash = [](const char* value) {
    return std::pair<std::string, std::string>("x-amz-content-sha256", value);
  };
  constexpr const char* body_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  const std::vector<Example> examples{
      {"GET of a range",
       {"GET", host, "/test.txt", "", {{"Range", "bytes=0-9"}, hash(empty_hash)}, empty_hash},
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT",
       {"PUT",
        host,
        "/test%24file.text",
        "",
        {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
         {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
         hash(body_hash)},
        body_hash},
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"a parameter without a value",
       {"GET", host, "/", "lifecycle", {hash(empty_hash)}, empty_hash},
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"parameters in another order",
       {"GET", host, "/", "prefix=J&max-keys=2", {hash(empty_hash)}, empty_hash},
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  for (const Example& example : examples) {
    const HttpHeaders added = signed_at("2013-05-24T00:00:00Z", example.request, s3_scope());
    EXPECT_EQ(
        value_of(added, "Authorization"),
        std::string("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                    "SignedHeaders=") +
            example.names + ", Signature=" + example.signature)
        << example.name;
    EXPECT_EQ(value_of(added, "X-Amz-Date"), "20130524T000000Z");
    EXPECT_EQ(value_of(added, "X-Amz-Security-Token"), "none");
  }
}

TEST(Sigv4, SignsAsTheSuite) {
  const std::string host = "example.amazonaws.com";
  const std::string token =
      "AQoDYXdzEPT//////////"
      "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"
      "uwthAx7mSEI/qkPpKPi/"
      "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8Y"
      "QcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
      "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2IC"
      "CR/oLxBA==";
  const auto signature = [&](const SignedRequest& request, const SigningScope& scope) {
    const std::string text = value_of(signed_at("2015-08-30T12:36:00Z", request, scope), "Authorization");
    return text.substr(text.find("SignedHeaders="));
  };
  EXPECT_EQ(signature({"GET", host, "/", "", {}, empty_hash}, suite_scope()),
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(signature({"POST", host, "/", "", {}, empty_hash}, suite_scope()),
            "SignedHeaders=host;x-amz-date, "
            "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(signature({"GET", host, "/", "Param2=value2&Param1=value1", {}, empty_hash}, suite_scope()),
            "SignedHeaders=host;x-amz-date, "
            "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(signature({"POST", host, "/", "", {}, empty_hash}, suite_scope(token)),
            "SignedHeaders=host;x-amz-date;x-amz-security-token, "
            "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(Sigv4, EncodesPathsOnceMoreButForS3) {
  SignedRequest request{"GET", "host", "/a%20b", "", {{"X-B", "  two  \t blanks "}, {"x-b", "again"}},
                        "hash"};
  EXPECT_EQ(canonical_request(request, suite_scope(), "DATE"),
            "GET\n/a%2520b\n\nhost:host\nx-amz-date:DATE\nx-b:two blanks,again\n\nhost;x-amz-date;x-b\nhash");
  EXPECT_EQ(canonical_request(request, s3_scope(), "DATE"),
            "GET\n/a%20b\n\nhost:host\nx-amz-date:DATE\nx-b:two blanks,again\n\nhost;x-amz-date;x-b\nhash");
}

}  // namespace
}  // namespace smlaunch
