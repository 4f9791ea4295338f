// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/mpirun_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t most_bytes = 400;
constexpr std::size_t shortest_rule = 20;

bool is_rule(std::string_view line) {
  return line.size() >= shortest_rule && line.find_first_not_of('-') == std::string_view::npos;
}

bool has_one_of(std::string_view text, const auto& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view each) { return has(text, each); });
}

// mpirun only tells that a process has ended.
bool tells_of_a_process(std::string_view text) {
  constexpr std::array<std::string_view, 7> words = {"Primary job  terminated normally",
                                                     "noticed that process rank",
                                                     "has exited due to process rank",
                                                     "exited on signal",
                                                     "MPI_ABORT was invoked",
                                                     "lost communication with",
                                                     "non-zero status"};
  return has_one_of(text, words);
}

// Words of ssh, of a shell on another host, or about mpirun's own command line.
bool is_complaint(std::string_view line) {
  constexpr std::array<std::string_view, 13> words = {"srun: error: ",
                                                      "mpirun: Error",
                                                      "prterun: Error",
                                                      "mpirun: error",
                                                      "mpiexec: Error",
                                                      "ssh: ",
                                                      "Permission denied",
                                                      "Host key verification failed",
                                                      "command not found",
                                                      "No such file or directory",
                                                      "cannot execute",
                                                      "kex_exchange_identification",
                                                      "error while loading shared libraries"};
  return has_one_of(line, words) && !has(line, "Warning");
}

// The first paragraph that mpirun puts between two rules and that does not only tell of the end of a process.
std::string find_box(const Lines& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_rule(lines[i])) continue;
    std::string paragraph;
    std::string whole;
    bool is_over = false;
    std::size_t end = i + 1;
    for (; end < lines.size() && !is_rule(lines[end]); ++end) {
      const std::string_view line = trimmed(lines[end]);
      whole += std::string(line) + " ";
      if (line.empty() && !paragraph.empty() && !paragraph.ends_with(": ")) is_over = true;
      if (!is_over && !line.empty()) paragraph += std::string(line) + " ";
    }
    const bool is_warning = paragraph.starts_with("WARNING") || paragraph.starts_with("A deprecated");
    if (!paragraph.empty() && !is_warning && !tells_of_a_process(whole)) return paragraph;
    i = end;
  }
  return "";
}

// "  Remote daemon: [[40410,0],1] on node algo-2" -> "algo-2"
std::string host_of_daemon(std::string_view line) {
  constexpr std::string_view on_node = "on node ";
  const std::size_t at = line.find(on_node);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = line.substr(at + on_node.size());
  return std::string(rest.substr(0, rest.find_first_of(" ,.\t")));
}

}  // namespace

bool tells_of_daemons(const std::string& reason) { return has(reason, "daemon"); }

std::string find_lost_daemon(const std::vector<std::string>& lines) {
  bool is_lost = false;
  for (const std::string& line : lines) {
    is_lost = is_lost || has(line, "lost communication with a remote daemon");
    if (is_lost && has(line, "Remote daemon")) return host_of_daemon(line);
  }
  return "";
}

std::string find_mpirun_reason(const std::vector<std::string>& lines) {
  const auto complaint =
      std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return is_complaint(line); });
  return one_line(complaint != lines.end() ? *complaint : find_box(lines), most_bytes);
}

}  // namespace smlaunch
