// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "base/hex.hpp"
#include "launcher/contract/s3/crc32c.hpp"
#include "tests/launcher/contract/s3/s3_server.hpp"

namespace smlaunch {
namespace {

using Reply = SmallServer::Reply;
using Request = SmallServer::Request;

std::string md5_etag(const std::string& object) {
  Md5 md5;
  md5.add(object);
  return "\"" + to_hex(md5.finish()) + "\"";
}

// Keeps what is put, in parts too; `fault` may answer instead.
struct Store {
  std::function<std::optional<Reply>(const Request&)> fault = [](const Request&) { return std::nullopt; };
  bool knows_crc = true;
  bool tells_crc = false;
  std::string crc_told;  // empty: the right one
  std::string etag;      // that it claims; empty: the right one
  std::string object;
  std::map<int, std::string> parts;
  std::vector<std::string> calls;

  Reply operator()(const Request& request) {
    const auto question = request.target.find('?');
    const std::string query = question == std::string::npos ? "" : request.target.substr(question + 1);
    calls.push_back(request.method + " " + query);
    if (auto reply = fault(request)) return *reply;
    const auto sum = request.headers.find("content-md5");
    if (sum != request.headers.end()) {
      Md5 md5;
      md5.add(request.body);
      if (base64(md5.finish()) != sum->second) return {400, {}, "<Error><Code>BadDigest</Code></Error>"};
    }
    const auto crc = request.headers.find("x-amz-checksum-crc32c");
    if (knows_crc && crc != request.headers.end()) {
      const std::uint32_t got = crc32c(request.body);
      std::string bytes;
      for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((got >> shift) & 0xffU);
      if (base64(bytes) != crc->second) return {400, {}, "<Error><Code>BadDigest</Code></Error>"};
    }
    if (query == "uploads=") return {200, {}, "<R><UploadId>id&amp;1</UploadId></R>"};
    if (request.method == "DELETE") return {204};
    if (request.method == "POST") {
      for (const auto& [number, part] : parts) object += part;
      return {200, {}, "<CompleteMultipartUploadResult/>"};
    }
    int number = 0;
    if (std::sscanf(query.c_str(), "partNumber=%d", &number) == 1) {
      parts[number] = request.body;
      return {200, {{"ETag", fmt::format("\"etag{}\"", number)}}};
    }
    object = request.body;
    Reply reply{200, {{"ETag", etag.empty() ? md5_etag(object) : etag}}};
    if (tells_crc)
      reply.headers.emplace_back("x-amz-checksum-crc32c", crc_told.empty() ? crc->second : crc_told);
    return reply;
  }
};

TEST(S3Upload, SendsASmallFileWhole) {
  for (const std::size_t size : {0U, 1U, 2500U}) {
    Store store;
    S3Fixture s3(std::ref(store));
    EXPECT_EQ(s3.upload(made_up_content(size)), "");
    EXPECT_TRUE(store.object == made_up_content(size));
    EXPECT_EQ(store.calls, std::vector<std::string>{"PUT "});
    EXPECT_EQ(s3.server.seen()[0].headers.at("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    EXPECT_EQ(s3.server.seen()[0].headers.count("x-amz-checksum-crc32c"), 1U);
    EXPECT_EQ(s3.server.seen()[0].headers.count("content-md5"), 0U) << "one sum before is enough";
  }
}

TEST(S3Upload, SendsALargeFileInParts) {
  Store store;
  S3Fixture s3(std::ref(store));
  EXPECT_EQ(s3.upload(made_up_content(2501)), "");
  EXPECT_TRUE(store.object == made_up_content(2501));
  EXPECT_EQ(store.calls.front(), "POST uploads=");
  EXPECT_EQ(store.calls.size(), 5U);
  EXPECT_EQ(store.calls.back(), "POST uploadId=id%261");
  EXPECT_EQ(
      s3.server.seen().back().body,
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;etag1&quot;</ETag></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>&quot;etag2&quot;</ETag></Part>"
      "<Part><PartNumber>3</PartNumber><ETag>&quot;etag3&quot;</ETag></Part></CompleteMultipartUpload>");
}

TEST(S3Upload, TriesAgainWithTheSameBytes) {
  Store store;
  store.fault = [times = 0](const Request& request) mutable -> std::optional<Reply> {
    if (request.method == "PUT" && ++times == 2) return Reply{503};
    return {};
  };
  S3Fixture s3(std::ref(store));
  EXPECT_EQ(s3.upload(made_up_content(3500)), "");
  EXPECT_TRUE(store.object == made_up_content(3500));
}

TEST(S3Upload, RemovesThePartsOfOneThatFails) {
  const auto told = [](std::function<std::optional<Reply>(const Request&)> fault) {
    Store store;
    store.fault = std::move(fault);
    S3Fixture s3(std::ref(store));
    const std::string text = s3.upload(made_up_content(3500));
    EXPECT_EQ(store.calls.back(), "DELETE uploadId=id%261");
    EXPECT_TRUE(store.object.empty());
    return text;
  };
  EXPECT_EQ(
      told([](const Request& request) -> std::optional<Reply> {
        if (request.target.find("partNumber=2") == std::string::npos) return {};
        return Reply{403, {}, "<Error><Code>AccessDenied</Code></Error>"};
      }),
      "s3://bucket/a/key: access denied at URL with the keys from the environment; allow s3:PutObject on it");
  EXPECT_EQ(
      told([](const Request& request) -> std::optional<Reply> {
        if (request.body.find("Complete") == std::string::npos) return {};
        return Reply{200, {}, "<Error><Code>InvalidPart</Code><Message>One is missing</Message></Error>"};
      }),
      "s3://bucket/a/key: the server does not put the parts together (InvalidPart: One is missing)");
}

TEST(S3Upload, RemovesThePartsOfOneThatIsCancelled) {
  std::atomic<bool> cancelled = false;
  Store store;
  store.fault = [&](const Request& request) -> std::optional<Reply> {
    if (request.target.find("partNumber=2") != std::string::npos) cancelled = true;
    return {};
  };
  S3Fixture s3(std::ref(store));
  s3.settings.cancelled = &cancelled;
  s3.settings.at_once = 1;
  EXPECT_EQ(s3.upload(made_up_content(5000)), "s3://bucket/a/key: was stopped");
  EXPECT_EQ(store.calls.back(), "DELETE uploadId=id%261");
}

TEST(S3Upload, IsRefusedWhereTheFileChangesOnTheWay) {
  Store store;
  S3Fixture* fixture = nullptr;
  store.fault = [&](const Request&) -> std::optional<Reply> {
    std::ofstream(fixture->folder / "file", std::ios::in | std::ios::binary) << "other";
    return Reply{503};
  };
  S3Fixture s3([&](const Request& request) {
    Reply reply = store(request);
    store.fault = [](const Request&) { return std::nullopt; };
    return reply;
  });
  fixture = &s3;
  EXPECT_EQ(s3.upload(made_up_content(100)), "s3://bucket/a/key: the server at URL answers 400 BadDigest");
  EXPECT_TRUE(store.object.empty());
}

TEST(S3Upload, SaysItselfThatAFileChangesOnTheWayToAServerThatKnowsNoCrc) {
  Store store;
  store.knows_crc = false;
  S3Fixture* fixture = nullptr;
  S3Fixture s3([&, times = 0](const Request& request) mutable -> Reply {
    if (++times > 1) return store(request);
    std::ofstream(fixture->folder / "file", std::ios::in | std::ios::binary) << "other";
    return {503};
  });
  fixture = &s3;
  EXPECT_EQ(s3.upload(made_up_content(100)), "FOLDER/file: changed while it was uploaded; run it again");
}

constexpr std::size_t small_size = 2000;
constexpr std::size_t large_size = 3 << 20;  // its MD5 is taken meanwhile

TEST(S3Upload, ComparesWhatTheServerHasGotWithWhatWasSent) {
  struct Case {
    std::string etag;
    bool is_fine;
  };
  for (const std::size_t size : {std::size_t{0}, small_size, large_size})
    for (const Case& one :
         {Case{"", true}, Case{md5_etag("something else"), false}, Case{"\"no-md5\"", true}}) {
      Store store;
      store.etag = one.etag;
      S3Fixture s3(std::ref(store));
      s3.settings.multipart_above = large_size;
      EXPECT_EQ(s3.upload(made_up_content(size)),
                one.is_fine
                    ? ""
                    : "s3://bucket/a/key: what the server has got has another MD5 than what was sent; run it "
                      "again")
          << size << one.etag;
    }
}

TEST(S3Upload, TakesNoSecondSumWhereTheServerTellsTheFirst) {
  for (const std::size_t size : {small_size, large_size})
    for (const bool tells : {true, false}) {
      Store store;
      store.tells_crc = tells;
      store.etag = md5_etag("something else");
      S3Fixture s3(std::ref(store));
      s3.settings.multipart_above = large_size;
      EXPECT_EQ(s3.upload(made_up_content(size)).empty(), tells) << size;
    }
}

TEST(S3Upload, ComparesTheSumThatTheServerTells) {
  Store store;
  store.tells_crc = true;
  store.crc_told = "AAAAAA==";
  S3Fixture s3(std::ref(store));
  EXPECT_EQ(s3.upload(made_up_content(small_size)),
            "s3://bucket/a/key: what the server has got has another CRC32C than what was sent; run it again");
}

TEST(S3Upload, TakesTheSecondSumWhereTheServerNoLongerTellsTheFirst) {
  for (const bool has_got_it : {true, false}) {
    Store store;
    store.tells_crc = true;
    S3Fixture s3(std::ref(store));
    s3.settings.multipart_above = large_size;
    std::ofstream(s3.folder / "file", std::ios::binary) << made_up_content(large_size);
    S3Client client(s3.variables, s3.settings);
    const auto upload = [&] { return s3.told(client.upload(s3.folder / "file", {"bucket", "a/key"})); };
    EXPECT_EQ(upload(), "");
    store.tells_crc = false;
    if (!has_got_it) store.etag = md5_etag("something else");
    EXPECT_EQ(upload(),
              has_got_it
                  ? ""
                  : "s3://bucket/a/key: what the server has got has another MD5 than what was sent; run it "
                    "again");
  }
}

// The server has it whole, as the sums of what was sent tell.
TEST(S3Upload, DoesNotMindThatASmallFileChangesWhenItHasBeenSent) {
  Store store;
  S3Fixture* fixture = nullptr;
  S3Fixture s3([&](const Request& request) {
    std::ofstream(fixture->folder / "file", std::ios::in | std::ios::binary) << "other";
    return store(request);
  });
  fixture = &s3;
  EXPECT_EQ(s3.upload(made_up_content(small_size)), "");
}

TEST(S3Upload, SaysWhatCannotBeSent) {
  Store store;
  S3Fixture s3(std::ref(store));
  S3Client client(s3.variables, s3.settings);
  EXPECT_EQ(s3.told(client.upload(s3.folder / "missing", {"bucket", "key"})),
            "FOLDER/missing: could not be read: No such file or directory");
  EXPECT_EQ(s3.told(client.upload(s3.folder, {"bucket", "key"})), "FOLDER: is no plain file");
  EXPECT_EQ(s3.told(client.upload(s3.folder / "missing", {"bucket", ""})),
            "FOLDER/missing: could not be read: No such file or directory");
  EXPECT_TRUE(store.calls.empty());
}

TEST(S3List, ReadsEveryPage) {
  S3Fixture s3([](const Request& request) {
    EXPECT_EQ(request.method, "GET");
    const bool second = request.target == "/bucket/?continuation-token=more%26&list-type=2&prefix=a%2F";
    if (!second) {
      EXPECT_EQ(request.target, "/bucket/?list-type=2&prefix=a%2F");
    }
    return Reply{200,
                 {},
                 second ? "<L><Contents><Key>a/&lt;2&gt;</Key><Size>7</Size></Contents></L>"
                        : "<L><Contents><Key>a/1</Key><Size>5000000000</Size></Contents>"
                          "<NextContinuationToken>more&amp;</NextContinuationToken></L>"};
  });
  S3Client client(s3.variables, s3.settings);
  const auto objects = client.list({"bucket", "a/"});
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ(objects->at(0).key, "a/1");
  EXPECT_EQ(objects->at(0).size, 5000000000U);
  EXPECT_EQ(objects->at(1).key, "a/<2>");
}

}  // namespace
}  // namespace smlaunch
