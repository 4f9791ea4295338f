// SPDX-License-Identifier: Apache-2.0
// The sums of a file that is uploaded in one. It may change meanwhile: equal CRCs tell that two readings have brought the
// same bytes. For S3Client's own files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "launcher/contract/s3/crc32c.hpp"
#include "launcher/contract/s3/s3_failure.hpp"
#include "launcher/contract/s3/worker_threads.hpp"

namespace smlaunch {

// `number`: errno's; `name`: the file's, for messages.
tl::unexpected<S3Failure> file_not_read(const std::string& name, int number);

// Gives the bytes of the file in order.
S3Result<void> read_file_range(int fd, std::uint64_t offset, std::uint64_t size, const std::string& name,
                               const std::function<void(std::string_view)>& take);

S3Result<std::uint32_t> crc32c_of(int fd, std::uint64_t size, const std::string& name);

// What one reading has brought.
struct FileSums {
  std::uint32_t crc = 0;
  Md5 md5{};

  void add(std::string_view data) {
    crc = crc32c(data, crc);
    md5.add(data);
  }
};

// A thread reads the file twice: for its CRC32C, which the request begins with, and for both sums, while it is sent.
class SumsMeanwhile {
 public:
  // `name` must live as long as this.
  SumsMeanwhile(int fd, std::uint64_t size, const std::string& name);

  // Of the first reading; waits for it.
  S3Result<std::uint32_t> crc();
  // Of the second; waits for it.
  S3Result<FileSums*> sums();

 private:
  std::uint32_t crc_ = 0;
  FileSums sums_;
  WorkerThreads thread_;
};

}  // namespace smlaunch
