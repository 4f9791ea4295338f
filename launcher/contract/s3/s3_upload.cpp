// SPDX-License-Identifier: Apache-2.0
// Policy: every request carries a sum of its bytes, taken from the file just before: a file that changes on
// the way is refused by the server. Of a part it is the MD5: other parts are sent meanwhile. For what is sent
// in one, MD5 would take longer than a near server takes; so it is the CRC32C. As long as it is not sure that the
// server knows that one, a thread takes the MD5 of the file meanwhile, and that is compared with the ETag. Parts of an
// upload that fails are removed, however it failed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string_view>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "launcher/contract/s3/crc32c.hpp"
#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_call.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/worker_threads.hpp"

namespace smlaunch {

namespace {

constexpr std::uint64_t most_parts = 10'000;
constexpr std::uint64_t mebibyte = 1 << 20;
constexpr const char* crc32c_name = "x-amz-checksum-crc32c";

tl::unexpected<S3Failure> not_read(const std::string& name, int number) {
  return s3_failure({.trouble = S3Trouble::file, .number = number}, name,
                    fmt::format("could not be read: {}", std::strerror(number)));
}

// Gives the bytes of the file in order.
S3Result<void> read_range(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name,
                          const std::function<void(std::string_view)>& take) {
  std::string block(256 << 10, '\0');
  while (size > 0) {
    const ssize_t got =
        ::pread(fd, block.data(), std::min<std::uint64_t>(size, block.size()), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return not_read(name, errno);
    if (got == 0)
      return s3_failure({.trouble = S3Trouble::changed}, name, "became shorter while it was uploaded");
    take({block.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  return {};
}

// Base64, as the header Content-MD5 has it.
S3Result<std::string> content_md5(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name) {
  Md5 sum;
  if (auto read = read_range(fd, offset, size, name, [&](std::string_view data) { sum.add(data); }); !read)
    return tl::unexpected(std::move(read.error()));
  return base64(sum.finish());
}

// As the header x-amz-checksum-crc32c has it: base64 of the number, its highest byte first.
std::string crc32c_header(std::uint32_t crc) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((crc >> shift) & 0xffU);
  return base64(bytes);
}

// Both sums of the file, taken by a thread of its own while the file is sent. Equal CRCs tell that it has read what was
// sent.
class SumsMeanwhile {
 public:
  SumsMeanwhile(int fd, std::uint64_t size, const std::string& name)
      : thread_(cut_into_pieces(0, size, mebibyte), 1, [this, fd, &name](const Piece& piece) {
          return read_range(fd, piece.begin, piece.end - piece.begin, name, [this](std::string_view data) {
            crc_ = crc32c(data, crc_);
            md5_.add(data);
          });
        }) {}

  // Waits for the thread; the sums are there after it.
  S3Result<void> join() { return thread_.join(); }
  [[nodiscard]] std::uint32_t crc() const { return crc_; }
  std::string md5() { return md5_.finish(); }

 private:
  std::uint32_t crc_ = 0;
  Md5 md5_;
  WorkerThreads thread_;
};

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
  if (fd < 0) return not_read(file.string(), errno);
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
  if (::fstat(fd, &status) != 0) return not_read(name, errno);
  if (!S_ISREG(status.st_mode)) return s3_failure({.trouble = S3Trouble::file}, name, "is no plain file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > settings_.multipart_above) return Parts{*this, fd, name, url}.run(size);
  // At once: where another processor is free, much of it is done before the first byte is sent.
  std::optional<SumsMeanwhile> meanwhile;
  if (!knows_crc32c_) meanwhile.emplace(fd, size, name);
  std::uint32_t crc = 0;
  if (auto read = read_range(fd, 0, size, name, [&](std::string_view data) { crc = crc32c(data, crc); });
      !read)
    return read;
  std::uint32_t sent_crc = 0;
  S3Call put;
  put.method = "PUT";
  put.object = url;
  put.action = "s3:PutObject";
  put.headers = {{"Content-Type", "binary/octet-stream"}, {crc32c_name, crc32c_header(crc)}};
  put.body_file = FileRange{fd, 0, size};
  put.passed = [&](std::uint64_t offset, std::string_view data) {
    sent_crc = crc32c(data, offset == 0 ? 0 : sent_crc);
  };
  auto answer = call(put);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  if (meanwhile)
    if (auto read = meanwhile->join(); !read) return read;
  if (sent_crc != crc || (meanwhile && meanwhile->crc() != crc))
    return s3_failure({.trouble = S3Trouble::changed}, name, "changed while it was uploaded", "run it again");
  if (!answer->header(crc32c_name).empty()) knows_crc32c_ = true;
  const std::string md5 = md5_of_etag(*answer);
  if (meanwhile && !md5.empty() && to_hex(meanwhile->md5()) != md5)
    return s3_failure({.trouble = S3Trouble::sum}, to_string(url),
                      "what the server has got has another MD5 than what was sent", "run it again");
  return {};
}

}  // namespace smlaunch
