// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "launcher/options/nearest_word.hpp"

namespace smlaunch {

namespace {

const std::vector<std::string> answers = {"help", "help-all", "version"};
constexpr std::string_view help_letter = "h";

// Options of mpirun, torchrun, horovodrun and DeepSpeed that people type out of habit, and what says the same here.
std::string_view instead_of(std::string_view name) {
  constexpr std::string_view ranks = "say how many ranks each host has: --processes-per-host N";
  constexpr std::string_view hosts = "name the hosts, each with its slots: --hosts a:8,b:8";
  constexpr std::string_view file = "name the file: --hostfile FILE";
  constexpr std::string_view to_mpirun = "hand it to mpirun: --mpi-options '-x NAME -mca PARAMETER VALUE'";
  constexpr std::string_view module = "a module stands behind --: smlaunch OPTION... -- -m MODULE";
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> table = {
      {{"np", ranks},
       {"n", ranks},
       {"c", ranks},
       {"N", ranks},
       {"npernode", ranks},
       {"num-proc", ranks},
       {"num_gpus", ranks},
       {"nproc_per_node", ranks},
       {"nproc-per-node", ranks},
       {"H", hosts},
       {"host", hosts},
       {"machinefile", file},
       {"x", to_mpirun},
       {"mca", to_mpirun},
       {"mpi-args", to_mpirun},
       {"m", module},
       {"module", module}}};
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.first == name; });
  return found == table.end() ? std::string_view() : found->second;
}

const OptionInfo* find_option(const OptionTable& table, const std::string& name) {
  const auto found = std::find_if(table.options.begin(), table.options.end(),
                                  [&](const OptionInfo& each) { return each.name == name; });
  return found == table.options.end() ? nullptr : &*found;
}

const CommandInfo* find_command(const OptionTable& table, const std::string& word) {
  const auto found = std::find_if(table.commands.begin(), table.commands.end(),
                                  [&](const CommandInfo& each) { return each.word == word; });
  return found == table.commands.end() ? nullptr : &*found;
}

bool takes_operand(const OptionTable& table, const SplitLine& line) {
  const CommandInfo* command = find_command(table, line.command);
  return command != nullptr && !command->operand.empty() && !line.operand;
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
  auto operand_at = end;
  for (auto at = arguments.begin(); at != end; ++at) {
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
    } else if (line.command.empty() && find_command(table, argument) != nullptr) {
      line.command = argument;
      line.command_at = static_cast<std::size_t>(at - arguments.begin());
    } else if (takes_operand(table, line)) {
      line.operand = argument;
      operand_at = at;
    } else if (argument.ends_with(".py")) {
      line.own.assign(arguments.begin(), at);
      line.program.emplace(at, arguments.end());
      return line;
    } else {
      line.unknown = argument;
      break;
    }
  }
  line.own.assign(arguments.begin(), operand_at);
  if (operand_at != end) line.own.insert(line.own.end(), operand_at + 1, end);
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
  if (word.starts_with("-")) {
    const std::string name = name_of(word);
    const std::string what = fmt::format("{} is no option of smlaunch", word);
    if (const std::string_view instead = instead_of(name); !instead.empty())
      return error(what, std::string(instead));
    std::vector<std::string> names = answers;
    for (const OptionInfo& each : table.options) names.push_back(each.name);
    const std::string meant = nearest_word(name, names);
    return error(what, meant.empty() ? more : fmt::format("did you mean --{}? {}", meant, more));
  }
  std::vector<std::string> words;
  for (const CommandInfo& each : table.commands) words.push_back(each.word);
  const std::string meant = nearest_word(word, words);
  return error(
      fmt::format("\"{}\" is no command of smlaunch, and no .py", word),
      meant.empty()
          ? fmt::format("a program and its arguments stand behind --: smlaunch OPTION... -- {}", word)
          : fmt::format("did you mean smlaunch {}?", meant));
}

}  // namespace smlaunch
