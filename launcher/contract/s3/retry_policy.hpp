// SPDX-License-Identifier: Apache-2.0
// When a request is sent again, and after how long.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace smlaunch {

struct RetryPolicy {
  int attempts = 5;  // the first included
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds longest_delay{20'000};
};

// Server errors and throttling pass; a refusal does not. `code`: S3's, empty where the answer has none.
bool may_pass(int status, std::string_view code);

// Before attempt `next` (2 is the first retry): `jitter` (0 to 1) of first_delay doubled with every attempt,
// at most longest_delay, but at least what the server asked for (Retry-After), if that is not more than
// longest_delay. Nothing where no attempt is left.
std::optional<std::chrono::milliseconds> delay_before(int next, const RetryPolicy& policy, double jitter,
                                                      std::chrono::seconds retry_after = {});

}  // namespace smlaunch
