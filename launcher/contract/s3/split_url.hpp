// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smlaunch {

struct UrlParts {
  std::string host;  // as the Host header has it
  std::string path;
  std::string query;
};

// Of an http or https URL that is percent-encoded already.
UrlParts split_url(const std::string& url);

}  // namespace smlaunch
