// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_answer.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

HttpResponse answer(int status, std::string body, HttpHeaders headers = {}) {
  return {status, std::move(headers), std::move(body), 0};
}

std::string sentence(const HttpResponse& response, const std::string& server = "") {
  const Problem problem = describe_refusal(
      parse_refusal(response), {"s3://b/k", "s3:GetObject", "b", "the environment", "us-east-1", server});
  return problem.where + ": " + problem.what + (problem.remedy.empty() ? "" : "; " + problem.remedy);
}

std::string xml(const std::string& code, const std::string& rest = "") {
  return "<?xml version='1.0'?>\n<Error><Code>" + code + "</Code><Message>Some &lt;text&gt;</Message>" +
         rest + "</Error>";
}

TEST(S3Answer, SaysWhatIsRefusedAndWhatToDo) {
  const std::vector<std::pair<HttpResponse, std::string>> cases{
      {answer(404, xml("NoSuchKey")), "s3://b/k: is not there; check the bucket and the key"},
      {answer(404, ""), "s3://b/k: is not there; check the bucket and the key"},
      {answer(404, xml("NoSuchBucket")), "s3://b/k: there is no bucket b; check the bucket's name"},
      {answer(403, xml("AccessDenied")),
       "s3://b/k: access denied with the keys from the environment; allow s3:GetObject on it"},
      {answer(403, ""),
       "s3://b/k: access denied with the keys from the environment; allow s3:GetObject on it"},
      {answer(403, xml("InvalidAccessKeyId")),
       "s3://b/k: the server does not accept the keys from the environment (InvalidAccessKeyId); check the "
       "access key "
       "and its secret key"},
      {answer(403, xml("SignatureDoesNotMatch")),
       "s3://b/k: the server does not accept the keys from the environment (SignatureDoesNotMatch); check "
       "the access "
       "key and its secret key"},
      {answer(400, xml("ExpiredToken")),
       "s3://b/k: the keys from the environment have expired; give the job new ones, or a role"},
      {answer(403, xml("RequestTimeTooSkewed")),
       "s3://b/k: this host's clock differs too much from the server's; set the clock"},
      {answer(301, xml("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}}),
       "s3://b/k: the bucket is in region eu-west-1, not in us-east-1; set AWS_REGION=eu-west-1"},
      {answer(400, xml("AuthorizationHeaderMalformed", "<Region>eu-west-2</Region>")),
       "s3://b/k: the bucket is in region eu-west-2, not in us-east-1; set AWS_REGION=eu-west-2"},
      {answer(301, ""), "s3://b/k: the bucket is not in region us-east-1; set AWS_REGION to the bucket's"},
      {answer(503, xml("SlowDown")), "s3://b/k: the server answers 503 SlowDown: Some <text>"},
      {answer(418, "tea"), "s3://b/k: the server answers 418"},
  };
  for (const auto& [response, expected] : cases) EXPECT_EQ(sentence(response), expected);
  EXPECT_EQ(sentence(answer(404, ""), "http://h:1"),
            "s3://b/k: is not there at http://h:1; check the bucket and the key");
}

TEST(S3Answer, FindsElementsByName) {
  const std::string_view list = "<L><C><Key>a&amp;b</Key></C><C><Key>&quot;&apos;</Key></C><C><Key>cut";
  EXPECT_EQ(xml_elements(list, "C").size(), 2U);
  EXPECT_EQ(xml_text(xml_elements(list, "C")[0], "Key"), "a&b");
  EXPECT_EQ(xml_text(xml_elements(list, "C")[1], "Key"), "\"'");
  EXPECT_EQ(xml_text(list, "Missing"), "");
  EXPECT_EQ(xml_escape("<\"a\" & 'b'>"), "&lt;&quot;a&quot; &amp; &apos;b&apos;&gt;");
}

TEST(S3Answer, ReadsASizeOnlyWhereOneIsTold) {
  EXPECT_EQ(parse_total_size("bytes 0-99/1000"), 1000U);
  EXPECT_EQ(parse_total_size("bytes */0"), 0U);
  for (const char* text : {"", "bytes 0-99/*", "0-99/1000", "bytes 0-99/10x", "bytes 0-99/"})
    EXPECT_EQ(parse_total_size(text), std::nullopt) << text;
}

TEST(S3Answer, TakesAnEtagForASumOnlyWhereItIsOne) {
  const std::string sum = "0123456789abcdef0123456789abcdef";
  const auto md5 = [&](const std::string& etag, HttpHeaders more = {}) {
    more.emplace_back("etag", etag);
    return md5_of_etag(answer(200, "", std::move(more)));
  };
  EXPECT_EQ(md5("\"" + sum + "\""), sum);
  EXPECT_EQ(md5(sum), sum);
  EXPECT_EQ(md5(sum, {{"x-amz-server-side-encryption", "AES256"}}), sum);
  EXPECT_EQ(md5("\"" + sum + "-8\""), "");
  EXPECT_EQ(md5("\"ABC\""), "");
  EXPECT_EQ(md5(sum, {{"x-amz-server-side-encryption", "aws:kms"}}), "");
  EXPECT_EQ(md5(sum, {{"x-amz-server-side-encryption", "aws:kms:dsse"}}), "");
  EXPECT_EQ(md5(sum, {{"x-amz-server-side-encryption-customer-algorithm", "AES256"}}), "");
}

}  // namespace
}  // namespace smlaunch
