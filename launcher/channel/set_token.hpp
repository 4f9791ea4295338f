// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// The token of one set of a job's agents, made of the job's. Nobody finds the job's, or another set's, by it.
std::string make_set_token(std::string_view token, std::string_view set);

}  // namespace smlaunch
