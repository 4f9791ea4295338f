// SPDX-License-Identifier: Apache-2.0
// Digests and message codes, by libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace smlaunch {

std::string sha256_hex(std::string_view data);                         // 64 digits, lower case
std::string hmac_sha256(std::string_view key, std::string_view data);  // 32 raw bytes
std::string base64(std::string_view raw);

// MD5 of data that comes in pieces, for S3's Content-MD5 and ETag. MD5 protects against no attacker.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  void add(std::string_view data);
  std::string finish();  // 16 raw bytes; once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace smlaunch
