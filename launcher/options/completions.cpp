// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/completions.hpp"

#include <fmt/format.h>

#include "launcher/options/matters.hpp"

namespace smlaunch {

namespace {

// Flags that only print something; they are not in the table of options.
const std::vector<OptionInfo> answering_flags = {
    {"help", 'h', {}, {}, "the options that matter most", {}, {}, ValueKind::word},
    {"help-all", '\0', {}, {}, "every option", {}, {}, ValueKind::word},
    {"version", '\0', {}, {}, "its version", {}, {}, ValueKind::word}};

std::vector<OptionInfo> all_options(const OptionTable& table) {
  std::vector<OptionInfo> options = table.options;
  options.insert(options.end(), answering_flags.begin(), answering_flags.end());
  return options;
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string words_of_commands(const OptionTable& table) {
  std::vector<std::string> words;
  for (const CommandInfo& command : table.commands) words.push_back(command.word);
  return joined(words);
}

std::string words_of_matters() {
  std::vector<std::string> words;
  for (const Matter& matter : all_matters()) words.push_back(matter.word);
  return joined(words);
}

// Inside single quotes.
std::string quoted(const std::string& text, const std::string& quote) {
  std::string out;
  for (const char c : text) out += c == '\'' ? quote : std::string(1, c);
  return out;
}

bool is_folder(const OptionInfo& option) { return option.kind == ValueKind::folder; }
bool is_file(const OptionInfo& option) { return option.kind == ValueKind::file; }

std::string bash_completion(const OptionTable& table) {
  std::vector<std::string> names;
  std::string values;
  for (const OptionInfo& option : all_options(table)) {
    names.push_back("--" + option.name);
    if (option.value.empty()) continue;
    const std::string reply = !option.choices.empty() ? fmt::format("compgen -W '{}'", joined(option.choices))
                              : is_folder(option)     ? "compgen -d"
                              : is_file(option)       ? "compgen -f"
                                                      : "";
    values += fmt::format(
        "    --{}) {} ;;\n", option.name,
        reply.empty() ? "return" : fmt::format("mapfile -t COMPREPLY < <({} -- \"$word\"); return", reply));
  }
  return fmt::format(
      R"(# bash completion of smlaunch
_smlaunch() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      -- | *.py) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    esac
  done
  if [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
  if [[ $word == = ]]; then before=${{COMP_WORDS[COMP_CWORD - 1]}} word=; fi
  case $before in
    help) mapfile -t COMPREPLY < <(compgen -W '{}' -- "$word"); return ;;
{}  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '{}' -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W '{}' -- "$word"; compgen -f -X '!*.py' -- "$word"; compgen -d -- "$word")
  fi
}}
complete -o filenames -F _smlaunch smlaunch
)",
      words_of_matters(), values, joined(names), words_of_commands(table));
}

std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : quoted(text, "'\\''")) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_completion(const OptionTable& table) {
  std::string out = "#compdef smlaunch\n_arguments -s \\\n";
  for (const OptionInfo& option : all_options(table)) {
    const std::string value = option.value.empty()      ? ""
                              : !option.choices.empty() ? fmt::format(":value:({})", joined(option.choices))
                              : is_folder(option)       ? ":folder:_files -/"
                              : is_file(option)         ? ":file:_files"
                                                        : fmt::format(":{}:", zsh_text(option.value));
    const std::string what = zsh_text(option.what);
    if (option.letter != '\0') out += fmt::format("  '-{}[{}]{}' \\\n", option.letter, what, value);
    out += fmt::format("  '--{}{}[{}]{}' \\\n", option.name, option.value.empty() ? "" : "=", what, value);
  }
  return out +
         fmt::format("  '1:command or program:({})' \\\n  '*::program:_files'\n", words_of_commands(table));
}

std::string fish_completion(const OptionTable& table) {
  std::string out = "# fish completion of smlaunch\n";
  for (const CommandInfo& command : table.commands)
    out += fmt::format("complete -c smlaunch -n __fish_use_subcommand -a {} -d '{}'\n", command.word,
                       quoted(command.what, "\\'"));
  out += fmt::format("complete -c smlaunch -n '__fish_seen_subcommand_from help' -f -a '{}'\n",
                     words_of_matters());
  for (const OptionInfo& option : all_options(table)) {
    const std::string letter = option.letter == '\0' ? "" : fmt::format(" -s {}", option.letter);
    const std::string value = option.value.empty()      ? ""
                              : !option.choices.empty() ? fmt::format(" -x -a '{}'", joined(option.choices))
                              : is_folder(option)       ? " -x -a '(__fish_complete_directories)'"
                              : is_file(option)         ? " -r -F"
                                                        : " -x";
    out += fmt::format("complete -c smlaunch{} -l {}{} -d '{}'\n", letter, option.name, value,
                       quoted(option.what, "\\'"));
  }
  return out;
}

}  // namespace

std::string render_completion(Shell shell, const OptionTable& table) {
  switch (shell) {
    case Shell::bash: return bash_completion(table);
    case Shell::zsh: return zsh_completion(table);
    case Shell::fish: return fish_completion(table);
  }
  return {};
}

}  // namespace smlaunch
