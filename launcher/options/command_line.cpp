// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/options/nearest_word.hpp"

namespace smlaunch {

namespace {

const std::vector<std::string> answers = {"help", "help-all", "version"};
constexpr std::string_view help_letter = "h";

// Other launchers' words for ours.
const std::vector<std::pair<std::string, std::string>> foreign = {
    {"np", "processes-per-host"},
    {"n", "processes-per-host"},
    {"num-proc", "processes-per-host"},
    {"nproc-per-node", "processes-per-host"},
    {"nproc_per_node", "processes-per-host"},
    {"num_gpus", "processes-per-host"},
    {"H", "hosts"},
    {"host", "hosts"},
    {"machinefile", "hostfile"},
    {"mpi-args", "mpi-options"},
    {"max_restarts", "max-restarts"},
};

const OptionInfo* find_option(const OptionTable& table, const std::string& name) {
  const auto found = std::find_if(table.options.begin(), table.options.end(),
                                  [&](const OptionInfo& each) { return each.name == name; });
  return found == table.options.end() ? nullptr : &*found;
}

bool is_command(const OptionTable& table, const std::string& word) {
  return std::any_of(table.commands.begin(), table.commands.end(),
                     [&](const CommandInfo& each) { return each.word == word; });
}

bool is_letter(const OptionTable& table, char letter) {
  return help_letter.find(letter) != std::string_view::npos ||
         std::any_of(table.options.begin(), table.options.end(),
                     [&](const OptionInfo& each) { return each.letter == letter; });
}

std::string name_of(const std::string& argument) {
  const std::size_t begin = std::min<std::size_t>(argument.find_first_not_of('-'), argument.size());
  const std::size_t end = argument.find('=');
  return argument.substr(begin, end == std::string::npos ? end : std::max(end, begin) - begin);
}

}  // namespace

SplitLine split_line(const std::vector<std::string>& arguments, const OptionTable& table) {
  SplitLine line;
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  auto at = arguments.begin();
  for (; at != end; ++at) {
    const std::string& argument = *at;
    if (argument.starts_with("--")) {
      const std::string name = name_of(argument);
      const OptionInfo* option = find_option(table, name);
      if (option == nullptr && std::find(answers.begin(), answers.end(), name) == answers.end()) {
        line.unknown = argument.substr(0, argument.find('='));
        break;
      }
      const bool takes_next =
          option != nullptr && !option->value.empty() && argument.find('=') == std::string::npos;
      if (takes_next && at + 1 != end) ++at;
    } else if (argument.size() > 1 && argument[0] == '-') {
      if (std::all_of(argument.begin() + 1, argument.end(), [&](char c) { return is_letter(table, c); }))
        continue;
      line.unknown = argument;
      break;
    } else if (line.command.empty() && is_command(table, argument)) {
      line.command = argument;
      line.command_at = static_cast<std::size_t>(at - arguments.begin());
    } else if (argument.ends_with(".py")) {
      line.own.assign(arguments.begin(), at);
      line.program.emplace(at, arguments.end());
      return line;
    } else {
      line.unknown = argument;
      break;
    }
  }
  line.own.assign(arguments.begin(), end);
  if (end != arguments.end()) line.program.emplace(end + 1, arguments.end());
  return line;
}

bool has_flag(const SplitLine& line, const std::string& name, char letter) {
  return std::any_of(line.own.begin(), line.own.end(), [&](const std::string& argument) {
    const bool is_short = argument.size() > 1 && argument[0] == '-' && argument[1] != '-';
    return argument == "--" + name ||
           (is_short && letter != '\0' && argument.find(letter) != std::string::npos);
  });
}

Error unknown_word(const std::string& word, const OptionTable& table) {
  constexpr const char* more = "smlaunch --help-all lists all options";
  const auto error = [](std::string what, std::string remedy) {
    return Error{Fault::usage, {{"command line", std::move(what), std::move(remedy)}}};
  };
  if (word.starts_with("-m"))
    return error(fmt::format("there is no option {}", word),
                 "a module stands behind --: smlaunch -- -m MODULE");
  if (word.starts_with("-")) {
    const std::string name = name_of(word);
    std::vector<std::string> names = answers;
    for (const OptionInfo& each : table.options) names.push_back(each.name);
    std::string meant;
    for (const auto& [theirs, ours] : foreign)
      if (theirs == name) meant = ours;
    if (meant.empty()) meant = nearest_word(name, names);
    return error(fmt::format("there is no option {}", word),
                 meant.empty() ? more : fmt::format("did you mean --{}? {}", meant, more));
  }
  std::vector<std::string> words;
  for (const CommandInfo& each : table.commands) words.push_back(each.word);
  const std::string meant = nearest_word(word, words);
  return error(fmt::format("\"{}\" is no command of smlaunch, and no .py", word),
               meant.empty() ? fmt::format("a program of another kind stands behind --: smlaunch -- {}", word)
                             : fmt::format("did you mean smlaunch {}?", meant));
}

}  // namespace smlaunch
