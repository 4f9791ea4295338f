// SPDX-License-Identifier: Apache-2.0
// smlaunch(1), made of the option table and the matters. Pure.
#pragma once

#include <string>

#include "launcher/options/option_table.hpp"

namespace smlaunch {

// In man(7)'s macros.
std::string render_man_page(const OptionTable& table);

}  // namespace smlaunch
