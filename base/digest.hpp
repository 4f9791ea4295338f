// SPDX-License-Identifier: Apache-2.0
// Digests and message codes. Those of short texts need no libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace smlaunch {

// Opens libcrypto, which the first digest of a longer text otherwise does.
void open_digests();

std::string sha256_hex(std::string_view data);                         // 64 digits, lower case
std::string hmac_sha256(std::string_view key, std::string_view data);  // 32 raw bytes
std::string base64(std::string_view raw);

// A digest of data that comes in pieces.
class RunningDigest {
 public:
  ~RunningDigest();
  RunningDigest(const RunningDigest&) = delete;
  RunningDigest& operator=(const RunningDigest&) = delete;
  void add(std::string_view data);
  std::string finish();  // the raw bytes; once

 protected:
  struct State;
  explicit RunningDigest(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

// For S3's Content-MD5 and ETag: 16 bytes. MD5 protects against no attacker.
class Md5 : public RunningDigest {
 public:
  Md5();
};

class Sha256 : public RunningDigest {  // 32 bytes
 public:
  Sha256();
};

}  // namespace smlaunch
