// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/entry_point.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "launcher/contract/first_line.hpp"

namespace smlaunch {
namespace {

// Module and function arrive as arguments, so that no name can become code. An exception with an errno ends
// it with that number, as it ends the toolkit's `train` (sagemaker_training/trainer.py); a number that is no
// exit code becomes 1.
constexpr const char* framework_program =
    "import importlib, sys, traceback\n"
    "module, function = sys.argv[1:3]\n"
    "del sys.argv[1:]\n"
    "try:\n"
    "    getattr(importlib.import_module(module), function)()\n"
    "except Exception as error:\n"
    "    traceback.print_exc()\n"
    "    number = getattr(error, 'errno', None)\n"
    "    sys.exit((number & 255 if isinstance(number, int) else 0) or 1)\n";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The toolkit drops every ".py" of the name, not only the last. It leaves slashes, and Python finds no such
// module.
std::string module_of(std::string name) {
  constexpr std::string_view suffix = ".py";
  for (std::size_t at = name.find(suffix); at != std::string::npos; at = name.find(suffix, at)) {
    name.erase(at, suffix.size());
  }
  if (name.starts_with("./")) name.erase(0, 2);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

// "src/pkg/train.py" is src.pkg.train; "../train.py" and "my-dir/train.py" have no module's name.
bool is_no_modules_path(std::string_view name) {
  if (name.find('/') == std::string_view::npos || !ends_with(name, ".py")) return false;
  if (name.starts_with("./")) name.remove_prefix(2);
  name.remove_suffix(3);
  while (true) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    const auto is_of_a_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    if (part.empty() || !std::all_of(part.begin(), part.end(), is_of_a_name) ||
        (part.front() >= '0' && part.front() <= '9'))
      return true;
    if (slash == name.size()) return false;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string to_string(EntryPointKind kind) {
  switch (kind) {
    case EntryPointKind::python_program: return "python_program";
    case EntryPointKind::python_package: return "python_package";
    case EntryPointKind::command: return "command";
    case EntryPointKind::framework_module: return "framework_module";
  }
  return {};
}

std::optional<std::string> parse_module_option(const std::string& name) {
  if (!name.starts_with("-m ")) return {};
  const std::size_t begin = name.find_first_not_of(' ', 2);
  if (begin == std::string::npos) return std::string();
  return name.substr(begin, name.find_last_not_of(' ') + 1 - begin);
}

EntryPointKind probe_entry_point_kind(const std::filesystem::path& directory, const std::string& name) {
  if (parse_module_option(name)) return EntryPointKind::python_package;
  if (ends_with(name, ".sh")) return EntryPointKind::command;
  if (is_zipapp_for_python(directory / name)) return EntryPointKind::python_program;
  std::error_code error;
  const auto status = std::filesystem::symlink_status(directory / "setup.py", error);
  if (std::filesystem::exists(status) && !is_no_modules_path(name)) return EntryPointKind::python_package;
  return ends_with(name, ".py") || is_python_folder(directory / name) ? EntryPointKind::python_program
                                                                      : EntryPointKind::command;
}

bool probe_interpreter_line(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return true;
  std::array<char, 4> start{};
  const ssize_t count = read(descriptor, start.data(), start.size());
  close(descriptor);
  if (count < 0) return true;
  const std::string_view text(start.data(), static_cast<std::size_t>(count));
  return text.substr(0, 2) == "#!" || text ==
                                          "\x7F"
                                          "ELF";
}

bool is_python_folder(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / "__main__.py", error);
}

InterpreterLine read_interpreter_line(const std::filesystem::path& file) {
  const std::string whole = read_first_line(file);
  std::string_view line = whole;
  if (!line.starts_with("#!")) return {};
  InterpreterLine result;
  result.ends_with_return = line.ends_with('\r');
  if (result.ends_with_return) line.remove_suffix(1);
  constexpr std::string_view blanks = " \t";
  const auto skip_blanks = [&] { line.remove_prefix(std::min(line.size(), line.find_first_not_of(blanks))); };
  line.remove_prefix(2);
  skip_blanks();
  result.interpreter = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(result.interpreter.size());
  skip_blanks();
  result.argument = line.substr(0, line.find_last_not_of(blanks) + 1);
  return result;
}

EntryPoint probe_entry_point(const std::filesystem::path& directory, const std::string& name,
                             std::vector<std::string> arguments) {
  EntryPoint entry_point{name, probe_entry_point_kind(directory, name), std::move(arguments), directory,
                         true};
  if (entry_point.kind == EntryPointKind::command) {
    entry_point.has_interpreter_line = probe_interpreter_line(directory / name);
  }
  return entry_point;
}

std::string command_file(const EntryPoint& entry_point) {
  const std::string& name = entry_point.name;
  return name.starts_with('/') || name.starts_with("./") ? name : "./" + name;
}

std::vector<std::string> process_command(const EntryPoint& entry_point, const std::string& python,
                                         bool mpi4py) {
  const std::string& name = entry_point.name;
  std::vector<std::string> command;
  if (entry_point.kind == EntryPointKind::framework_module) {
    const std::size_t colon = name.find(':');
    return {python, "-c", framework_program, name.substr(0, colon),
            colon == std::string::npos ? std::string() : name.substr(colon + 1)};
  }
  if (entry_point.kind == EntryPointKind::command) {
    if (!entry_point.has_interpreter_line) command.emplace_back("/bin/sh");
    command.push_back(command_file(entry_point));
  } else {
    command.push_back(python);
    if (mpi4py) command.insert(command.end(), {"-m", "mpi4py"});
    if (entry_point.kind == EntryPointKind::python_package) {
      command.insert(command.end(), {"-m", parse_module_option(name).value_or(module_of(name))});
    } else {
      // As in the toolkit: a name that begins with a dash is no option of the interpreter.
      if (!mpi4py) command.emplace_back("--");
      command.push_back(name);
    }
  }
  command.insert(command.end(), entry_point.arguments.begin(), entry_point.arguments.end());
  return command;
}

}  // namespace smlaunch
