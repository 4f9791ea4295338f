// SPDX-License-Identifier: Apache-2.0
// One object of a server that speaks enough S3 for S3Client, and a client of it.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "tests/launcher/contract/s3/small_server.hpp"

namespace smlaunch {

// Answers a GET as S3 does: whole, a range, or 416, with ETag; 412 where If-Match names another version.
inline SmallServer::Reply serve_object(const SmallServer::Request& request, const std::string& content) {
  Md5 sum;
  sum.add(content);
  const std::string etag = "\"" + to_hex(sum.finish()) + "\"";
  const auto match = request.headers.find("if-match");
  if (match != request.headers.end() && match->second != etag) return {412};
  const auto range = request.headers.find("range");
  if (range == request.headers.end()) return {200, {{"ETag", etag}}, content};
  std::size_t first = 0;
  std::size_t last = 0;
  std::sscanf(range->second.c_str(), "bytes=%zu-%zu", &first, &last);
  if (first >= content.size()) return {416, {{"Content-Range", fmt::format("bytes */{}", content.size())}}};
  last = std::min(last, content.size() - 1);
  return {206,
          {{"ETag", etag}, {"Content-Range", fmt::format("bytes {}-{}/{}", first, last, content.size())}},
          content.substr(first, last - first + 1)};
}

inline std::string made_up_content(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 2654435761U >> 13);
  return content;
}

struct S3Fixture {
  std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "s3-test-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  SmallServer server;
  S3Client::Settings settings;
  Variables variables;

  explicit S3Fixture(SmallServer::Handler handler) : server(std::move(handler)) {
    settings.retry = {3, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
    settings.range_size = 1000;
    settings.part_size = 1000;
    settings.multipart_above = 2500;
    settings.at_once = 3;
    variables = {{"AWS_ACCESS_KEY_ID", "KEY"},
                 {"AWS_SECRET_ACCESS_KEY", "SECRET"},
                 {"AWS_ENDPOINT_URL", server.url()}};
  }
  ~S3Fixture() { std::filesystem::remove_all(folder); }
  S3Fixture(const S3Fixture&) = delete;
  S3Fixture& operator=(const S3Fixture&) = delete;

  // Empty: well; else the sentence, with URL for the server's.
  std::string told(const Result<void>& done) const {
    if (done) return "";
    const Problem& problem = done.error().problems.at(0);
    std::string text =
        problem.where + ": " + problem.what + (problem.remedy.empty() ? "" : "; " + problem.remedy);
    for (const auto& [name, replacement] : std::vector<std::pair<std::string, std::string>>{
             {server.url(), "URL"}, {server.url().substr(7), "HOST"}, {folder.string(), "FOLDER"}})
      for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
        text.replace(at, name.size(), replacement);
    return text;
  }

  std::string download() {
    S3Client client(variables, settings);
    return told(client.download({"bucket", "a/key"}, folder / "file"));
  }

  std::string upload(const std::string& content) {
    std::ofstream(folder / "file", std::ios::binary) << content;
    S3Client client(variables, settings);
    return told(client.upload(folder / "file", {"bucket", "a/key"}));
  }

  [[nodiscard]] std::string content() const {
    std::ostringstream text;
    text << std::ifstream(folder / "file", std::ios::binary).rdbuf();
    return text.str();
  }

  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
};

}  // namespace smlaunch
