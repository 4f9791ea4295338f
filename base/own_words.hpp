// SPDX-License-Identifier: Apache-2.0
// What smlaunch itself prints. A stream that cannot be written (a full disk, a reader or a terminal that
// went away) is no reason to end a job: nothing here throws for that, and no caller but an answer's has to
// look.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace smlaunch {

// All of `text` for stdout (1) or stderr (2). Returns 0 or an errno: then the rest is lost. A stream that
// takes nothing for a second, where it can say so, is given up (EAGAIN).
int write_text(int stream, std::string_view text);

// One of our own sentences: a line on stderr.
template <class... Values>
void say(fmt::format_string<Values...> format, Values&&... values) {
  write_text(2, "smlaunch: " + fmt::format(format, std::forward<Values>(values)...) + "\n");
}

}  // namespace smlaunch
