// SPDX-License-Identifier: Apache-2.0
// Where a process stands below Python, or without it: what py-spy, eu-stack and gdb print of its threads. Pure; their
// texts are foreign, and what is kept of them is bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

inline constexpr std::size_t most_native_stacks = 8;        // of a process
inline constexpr std::size_t most_native_frames = 20;       // of a stack
inline constexpr std::size_t most_in_native_frame = 120;    // bytes
inline constexpr std::size_t most_native_text = 1U << 20U;  // of all processes of a rank

// Who has told the stacks. `kernel`: only the functions of the kernel that its threads wait in.
enum class NativeSource { nobody, py_spy, eu_stack, gdb, kernel };
std::string to_string(NativeSource source);
NativeSource parse_native_source(std::string_view text);  // `nobody` for another text

// Threads at one place are told once.
struct NativeStack {
  int threads = 0;                  // so many
  std::vector<std::string> frames;  // innermost first: "libc.so.6 in poll", "send.cpp:12 in MPI_Send"
  bool operator==(const NativeStack&) const = default;
};

struct NativeThread {
  int id = 0;  // the kernel's; 0: not told
  std::vector<std::string> frames;
  bool operator==(const NativeThread&) const = default;
};

// Of `py-spy dump --native`, in which Python's frames stand among the others.
std::vector<NativeThread> parse_py_spy_threads(std::string_view text);
// Of `eu-stack -m`.
std::vector<NativeThread> parse_eu_stack(std::string_view text);
// Of gdb's `thread apply all bt`, with `print frame-arguments none`.
std::vector<NativeThread> parse_gdb_threads(std::string_view text);

// Of the main thread first, then those in which most threads stand.
std::vector<NativeStack> join_threads(std::vector<NativeThread> threads, int main_thread);

std::size_t size_of(const std::vector<NativeStack>& stacks);

}  // namespace smlaunch
