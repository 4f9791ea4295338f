// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/torchrun.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>

#include "launcher/process/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int torchrun_bound_milliseconds = 20000;
// Asks the packages' metadata, since importing torch would take seconds.
constexpr const char* question =
    "import importlib.metadata as m, sys; print('%d.%d' % sys.version_info[:2], m.version('torch'))";

// "3.11" -> {3, 11}; {0, 0} for a text that is no version.
std::pair<int, int> parse_version(std::string_view text) {
  std::pair<int, int> version;
  const char* end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, version.first);
  if (error != std::errc() || dot == end || *dot != '.') return {};
  if (std::from_chars(dot + 1, end, version.second).ec != std::errc()) return {};
  return version;
}

std::string first_line(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string line(256, '\0');
  stream.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(stream.gcount()));
  return line.substr(0, line.find('\n'));
}

}  // namespace

std::optional<std::string> parse_interpreter_line(std::string_view script) {
  if (!script.starts_with("#!")) return {};
  script =
      script.substr(2, script.find('\n') == std::string_view::npos ? script.size() : script.find('\n') - 2);
  while (script.starts_with(' ')) script.remove_prefix(1);
  script = script.substr(0, script.find_first_of(" \t\r"));
  const std::string_view name = script.substr(script.rfind('/') + 1);
  if (!script.starts_with('/') || !name.starts_with("python")) return {};
  return std::string(script);
}

bool parse_must_redirect(std::string_view answer) {
  const std::size_t blank = answer.find(' ');
  if (blank == std::string_view::npos) return false;
  const auto python = parse_version(answer.substr(0, blank));
  const auto torch = parse_version(answer.substr(blank + 1));
  return python >= std::pair(3, 11) && torch.first == 1;
}

Torchrun probe_torchrun(const std::string& found, const std::string& python) {
  Torchrun made;
  std::string interpreter = python;
  const std::string beside =
      python.empty() ? "" : (std::filesystem::path(python).parent_path() / "torchrun").string();
  if (!python.empty() && access(beside.c_str(), X_OK) == 0) {
    made.command = {beside};
    made.source = fmt::format("beside {}", python);
  } else if (!python.empty()) {
    made.command = {python, "-m", "torch.distributed.run"};
    made.source = fmt::format("a module of {}: there is no torchrun beside it", python);
  } else if (!found.empty()) {
    made.command = {found};
    made.source = "the first torchrun on PATH";
    interpreter = parse_interpreter_line(first_line(found)).value_or("");
  } else {
    made.source = "there is no torchrun on PATH here";
  }
  made.interpreter = interpreter;
  if (interpreter.empty()) return made;
  const auto answer = run_captured({interpreter, "-c", question}, torchrun_bound_milliseconds);
  made.must_redirect = answer && succeeded(answer->status) && parse_must_redirect(answer->output);
  if (made.must_redirect)
    made.source +=
        "; its PyTorch 1 on this Python fails unless output is redirected: PET_REDIRECTS and PET_TEE are set";
  return made;
}

}  // namespace smlaunch
