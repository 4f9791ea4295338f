// SPDX-License-Identifier: Apache-2.0
// The options and commands, in words for people. Help, suggestions, the manual page and completions are made
// of this one table, which cli.cpp fills where it defines the options.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// What a shell completes a value with.
enum class ValueKind { word, file, folder };

struct OptionInfo {
  std::string name;                  // without the dashes
  char letter = '\0';                // -q of --quiet; '\0': none
  std::string value;                 // FILE, or auto|off; empty: it takes no value
  std::vector<std::string> choices;  // the words that it takes; empty: any value
  std::string what;
  std::string matter;    // the word of its Matter
  std::string variable;  // SMLAUNCH_...
  ValueKind kind = ValueKind::word;
};

struct CommandInfo {
  std::string word;
  std::string what;
  std::string matter;   // `smlaunch WORD --help` explains it
  std::string operand;  // what may stand behind it: DIR|FILE; empty: nothing
};

struct OptionTable {
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> commands;
};

}  // namespace smlaunch
