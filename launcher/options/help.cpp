// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "launcher/options/matters.hpp"
#include "launcher/options/nearest_word.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t screen_width = 80;
constexpr std::size_t what_column = 26;
constexpr const char* summary = "smlaunch starts distributed training: it shows the plan, or runs it.";

std::string option_words(const OptionInfo& option) {
  const std::string letter = option.letter == '\0' ? "" : fmt::format("-{}, ", option.letter);
  return letter + "--" + option.name + (option.value.empty() ? "" : " " + option.value);
}

// "  WORDS   WHAT", where the words are short enough; else the explanation stands on a line of its own.
std::string entry(const std::string& words, const std::string& what) {
  const std::string begin = "  " + words;
  const std::string text = wrap_text(what, screen_width - what_column, what_column);
  if (begin.size() + 2 <= what_column) return fmt::format("{:<{}}{}\n", begin, what_column, text);
  return begin + "\n" + std::string(what_column, ' ') + text + "\n";
}

std::string entries_of(const Matter& matter, const OptionTable& table) {
  std::string out;
  for (const OptionInfo& option : options_of(matter, table)) out += entry(option_words(option), option.what);
  return out;
}

std::string filled_text(const Matter& matter) {
  std::string out;
  for (const TextBlock& block : blocks_of(matter)) {
    const std::string text = fmt::format("{}", fmt::join(block.lines, block.is_verbatim ? "\n" : " "));
    out += (block.is_verbatim ? text : wrap_text(text, screen_width, 0)) + "\n";
  }
  return out;
}

std::string words_of_matters(const char* separator) {
  std::string words;
  for (const Matter& matter : all_matters()) words += (words.empty() ? "" : separator) + matter.word;
  return words;
}

std::string list_of_commands(const OptionTable& table) {
  std::string words;
  for (const CommandInfo& command : table.commands) words += (words.empty() ? "" : ", ") + command.word;
  return words;
}

}  // namespace

std::string wrap_text(const std::string& text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (column > 0 && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    }
    if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at = end + 1;
  }
  return out;
}

std::string render_help(const OptionTable& table) {
  std::string out = summary;
  out +=
      "\n\n"
      "  smlaunch train.py --lr 0.1                      here\n"
      "  smlaunch --hosts a:8,b:8 train.py --lr 0.1      two hosts, eight ranks on each\n"
      "  smlaunch                                        a SageMaker container's job\n"
      "  smlaunch COMMAND                                " +
      wrap_text(list_of_commands(table), screen_width - 50, 50) + "\n\n";
  for (const std::string& name : first_options())
    for (const OptionInfo& option : table.options)
      if (option.name == name)
        // The words of a choice are many, and their explanation is one line.
        out += fmt::format("  {:<24}{}\n",
                           "--" + name +
                               (option.value.empty()     ? ""
                                : option.choices.empty() ? " " + option.value
                                                         : " HOW"),
                           option.what);
  out += "\nsmlaunch --help-all       every option; each has a variable SMLAUNCH_<OPTION>\n";
  out += "smlaunch help MATTER      " +
         wrap_text(words_of_matters(" "), screen_width - what_column, what_column) + "\n";
  return out;
}

std::string render_help_all(const OptionTable& table) {
  std::string out =
      fmt::format("{}\n\nusage: smlaunch [OPTION...] [PROGRAM.py ARG... | -- PROGRAM ARG...]\n", summary);
  out += "       smlaunch COMMAND [OPTION...]\n\nCommands:\n";
  for (const CommandInfo& command : table.commands) out += entry(command.word, command.what);
  for (const Matter& matter : all_matters()) {
    const std::string options = entries_of(matter, table);
    if (!options.empty())
      out += fmt::format("\n{} (smlaunch help {}):\n{}", matter.title, matter.word, options);
  }
  for (const Matter& matter : all_matters())
    if (matter.word == "exit-codes" || matter.word == "variables")
      out += fmt::format("\n{}:\n{}", matter.title, filled_text(matter));
  return out;
}

Result<std::string> render_help_of(const std::string& word, const OptionTable& table) {
  std::vector<std::string> words;
  for (const Matter& matter : all_matters()) {
    words.push_back(matter.word);
    if (matter.word != word) continue;
    const std::string options = entries_of(matter, table);
    return fmt::format("{}: {}\n\n{}{}{}", matter.word, matter.title, filled_text(matter),
                       options.empty() ? "" : "\n", options);
  }
  for (const CommandInfo& command : table.commands)
    if (command.word == word && command.matter != word) return render_help_of(command.matter, table);
  const std::string nearest = nearest_word(word, words);
  return failure(Fault::usage, "smlaunch help", fmt::format("\"{}\" is no matter that it explains", word),
                 nearest.empty() ? fmt::format("it explains {}", words_of_matters(", "))
                                 : fmt::format("did you mean smlaunch help {}?", nearest));
}

std::string render_matters() {
  std::string out = "smlaunch help MATTER explains:\n";
  for (const Matter& matter : all_matters()) out += entry(matter.word, matter.title);
  return out +
         "smlaunch --help is the overview, smlaunch --help-all lists every option.\n"
         "smlaunch help man prints the manual page, help markdown the options' page of the\n"
         "documentation, help bash|zsh|fish what completes there.\n";
}

std::string render_no_job() {
  return "smlaunch: there is no job here: no program, no host, no /opt/ml, no scheduler\n"
         "\n"
         "  smlaunch train.py --lr 0.1                   runs a program on this machine\n"
         "  smlaunch --hosts a:8,b:8 train.py --lr 0.1   on two hosts, eight ranks on each\n"
         "  smlaunch --dry-run --hosts a:8,b:8 train.py  shows the plan and starts nothing\n"
         "  smlaunch --base-dir FOLDER                   runs a SageMaker job from such a folder\n"
         "  smlaunch doctor                              says what this machine has and lacks\n"
         "\n"
         "In a SageMaker container, link smlaunch as `train`: the job lies in /opt/ml.\n"
         "smlaunch --help shows the options that matter most.\n";
}

}  // namespace smlaunch
