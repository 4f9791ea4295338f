// SPDX-License-Identifier: Apache-2.0
// docs/options.md, made of the option table and the matters. Pure.
#pragma once

#include <string>

#include "launcher/options/option_table.hpp"

namespace smlaunch {

// In Markdown.
std::string render_options_page(const OptionTable& table);

}  // namespace smlaunch
