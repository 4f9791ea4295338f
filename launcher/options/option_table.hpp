// SPDX-License-Identifier: Apache-2.0
// The options and commands as people read of them. Help, suggestions, the manual page and completions are made
// of this one table, which is filled where the options are defined (cli.cpp).
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

struct OptionInfo {
  std::string name;                  // without the dashes
  char letter = '\0';                // -q of --quiet; '\0': none
  std::string value;                 // FILE, or auto|off; empty: it takes none
  std::vector<std::string> choices;  // the words that it takes; empty: anything
  std::string what;
  std::string matter;    // the word of its Matter
  std::string variable;  // SMLAUNCH_...
};

struct CommandInfo {
  std::string word;
  std::string what;
  std::string matter;   // that `smlaunch WORD --help` explains
  std::string operand;  // what may stand behind it: DIR|FILE; empty: nothing
};

struct OptionTable {
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> commands;
};

}  // namespace smlaunch
