// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/host_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <thread>

#include "base/hex.hpp"
#include "base/shown_text.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/worker/bounded_program.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds command_bound{60000};
constexpr milliseconds path_bound{20000};
constexpr milliseconds gpu_interval{1000};
// What the end of a program takes beyond its bound.
constexpr milliseconds settle_bound{500};
constexpr std::size_t longest_reason = 300;
// What the driver keeps for itself.
constexpr std::uint64_t memory_of_driver = 2ULL << 30U;
constexpr double share_of_driver = 0.05;

constexpr const char* path_script = R"(
if [ ! -e "$1" ]; then echo "does not exist"; exit 1; fi
if [ -d "$1" ]; then
  f=$(mktemp "$1/.smlaunch-check.XXXXXX") || exit
  trap 'rm -f "$f"' EXIT
  dd if=/dev/zero of="$f" bs=4096 count=1 status=none
  exit
fi
[ -w "$1" ] || { echo "is not writable"; exit 1; }
)";

// Of what a program has printed: the last line that says something.
std::string last_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_last_not_of("\r\n \t");
    if (end == std::string_view::npos) return "";
    text = text.substr(0, end + 1);
    const std::size_t begin = text.rfind('\n');
    return shown_text(begin == std::string_view::npos ? text : text.substr(begin + 1), longest_reason);
  }
  return "";
}

std::optional<std::string> problem_of(const std::vector<std::string>& argv, milliseconds bound) {
  auto program = BoundedProgram::start(argv, bound);
  if (!program) return program.error().problems.front().what;
  program->wait(bound + settle_bound);
  if (!program->status()) return fmt::format("has not ended within {} s", bound.count() / 1000);
  if (succeeded(*program->status())) return {};
  const std::string words = last_line(program->output());
  return words.empty() ? to_string(*program->status()) : words;
}

std::optional<std::string> problem_of_path(const std::string& path) {
  const auto problem = problem_of({"/bin/sh", "-c", path_script, "sh", path}, path_bound);
  if (!problem) return {};
  return fmt::format("{}: {}", path, *problem);
}

std::optional<std::string> wait_for_gpu_memory(const HostCheck& check) {
  const auto deadline = std::chrono::steady_clock::now() + check.gpu_memory_wait;
  while (true) {
    const auto used = find_used_gpu(read_nvml("libnvidia-ml.so.1", true).gpus, check.gpus);
    if (!used) return {};
    if (std::chrono::steady_clock::now() >= deadline)
      return fmt::format("{} after {:.0f} s (--gpu-memory-wait)", *used,
                         static_cast<double>(check.gpu_memory_wait.count()) / 1000);
    std::this_thread::sleep_for(gpu_interval);
  }
}

std::optional<std::string> from_hex(std::string_view word) {
  if (word.size() % 2 != 0) return {};
  std::string text;
  for (std::size_t at = 0; at < word.size(); at += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(word.data() + at, word.data() + at + 2, byte, 16);
    if (error != std::errc() || end != word.data() + at + 2) return {};
    text += static_cast<char>(byte);
  }
  return text;
}

}  // namespace

milliseconds HostCheck::bound() const {
  const milliseconds of_command = command.empty() ? milliseconds(0) : command_bound + settle_bound;
  return of_command + (path_bound + settle_bound) * static_cast<int>(paths.size()) + gpu_memory_wait +
         gpu_interval;
}

std::string encode(const HostCheck& check) {
  std::string text = fmt::format("{}", check.gpu_memory_wait.count());
  text += '\0';
  text += fmt::format("{}", fmt::join(check.gpus, ","));
  text += '\0';
  text += check.command;
  for (const std::string& path : check.paths) {
    text += '\0';
    text += path;
  }
  return to_hex(text);
}

std::optional<HostCheck> decode_host_check(std::string_view word) {
  const auto text = from_hex(word);
  if (!text) return {};
  std::vector<std::string> parts(1);
  for (const char c : *text)
    if (c == '\0')
      parts.emplace_back();
    else
      parts.back() += c;
  if (parts.size() < 3) return {};
  long wait = 0;
  const auto [end, error] = std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), wait);
  if (error != std::errc() || end != parts[0].data() + parts[0].size() || wait < 0) return {};
  HostCheck check{.command = parts[2], .gpu_memory_wait = milliseconds(wait)};
  for (std::string_view rest = parts[1]; !rest.empty();) {
    const std::string_view gpu = rest.substr(0, rest.find(','));
    check.gpus.emplace_back(gpu);
    rest.remove_prefix(std::min(gpu.size() + 1, rest.size()));
  }
  check.paths.assign(parts.begin() + 3, parts.end());
  return check;
}

std::optional<std::string> find_used_gpu(const std::vector<NvmlGpu>& gpus,
                                         const std::vector<std::string>& wanted) {
  std::optional<std::string> words;
  std::uint64_t most = 0;
  for (const NvmlGpu& gpu : gpus) {
    if (std::find(wanted.begin(), wanted.end(), gpu.pci) == wanted.end()) continue;
    const auto kept = static_cast<std::uint64_t>(static_cast<double>(gpu.memory_bytes) * share_of_driver);
    if (gpu.memory_used <= std::max(kept, memory_of_driver) || gpu.memory_used <= most) continue;
    most = gpu.memory_used;
    words = fmt::format("GPU {}: {:.1f} of {:.1f} GiB of its memory are in use", gpu.index,
                        static_cast<double>(gpu.memory_used) / (1U << 30U),
                        static_cast<double>(gpu.memory_bytes) / (1U << 30U));
  }
  return words;
}

HostCheckResult run_host_check(const HostCheck& check) {
  HostCheckResult result;
  for (const std::string& path : check.paths) {
    result.problem = problem_of_path(path);
    if (result.problem) return result;
  }
  if (check.gpu_memory_wait.count() > 0 && !check.gpus.empty()) result.remark = wait_for_gpu_memory(check);
  if (check.command.empty()) return result;
  if (const auto problem = problem_of({"/bin/sh", "-c", check.command}, command_bound))
    result.problem = fmt::format("its check (--host-check) failed: {}", *problem);
  return result;
}

std::string render_host_check(const HostCheckResult& result) {
  std::string lines;
  if (result.problem) lines += fmt::format("{}{}\n", check_answer, *result.problem);
  if (result.remark) lines += fmt::format("{}{}\n", check_remark, *result.remark);
  return lines;
}

HostCheckResult parse_host_check(std::string_view lines) {
  return {.problem = line_of_answer(lines, check_answer), .remark = line_of_answer(lines, check_remark)};
}

}  // namespace smlaunch
