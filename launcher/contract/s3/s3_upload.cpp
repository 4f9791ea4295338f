// SPDX-License-Identifier: Apache-2.0
// Policy: every request carries a sum of its bytes, taken from the file just before: a file that changes on
// the way is refused by the server. Of a part it is the MD5: other parts are sent meanwhile. For what is sent
// in one, MD5 would take longer than a near server takes; so it is the CRC32C, which AWS's servers tell again in their
// answer. Where an answer does not tell it, the MD5 of the file is compared with the ETag; of a large file a thread
// takes it while the file is sent, if the server is not known to tell the CRC32C. Parts of an upload that fails are
// removed, however it failed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "launcher/contract/s3/crc32c.hpp"
#include "launcher/contract/s3/curl_error.hpp"
#include "launcher/contract/s3/file_sums.hpp"
#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_call.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/worker_threads.hpp"

namespace smlaunch {

namespace {

constexpr std::uint64_t most_parts = 10'000;
constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t largest_without_thread = 256 << 10;  // bytes; its MD5 takes less than a thread costs
constexpr const char* crc32c_name = "x-amz-checksum-crc32c";

// Base64, as the header Content-MD5 has it.
S3Result<std::string> content_md5(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name) {
  Md5 sum;
  if (auto read = read_file_range(fd, offset, size, name, [&](std::string_view data) { sum.add(data); });
      !read)
    return tl::unexpected(std::move(read.error()));
  return base64(sum.finish());
}

// As the header x-amz-checksum-crc32c has it: base64 of the number, its highest byte first.
std::string crc32c_text(std::uint32_t crc) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((crc >> shift) & 0xffU);
  return base64(bytes);
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

  S3Result<void> begin() {
    S3Call create = call("POST", {{"uploads", ""}});
    create.headers = {{"Content-Type", "binary/octet-stream"}};
    auto answer = client.call(create);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    id = xml_text(answer->body, "UploadId");
    if (id.empty())
      return s3_failure({.trouble = S3Trouble::answer}, to_string(object),
                        "the server gives no id for an upload in parts");
    return {};
  }

  S3Result<void> send(const Piece& piece) {
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

  S3Result<void> complete() {
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
      return s3_failure({.trouble = S3Trouble::refused, .code = code}, to_string(object),
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

  S3Result<void> run(std::uint64_t size) {
    if (auto begun = begin(); !begun) return begun;
    const auto pieces = cut_into_pieces(0, size, part_size_for(size, client.settings_.part_size));
    etags.resize(pieces.size());
    S3Result<void> done;
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
  if (fd < 0) return file_not_read(file.string(), errno);
  auto done = upload(fd, file.string(), url);
  ::close(fd);
  if (!done) return tl::unexpected(std::move(done.error()));
  return {};
}

S3Result<void> S3Client::upload(int fd, const std::string& name, const S3Url& url) {
  if (url.key.empty())
    return tl::unexpected(
        S3Failure({Fault::configuration, {{to_string(url), "names no object", "write s3://BUCKET/KEY"}}},
                  {.trouble = S3Trouble::url}));
  struct stat status {};
  if (::fstat(fd, &status) != 0) return file_not_read(name, errno);
  if (!S_ISREG(status.st_mode)) return s3_failure({.trouble = S3Trouble::file}, name, "is no plain file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > settings_.multipart_above) return Parts{*this, fd, name, url}.run(size);
  return upload_whole(fd, name, size, url);
}

S3Result<void> S3Client::upload_whole(int fd, const std::string& name, std::uint64_t size, const S3Url& url) {
  std::optional<SumsMeanwhile> meanwhile;
  if (!knows_crc32c_ && size > largest_without_thread) {
    meanwhile.emplace(fd, size, name);
    // Both libraries are opened meanwhile, libcrypto first: the thread's MD5 does not wait for libcurl then.
    open_digests();
    (void)curl_error();
  }
  const auto crc = meanwhile ? meanwhile->crc() : crc32c_of(fd, size, name);
  if (!crc) return tl::unexpected(crc.error());
  const std::string crc_text = crc32c_text(*crc);
  std::uint32_t sent_crc = 0;
  const bool sums_what_is_sent = !knows_crc32c_ && !meanwhile;
  std::optional<FileSums> sent;
  S3Call put;
  put.method = "PUT";
  put.object = url;
  put.action = "s3:PutObject";
  put.headers = {{"Content-Type", "binary/octet-stream"}, {crc32c_name, crc_text}};
  put.body_file = FileRange{fd, 0, size};
  put.passed = [&](std::uint64_t offset, std::string_view data) {
    sent_crc = crc32c(data, offset == 0 ? 0 : sent_crc);
    if (!sums_what_is_sent) return;
    if (offset == 0) sent.emplace();
    sent->md5.add(data);
    sent->crc = sent_crc;
  };
  const auto answer = call(put);
  if (!answer) return tl::unexpected(answer.error());
  const auto changed = [&] {
    return s3_failure({.trouble = S3Trouble::changed}, name, "changed while it was uploaded", "run it again");
  };
  if (sent_crc != *crc) return changed();
  const auto differs = [&](const char* sum) {
    return s3_failure({.trouble = S3Trouble::sum}, to_string(url),
                      fmt::format("what the server has got has another {} than what was sent", sum),
                      "run it again");
  };
  const std::string told_crc = answer->header(crc32c_name);
  knows_crc32c_ = !told_crc.empty();
  if (knows_crc32c_) {
    if (told_crc != crc_text) return differs("CRC32C");
    return {};
  }
  const std::string told_md5 = md5_of_etag(*answer);
  if (told_md5.empty()) return {};
  FileSums now;
  S3Result<FileSums*> sums = &now;
  if (meanwhile) {
    sums = meanwhile->sums();
  } else if (sent) {
    sums = &*sent;
  } else if (auto read = read_file_range(fd, 0, size, name, [&](std::string_view data) { now.add(data); });
             !read) {
    return read;
  }
  if (!sums) return tl::unexpected(sums.error());
  if ((*sums)->crc != *crc) return changed();
  if (to_hex((*sums)->md5.finish()) != told_md5) return differs("MD5");
  return {};
}

}  // namespace smlaunch
