// SPDX-License-Identifier: Apache-2.0
// Policy: the first piece is asked for as a range, and its answer tells the size; the rest comes as several
// ranges at once, all of the same version (If-Match). A range that is cut goes on where it ended, as long as
// each attempt brings something. What cannot be told to be the whole object is never given its name.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "launcher/contract/s3/s3_answer.hpp"
#include "launcher/contract/s3/s3_call.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/worker_threads.hpp"

namespace smlaunch {

namespace {

constexpr int precondition_failed = 412;
constexpr int range_not_satisfiable = 416;

// A file beside its later place, gone again unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path file)
      : file_(std::move(file)),
        name_((file_.parent_path() / fmt::format(".{}.XXXXXX", file_.filename().string())).string()) {
    fd_ = ::mkostemp(name_.data(), O_CLOEXEC);
    error_ = errno;
  }
  ~TemporaryFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    if (!kept_) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] Result<void> opened() const {
    if (fd_ >= 0) return {};
    return failure(Fault::start, file_.string(),
                   fmt::format("could not be written: {}", std::strerror(error_)),
                   "is its folder there, and writable?");
  }
  Result<void> keep() {
    // mkstemp's 0600 is not what a file is otherwise given.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(fd_, 0666 & ~mask) != 0 || ::rename(name_.c_str(), file_.c_str()) != 0)
      return failure(Fault::start, file_.string(),
                     fmt::format("could not be written: {}", std::strerror(errno)));
    kept_ = true;
    return {};
  }

 private:
  std::filesystem::path file_;
  std::string name_;
  int fd_ = -1;
  int error_ = 0;
  bool kept_ = false;
};

