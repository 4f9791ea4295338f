// SPDX-License-Identifier: Apache-2.0
// What would have been printed.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "launcher/output/line_output.hpp"

namespace smlaunch {

class FakeOutput final : public LineOutput {
 public:
  [[nodiscard]] bool is_wanted(Rank) const override { return true; }
  void print(Rank rank, bool is_stderr, double, std::string_view lines) override {
    printed.push_back(fmt::format("{}{}: {}", rank.value, is_stderr ? " stderr" : "", lines));
  }
  void print_of_starter(Rank starter, Rank rank, bool is_stderr, double, std::string_view lines) override {
    printed.push_back(
        fmt::format("{} of {}{}: {}", rank.value, starter.value, is_stderr ? " stderr" : "", lines));
  }
  void print_plain(std::string text) override { printed.push_back(std::move(text)); }
  void say(const std::string& sentence) override { said.push_back(sentence); }
  void show_live(const std::string& line) override { live.push_back(line); }
  [[nodiscard]] std::size_t live_width() const override { return width; }
  [[nodiscard]] bool is_long() override { return reader_is_slow; }

  bool reader_is_slow = false;
  std::vector<std::string> printed;
  std::vector<std::string> said;
  std::vector<std::string> live;
  std::size_t width = 0;  // of the terminal; 0: this is none
};

}  // namespace smlaunch
