// SPDX-License-Identifier: Apache-2.0
// What the parsers of stacks share: lines and names in the texts of py-spy, faulthandler, eu-stack and gdb. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// "/a/train.py" -> "train.py"
std::string_view file_name(std::string_view path);
std::string_view without_blanks(std::string_view text);
std::vector<std::string_view> text_lines(std::string_view text);

// "    wait (threading.py:327)": a line of a thread in `py-spy dump`.
struct PySpyFrame {
  std::string_view function;
  std::string_view place;
};
std::optional<PySpyFrame> parse_py_spy_frame(std::string_view line);

// /proc/PID/stack: "[<0>] futex_wait_queue+0x64/0x90" -> "futex_wait_queue", innermost first.
std::vector<std::string> parse_kernel_stack(std::string_view text);

}  // namespace smlaunch