// The sum of what comes in order, read back from the file while later pieces are still under way. (That of the first
// piece is taken as it comes.)
Result<void> add_file_range(Md5& sum, int fd, std::uint64_t offset, std::uint64_t size,
                            const std::string& name) {
  std::string block(256 << 10, '\0');
  while (size > 0) {
    const ssize_t got =
        ::pread(fd, block.data(), std::min<std::uint64_t>(size, block.size()), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failure(Fault::start, name, "could not be read back");
    sum.add({block.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace

// One version of an object on its way into a file.
struct S3Client::Fetch {
  S3Client& client;
  S3Url object;
  int fd;
  std::uint64_t piece_size = 0;
  std::string etag{};
  std::string md5{};
  std::optional<Md5> sum{};  // of what has come in order, where the object's is known
  std::uint64_t size = 0;
  bool size_is_told = false;
  std::atomic<bool> changed = false;  // while it was fetched: what has come is of no use

  S3Call piece(std::uint64_t begin, std::uint64_t end) const {
    S3Call call;
    call.object = object;
    call.action = "s3:GetObject";
    call.headers = {{"Range", fmt::format("bytes={}-{}", begin, end - 1)}};
    if (!etag.empty()) call.headers.emplace_back("If-Match", etag);
    call.response_file = FileRange{fd, begin, end - begin};
    return call;
  }

  Error wrong_size(std::uint64_t expected, std::uint64_t got) const {
    return {Fault::start,
            {{to_string(object), fmt::format("{} bytes were announced and {} came", expected, got),
              "run it again"}}};
  }

  // The size, the version and the first piece; the whole object where the server knows no ranges. One that is
  // cut begins anew: which version it was is not known.
  Result<std::uint64_t> first() {
    for (int attempts = client.settings_.retry.attempts;; --attempts) {
      S3Call call = piece(0, piece_size);
      std::uint64_t cut_after = 0;
      call.response_file->size = UINT64_MAX;
      call.also_fine = range_not_satisfiable;  // of an empty object
      call.written = &cut_after;
      call.headers_came = [this](const HttpResponse& answer) {
        md5 = md5_of_etag(answer);
        const auto total = parse_total_size(answer.header("content-range"));
        if (total && !std::exchange(size_is_told, true) && client.settings_.size_known)
          client.settings_.size_known(*total);
      };
      sum.reset();
      call.passed = [this](std::uint64_t offset, std::string_view data) {
        if (offset == 0) sum.emplace();
        if (!md5.empty()) sum->add(data);
      };
      auto answer = client.call(call);
      if (!answer && cut_after > 0 && attempts > 1) continue;
      if (!answer) return tl::unexpected(std::move(answer.error()));
      const auto total = parse_total_size(answer->header("content-range"));
      if (answer->status == range_not_satisfiable) {
        if (!total || *total == 0) return 0;
        return failure(Fault::start, to_string(object), "the server refuses a range from the beginning");
      }
      const bool has_end =
          !answer->header("content-length").empty() || !answer->header("transfer-encoding").empty();
      if (!has_end && md5_of_etag(*answer).empty())
        return failure(Fault::start, to_string(object), "the server does not tell how large it is",
                       "a part could not be told from the whole");
      etag = answer->header("etag");
      md5 = md5_of_etag(*answer);
      size = answer->status == 206 && total ? *total : answer->written;
      return answer->written;
    }
  }

  S3Result<void> range(std::uint64_t begin, std::uint64_t end) {
    for (int attempts = client.settings_.retry.attempts; begin < end;) {
      S3Call call = piece(begin, end);
      std::uint64_t cut_after = 0;
      call.also_fine = precondition_failed;
      call.written = &cut_after;
      auto answer = client.call(call);
      if (!answer && cut_after == 0) return tl::unexpected(std::move(answer.error()));
      if (!answer) {
        begin += cut_after;
        if (--attempts == 0) return tl::unexpected(std::move(answer.error()));
        continue;
      }
      if (answer->status == precondition_failed || answer->status != 206) {
        changed = true;
        return s3_failure({.trouble = S3Trouble::changed}, to_string(object), "changes while it is fetched",
                          "run it again");
      }
      if (answer->written != end - begin)
        return tl::unexpected(
            S3Failure(wrong_size(end - begin, answer->written), {.trouble = S3Trouble::answer}));
      return {};
    }
    return {};
  }

  // Pieces from `begin` on, several at once; the sum follows them in order.
  Result<void> rest(std::uint64_t begin) {
    if (!sum) sum.emplace();  // of an empty object
    WorkerThreads threads(cut_into_pieces(begin, size, piece_size), client.settings_.at_once,
                          [this](const Piece& part) { return range(part.begin, part.end); });
    while (const auto done = threads.next_in_order())
      if (!md5.empty())
        if (auto added = add_file_range(*sum, fd, done->begin, done->end - done->begin, to_string(object));
            !added)
          return added;
    if (auto fine = threads.join(); !fine) return tl::unexpected(std::move(fine.error()));
    if (md5.empty() || to_hex(sum->finish()) == md5) return {};
    return failure(Fault::start, to_string(object), "what came has another MD5 than the object",
                   "run it again");
  }

  Result<void> run() {
    const auto got = first();
    if (!got) return tl::unexpected(got.error());
    const std::uint64_t expected = std::min(size, piece_size);
    if (*got != size && *got != expected) return tl::unexpected(wrong_size(expected, *got));
    if (auto fetched = rest(*got); !fetched) return fetched;
    struct stat status {};
    if (::fstat(fd, &status) != 0 || static_cast<std::uint64_t>(status.st_size) != size)
      return tl::unexpected(wrong_size(size, static_cast<std::uint64_t>(status.st_size)));
    return {};
  }
};

Result<void> S3Client::download(const S3Url& url, const std::filesystem::path& file) {
  if (url.key.empty() || url.key.ends_with('/'))
    return failure(Fault::configuration, to_string(url), "names no object", "write s3://BUCKET/KEY");
  TemporaryFile temporary(file);
  if (auto opened = temporary.opened(); !opened) return opened;
  for (int versions = 3;; --versions) {
    Fetch fetch{*this, url, temporary.fd(), settings_.range_size};
    auto done = fetch.run();
    if (done) return temporary.keep();
    if (!fetch.changed || versions == 1) return done;
    if (::ftruncate(temporary.fd(), 0) != 0)
      return failure(Fault::start, file.string(),
                     fmt::format("could not be written: {}", std::strerror(errno)));
  }
}

}  // namespace smlaunch
