// SPDX-License-Identifier: Apache-2.0
// The texts of --help, --help-all and `smlaunch help`, made of the option table. Pure.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/options/option_table.hpp"

namespace smlaunch {

// A screen: 24 lines of at most 80 columns.
std::string render_help(const OptionTable& table);

// Every option, by matters.
std::string render_help_all(const OptionTable& table);

// A matter with its options. Errors (Fault::usage): there is no matter of that name; the nearest one is
// named.
Result<std::string> render_help_of(const std::string& word, const OptionTable& table);

// All matters that can be explained.
std::string render_matters();

// For the case that there is no job at all: ten lines that say so, and what to type.
std::string render_no_job();

// A text in lines of at most `width` columns; each line after the first begins with `indent` blanks.
std::string wrap_text(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace smlaunch
