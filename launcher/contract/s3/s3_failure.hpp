// SPDX-License-Identifier: Apache-2.0
// Why a request to S3 or an upload came to nothing: the words for people, and the cause as a value. Failures of two
// files have the same cause, though their words name each its own file.
#pragma once

#include <compare>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/error.hpp"
#include "launcher/contract/s3/http_client.hpp"

namespace smlaunch {

enum class S3Trouble {
  url,          // it names no object
  credentials,  // there are no keys
  refused,      // by the server: `status` and `code`
  connection,   // no answer came: `fault`
  answer,       // the server's answer lacks something, or another size came
  sum,          // other bytes arrived
  file,         // the local file cannot be read or written: `number`
  changed,      // the file, or the object, while it was on its way
};

struct S3Cause {
  S3Trouble trouble = S3Trouble::answer;
  int status = 0;
  std::string code = {};  // "AccessDenied"; empty where the answer has none
  HttpFault fault = HttpFault::request;
  int number = 0;  // errno
  auto operator<=>(const S3Cause&) const = default;
};

// An Error where the cause does not matter.
struct S3Failure : Error {
  S3Cause cause;

  S3Failure(Error error, S3Cause why) : Error(std::move(error)), cause(std::move(why)) {}
  bool operator==(const S3Failure&) const = default;
};

template <class T>
using S3Result = tl::expected<T, S3Failure>;

inline tl::unexpected<S3Failure> s3_failure(S3Cause cause, std::string where, std::string what,
                                            std::string remedy = {}) {
  return tl::unexpected<S3Failure>(
      S3Failure({Fault::start, {{std::move(where), std::move(what), std::move(remedy)}}}, std::move(cause)));
}

}  // namespace smlaunch
