// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/completions.hpp"

#include <gmock/gmock.h>

namespace smlaunch {
namespace {

using testing::HasSubstr;

OptionInfo option(const std::string& name, const std::string& value, ValueKind kind) {
  OptionInfo made;
  made.name = name;
  made.value = value;
  made.kind = kind;
  return made;
}

// The placeholders say the opposite of the kinds: only the kinds count.
OptionTable crossed_table() {
  OptionTable table;
  table.options = {option("named", "PROFILE", ValueKind::word), option("list", "PATH", ValueKind::file),
                   option("logs", "FILE", ValueKind::folder)};
  return table;
}

TEST(Completion, OffersFilesAndFoldersByTheKindOfTheValueNotByItsPlaceholder) {
  struct Case {
    Shell shell;
    std::vector<std::string> lines;
  };
  const Case cases[] = {
      {Shell::bash,
       {"    --named) return ;;\n",
        "    --list) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n",
        "    --logs) mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return ;;\n"}},
      {Shell::zsh, {"'--named=[]:PROFILE:'", "'--list=[]:file:_files'", "'--logs=[]:folder:_files -/'"}},
      {Shell::fish,
       {"-l named -x -d ''", "-l list -r -F -d ''", "-l logs -x -a '(__fish_complete_directories)' -d ''"}},
  };
  for (const Case& c : cases) {
    const std::string script = render_completion(c.shell, crossed_table());
    for (const std::string& line : c.lines) EXPECT_THAT(script, HasSubstr(line));
  }
}

TEST(Completion, OffersTheWordsOfAChoice) {
  OptionTable table;
  table.options = {option("color", "auto|never", ValueKind::word)};
  table.options[0].choices = {"auto", "never"};
  EXPECT_THAT(render_completion(Shell::bash, table),
              HasSubstr("--color) mapfile -t COMPREPLY < <(compgen -W 'auto never'"));
  EXPECT_THAT(render_completion(Shell::zsh, table), HasSubstr("'--color=[]:value:(auto never)'"));
  EXPECT_THAT(render_completion(Shell::fish, table), HasSubstr("-l color -x -a 'auto never'"));
}

}  // namespace
}  // namespace smlaunch
