// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/retry_policy.hpp"

#include <algorithm>
#include <array>

namespace smlaunch {

bool may_pass(int status, std::string_view code) {
  constexpr std::array codes{"SlowDown",   "InternalError",       "ServiceUnavailable",   "RequestTimeout",
                             "Throttling", "ThrottlingException", "RequestLimitExceeded", "OperationAborted"};
  if (std::find(codes.begin(), codes.end(), code) != codes.end()) return true;
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::milliseconds> delay_before(int next, const RetryPolicy& policy, double jitter,
                                                      std::chrono::seconds retry_after) {
  using std::chrono::milliseconds;
  if (next > policy.attempts) return {};
  milliseconds longest = policy.first_delay;
  for (int i = 2; i < next && longest < policy.longest_delay; ++i) longest *= 2;
  longest = std::min(longest, policy.longest_delay);
  const milliseconds delay(static_cast<long>(static_cast<double>(longest.count()) * jitter));
  return std::max(delay, std::min<milliseconds>(retry_after, policy.longest_delay));
}

}  // namespace smlaunch
