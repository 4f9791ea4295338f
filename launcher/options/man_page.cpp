// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "launcher/options/matters.hpp"

namespace smlaunch {

namespace {

// To roff a backslash is its own, a minus is a hyphen, and a dot or quote that begins a line is a request.
std::string escape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    if (begins_line && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    if (text[i] == '\\')
      out += "\\e";
    else if (text[i] == '-')
      out += "\\-";
    else
      out += text[i];
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string man_text(const Matter& matter) {
  std::string out;
  for (const TextBlock& block : blocks_of(matter)) {
    if (!out.empty() || block.is_verbatim) out += ".PP\n";
    if (block.is_verbatim) out += ".nf\n";
    for (const std::string& line : block.lines) out += escape(line) + "\n";
    if (block.is_verbatim) out += ".fi\n";
  }
  return out;
}

std::string option_entry(const OptionInfo& option) {
  const std::string letter = option.letter == '\0' ? "" : fmt::format("\\fB\\-{}\\fR, ", option.letter);
  const std::string value = option.value.empty() ? "" : fmt::format(" \\fI{}\\fR", escape(option.value));
  return fmt::format(".TP\n{}\\fB{}\\fR{}\n{}\n", letter, escape("--" + option.name), value,
                     escape(option.what));
}

}  // namespace

std::string render_man_page(const OptionTable& table) {
  std::string out = fmt::format(".TH SMLAUNCH 1 \"\" \"smlaunch {}\" \"User Commands\"\n", SMLAUNCH_VERSION);
  out +=
      ".SH NAME\nsmlaunch \\- start distributed training on GPU hosts\n"
      ".SH SYNOPSIS\n"
      ".B smlaunch\n[\\fIOPTION\\fR...] [\\fIPROGRAM.py ARG\\fR... | \\-\\- \\fIPROGRAM ARG\\fR...]\n.br\n"
      ".B smlaunch\n\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n.br\n"
      ".B train\n"
      ".SH DESCRIPTION\n"
      "Reads a training job as a SageMaker container has it, or a list of hosts; works out which rank goes "
      "where;\n"
      "starts the ranks through Open MPI, torchrun or by itself; and says clearly what happened.\n"
      "Under the name \\fBtrain\\fR it takes the place of the SageMaker Training Toolkit's command.\n"
      ".SH COMMANDS\n";
  for (const CommandInfo& command : table.commands)
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escape(command.word), escape(command.what));
  for (const Matter& matter : all_matters()) {
    out += fmt::format(".SH {}\n{}", upper(escape(matter.title)), man_text(matter));
    for (const OptionInfo& option : options_of(matter, table)) out += option_entry(option);
  }
  return out + ".SH SEE ALSO\n\\fBmpirun\\fR(1), \\fBssh\\fR(1)\n";
}

}  // namespace smlaunch
