// SPDX-License-Identifier: Apache-2.0
// Adds options to a CLI11 app, each with its SMLAUNCH_* variable and its row in the OptionTable.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "launcher/options/option_table.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

template <class T>
using Names = std::vector<std::pair<std::string, T>>;

// "SMLAUNCH_DRY_RUN" for "dry-run".
std::string variable_of(const std::string& option);

// Numbers as people write them: 010 is ten; 0x4 and 4k are no numbers.
std::optional<double> parse_decimal(const std::string& text);

template <class T>
struct Value {
  using type = T;
};
template <class T>
struct Value<std::optional<T>> {
  using type = T;
};
template <class T>
using ValueOf = typename Value<T>::type;

// What it means if an option is given more than once.
enum class Repeated { last_counts, all_count };

// An option that is neither on the command line nor set by its variable is only in the table: to make each of them
// known to CLI11, which compares each with all others, takes longer than the rest of the command line.
class Adder {
 public:
  Adder(CLI::App& app, const std::vector<std::string>& arguments) : app_(app), arguments_(arguments) {}

  // The matter of the options that follow: the word of a Matter (matters.hpp).
  void matter(const std::string& word) { matter_ = word; }

  template <class T>
  void add(const std::string& name, T& value, const std::string& what, const std::string& metavar,
           Repeated repeated = Repeated::last_counts) {
    describe(name, what, metavar);
    if (!is_given()) return;
    CLI::Option* option = taken(app_.add_option("--" + name, value));
    if (repeated == Repeated::all_count) option->take_all()->delimiter('\0');
  }

  template <class T>
  void add_file(const std::string& name, T& value, const std::string& what, const std::string& metavar,
                Repeated repeated = Repeated::last_counts) {
    add(name, value, what, metavar, repeated);
    table_.options.back().kind = ValueKind::file;
  }

  template <class T>
  void add_folder(const std::string& name, T& value, const std::string& what, const std::string& metavar) {
    add(name, value, what, metavar);
    table_.options.back().kind = ValueKind::folder;
  }

  template <class T>
  void add_number(const std::string& name, T& value, double least, double most, const std::string& what,
                  const std::string& metavar) {
    describe(name, what, metavar);
    if (!is_given()) return;
    auto* option = app_.add_option_function<std::string>("--" + name, [&value](const std::string& text) {
      value = static_cast<ValueOf<T>>(*parse_decimal(text));
    });
    taken(option)->check([least, most](const std::string& text) -> std::string {
      const auto parsed = parse_decimal(text);
      if (!parsed) return fmt::format("\"{}\" is no number", text);
      const double number = *parsed;
      if (std::is_integral_v<ValueOf<T>> && std::floor(number) != number)
        return fmt::format("\"{}\" is no whole number", text);
      if (number < least || number > most)
        return fmt::format("{} is not between {:.15g} and {:.15g}", text, least, most);
      return {};
    });
  }

  template <class T>
  void add_choice(const std::string& name, T& value, const Names<T>& names, const std::string& what) {
    std::string list;
    for (const auto& [text, each] : names) list += (list.empty() ? "" : "|") + text;
    describe(name, what, list);
    for (const auto& [text, each] : names) table_.options.back().choices.push_back(text);
    if (!is_given()) return;
    auto* option =
        app_.add_option_function<std::string>("--" + name, [&value, names](const std::string& text) {
          for (const auto& [known, each] : names)
            if (known == text) value = each;
        });
    taken(option)->check([names, list](const std::string& text) -> std::string {
      const bool known =
          std::any_of(names.begin(), names.end(), [&](const auto& each) { return each.first == text; });
      return known ? "" : fmt::format("\"{}\" is none of {}", text, list);
    });
  }

  void add_ids(const std::string& name, std::optional<IdSet>& value, const std::string& what,
               const std::string& metavar);

  // `letter`: '\0' for none.
  void add_flag(const std::string& name, bool& value, const std::string& what, char letter = '\0');

  // Null: the command line does not name it.
  CLI::App* add_command(const std::string& word, const std::string& what, const std::string& matter,
                        const std::string& operand = "");

  // The options that take a value, and are given.
  [[nodiscard]] const std::vector<std::pair<std::string, CLI::Option*>>& options() const { return options_; }

  [[nodiscard]] const OptionTable& table() const { return table_; }

 private:
  void describe(const std::string& name, const std::string& what, const std::string& metavar);
  // Whether what was described last may be.
  [[nodiscard]] bool is_given() const;
  CLI::Option* taken(CLI::Option* option);

  CLI::App& app_;
  const std::vector<std::string>& arguments_;
  std::string matter_;
  std::vector<std::pair<std::string, CLI::Option*>> options_;
  OptionTable table_;
};

}  // namespace smlaunch
