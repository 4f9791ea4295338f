// SPDX-License-Identifier: Apache-2.0
// Thousands of generated JSON texts, right and wrong, read and printed by us and by python3 itself.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

#include "base/unicode.hpp"
#include "launcher/contract/hyperparameters.hpp"
#include "launcher/contract/python_value.hpp"
#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

constexpr const char* reference = R"(
import json, sys
for line in open(sys.argv[1]):
    text = bytes.fromhex(line).decode("utf-8", "surrogatepass")
    try:
        value = json.loads(text)
    except ValueError:
        print("error")
        continue
    dumped = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    parts = [repr(value), dumped, text.upper(), str(bool(value))]
    print(" ".join(part.encode("utf-8", "surrogatepass").hex() or "-" for part in parts))
)";

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string text() {
    std::string text = value(0);
    if (pick(4) != 0) return text;
    // Damage it: only ASCII, so that it stays UTF-8.
    for (std::size_t n = 1 + pick(2); n > 0 && !text.empty(); --n) {
      const std::size_t at = pick(text.size());
      if (static_cast<unsigned char>(text[at]) >= 0x80) continue;
      static constexpr std::string_view others = "\"\\{}[],:0123456789+-.eE truefalsn\n\x01u";
      if (pick(2) == 0) {
        text.erase(at, 1);
      } else {
        text[at] = others[pick(others.size())];
      }
    }
    return text;
  }

 private:
  std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  std::string blank() { return pick(4) == 0 ? std::string(1, " \t\n\r"[pick(4)]) : std::string(); }

  std::string digits(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + pick(10));
    return text;
  }

  std::string number() {
    const double bits = std::bit_cast<double>((static_cast<std::uint64_t>(random_()) << 32U) | random_());
    switch (pick(9)) {
      case 0: return fmt::format("{}", static_cast<int>(random_()));
      case 1: return (pick(2) == 0 ? "-1" : "9") + digits(pick(400));
      case 2: return std::isfinite(bits) ? fmt::format("{:.17g}", bits) : "NaN";
      case 3: return fmt::format("{}.{}", pick(1000), digits(1 + pick(4)));
      case 4: return fmt::format("{}e{}", pick(100), static_cast<int>(pick(50)) - 25);
      case 5: return fmt::format("-{}.{}E+{}", pick(10), digits(1 + pick(20)), pick(330));
      case 6:
        return fmt::format("{:.1f}",
                           std::ldexp(1.0 + static_cast<double>(pick(1000)), static_cast<int>(pick(70))));
      case 7: return fmt::format("{}.{}", digits(1 + pick(18)), digits(1 + pick(3)));
      default: {
        static constexpr const char* odd[] = {"0",
                                              "-0",
                                              "-0.0",
                                              "NaN",
                                              "Infinity",
                                              "-Infinity",
                                              "1e400",
                                              "-1e400",
                                              "1e-400",
                                              "5e-324",
                                              "1.7976931348623157e308",
                                              "01",
                                              "1.",
                                              ".5",
                                              "-",
                                              "+1",
                                              "1e",
                                              "0x10",
                                              "9007199254740993.0",
                                              "1e22",
                                              "1e23"};
        return odd[pick(std::size(odd))];
      }
    }
  }

  // Characters on whose nature all versions of Unicode in use agree.
  char32_t character() {
    static constexpr char32_t odd[] = {0x7F,   0x80,   0xA0,   0xAD,   0xDF,    0xE9,    0xFF,    0x130,
                                       0x131,  0x149,  0x1C5,  0x378,  0x3B1,   0x3C2,   0x587,   0x5D0,
                                       0x200B, 0x2028, 0x2029, 0x2603, 0x3000,  0x4E2D,  0xAC00,  0xE000,
                                       0xFB01, 0xFEFF, 0xFFFD, 0xFFFF, 0x1F600, 0x10437, 0xE0001, 0x10FFFF};
    switch (pick(4)) {
      case 0: return odd[pick(std::size(odd))];
      case 1: return static_cast<char32_t>(0x20 + pick(0x300));
      default: return static_cast<char32_t>(0x20 + pick(0x5F));
    }
  }

  std::string string() {
    std::string text = "\"";
    for (std::size_t n = pick(8); n > 0; --n) {
      switch (pick(8)) {
        case 0: text += std::string("\\") + "\"\\/bfnrt'"[pick(9)]; break;
        case 1: text += fmt::format("\\u{:04x}", pick(0x80)); break;
        case 2:
          text += fmt::format("\\u{:04X}", 0xD7F0 + pick(0x820));
          break;  // surrogates, alone or in pairs
        case 3: text += fmt::format("\\ud8{:02x}\\udc{:02x}", pick(0x40), pick(0x100)); break;
        case 4: text += "'"; break;
        default: {
          const char32_t c = character();
          if (c == '"' || c == '\\') text += '\\';
          append_code_point(text, c);
        }
      }
    }
    return text + "\"";
  }

  std::string value(int depth) {
    const std::string before = blank();
    const std::string after = blank();
    std::string text;
    switch (pick(depth < 4 ? 10 : 7)) {
      case 0: text = "null"; break;
      case 1: text = pick(2) == 0 ? "true" : "false"; break;
      case 2:
      case 3: text = string(); break;
      case 7:
        for (std::size_t n = pick(4); n > 0; --n) text += (text.empty() ? "" : ",") + value(depth + 1);
        text = "[" + text + "]";
        break;
      case 8:
      case 9:
        for (std::size_t n = pick(4); n > 0; --n) {
          text += (text.empty() ? "" : ",") + blank() + string() + blank() + ":" + value(depth + 1);
        }
        text = "{" + blank() + text + "}";
        break;
      default: text = number();
    }
    return before + text + after;
  }

  std::mt19937 random_;
};

std::string to_hex(const std::string& text) {
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex.empty() ? "-" : hex;
}

TEST(Python, ReadsAndPrintsGeneratedValuesAsWeDo) {
  if (std::system("command -v python3 >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3 on PATH";
  const Folder folder;
  Generator generator(20240229);
  std::vector<std::string> texts(6000);
  std::string input;
  for (std::string& text : texts) {
    text = generator.text();
    input += (text.empty() ? std::string() : to_hex(text)) + "\n";
  }
  folder.write("reference.py", reference);
  folder.write("texts", input);
  const std::string command =
      fmt::format("cd {} && python3 reference.py texts > answers", folder.path().native());
  ASSERT_EQ(std::system(command.c_str()), 0);

  std::istringstream answers(folder.read("answers"));
  std::size_t errors = 0;
  for (const std::string& text : texts) {
    std::string answer;
    ASSERT_TRUE(std::getline(answers, answer));
    const Result<PyValue> value = parse_python_json(text);
    const std::string ours =
        !value ? "error"
               : fmt::format("{} {} {} {}", to_hex(python_repr(*value)), to_hex(python_json_dumps(*value)),
                             to_hex(python_upper(text)), to_hex(python_truth(*value) ? "True" : "False"));
    ASSERT_EQ(ours, answer) << text;
    errors += value ? 0 : 1;
  }
  EXPECT_GT(errors, 300U);
  EXPECT_LT(errors, 3000U);
}

}  // namespace
}  // namespace smlaunch
