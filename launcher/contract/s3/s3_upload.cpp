// SPDX-License-Identifier: Apache-2.0
// Policy: every request carries the MD5 of its bytes, taken from the file just before: a file that changes on
// the way is refused by the server. Parts of an upload that fails are removed, however it failed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/digest.hpp"
#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_call.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/worker_threads.hpp"

namespace smlaunch {

namespace {

constexpr std::uint64_t most_parts = 10'000;
constexpr std::uint64_t mebibyte = 1 << 20;

Error not_read(const std::string& name, int number) {
  return {Fault::start, {{name, fmt::format("could not be read: {}", std::strerror(number)), ""}}};
}

// Base64, as the header Content-MD5 has it.
Result<std::string> content_md5(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name) {
  Md5 sum;
  std::string block(256 << 10, '\0');
  while (size > 0) {
    const ssize_t got =
        ::pread(fd, block.data(), std::min<std::uint64_t>(size, block.size()), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(not_read(name, errno));
    if (got == 0) return failure(Fault::start, name, "became shorter while it was uploaded");
    sum.add({block.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  return base64(sum.finish());
}

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t wanted) {
  const std::uint64_t least = (size + most_parts - 1) / most_parts;
  return least <= wanted ? wanted : (least + mebibyte - 1) / mebibyte * mebibyte;
}

}  // namespace

// An upload in parts, from its beginning to its completion or removal.
struct S3Client::Parts {
  S3Client& client;
  int fd;
  const std::string& name;
  S3Url object;
  std::string id{};
  std::vector<std::string> etags{};

  S3Call call(const char* method, HttpHeaders query) const {
    S3Call made;
    made.method = method;
    made.object = object;
    made.action = "s3:PutObject";
    made.query = std::move(query);
    return made;
  }

  Result<void> begin() {
    S3Call create = call("POST", {{"uploads", ""}});
    create.headers = {{"Content-Type", "binary/octet-stream"}};
    auto answer = client.call(create);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    id = xml_text(answer->body, "UploadId");
    if (id.empty())
      return failure(Fault::start, to_string(object), "the server gives no id for an upload in parts");
    return {};
  }

  Result<void> send(const Piece& piece) {
    auto sum = content_md5(fd, piece.begin, piece.end - piece.begin, name);
    if (!sum) return tl::unexpected(std::move(sum.error()));
    S3Call put = call("PUT", {{"partNumber", fmt::format("{}", piece.index + 1)}, {"uploadId", id}});
    put.headers = {{"Content-MD5", *sum}};
    put.body_file = FileRange{fd, piece.begin, piece.end - piece.begin};
    auto answer = client.call(put);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    etags[piece.index] = answer->header("etag");
    return {};
  }

  Result<void> complete() {
    S3Call post = call("POST", {{"uploadId", id}});
    post.headers = {{"Content-Type", "application/xml"}};
    // S3 puts the parts together before it answers, and says nothing but blanks meanwhile.
    post.stalled_after = std::chrono::seconds(300);
    post.body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < etags.size(); ++i)
      post.body +=
          fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, xml_escape(etags[i]));
    post.body += "</CompleteMultipartUpload>";
    auto answer = client.call(post);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    // An answer that has begun with 200 may still be an error.
    if (const std::string code = xml_text(answer->body, "Code"); !code.empty())
      return failure(Fault::start, to_string(object),
                     fmt::format("the server does not put the parts together ({}: {})", code,
                                 xml_text(answer->body, "Message")));
    return {};
  }

  // Whoever is told to stop has little time.
  void remove() {
    S3Call abort = call("DELETE", {{"uploadId", id}});
    abort.ends_when_cancelled = false;
    abort.total_timeout = std::chrono::milliseconds(2000);
    (void)client.call(abort);
  }

  Result<void> run(std::uint64_t size) {
    if (auto begun = begin(); !begun) return begun;
    const auto pieces = cut_into_pieces(0, size, part_size_for(size, client.settings_.part_size));
    etags.resize(pieces.size());
    Result<void> done;
    {
      WorkerThreads threads(pieces, client.settings_.at_once,
                            [this](const Piece& piece) { return send(piece); });
      done = threads.join();
    }
    if (done) done = complete();
    if (!done) remove();
    return done;
  }
};

Result<void> S3Client::upload(const std::filesystem::path& file, const S3Url& url) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(not_read(file.string(), errno));
  auto done = upload(fd, file.string(), url);
  ::close(fd);
  return done;
}

Result<void> S3Client::upload(int fd, const std::string& name, const S3Url& url) {
  if (url.key.empty())
    return failure(Fault::configuration, to_string(url), "names no object", "write s3://BUCKET/KEY");
  struct stat status {};
  if (::fstat(fd, &status) != 0) return tl::unexpected(not_read(name, errno));
  if (!S_ISREG(status.st_mode)) return failure(Fault::start, name, "is no plain file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > settings_.multipart_above) return Parts{*this, fd, name, url}.run(size);
  auto sum = content_md5(fd, 0, size, name);
  if (!sum) return tl::unexpected(std::move(sum.error()));
  S3Call put;
  put.method = "PUT";
  put.object = url;
  put.action = "s3:PutObject";
  put.headers = {{"Content-MD5", *sum}, {"Content-Type", "binary/octet-stream"}};
  put.body_file = FileRange{fd, 0, size};
  auto answer = call(put);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

}  // namespace smlaunch
