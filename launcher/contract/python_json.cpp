// SPDX-License-Identifier: Apache-2.0
// json.loads as in CPython: strict about white space and control characters, lax about NaN and Infinity.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "base/unicode.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {
namespace {

constexpr int deepest = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

double read_double(const std::string& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  // from_chars leaves the value alone where Python wants infinity or zero.
  return result.ec == std::errc() ? value : std::strtod(text.c_str(), nullptr);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<PyValue> parse() {
    PyValue value;
    skip_blanks();
    if (!parse_value(value, 0)) return error();
    skip_blanks();
    if (at_ < text_.size()) {
      fail(at_, fmt::format("{} after the end of the value", show(at_)));
      return error();
    }
    return value;
  }

 private:
  bool fail(std::size_t at, std::string what) {
    failed_at_ = at;
    what_ = std::move(what);
    return false;
  }

  [[nodiscard]] tl::unexpected<Error> error() const {
    const std::string_view before = text_.substr(0, failed_at_);
    std::size_t line = 1;
    for (const char c : before) line += c == '\n' ? 1 : 0;
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        count_code_points(newline == std::string_view::npos ? before : before.substr(newline + 1)) + 1;
    return failure(Fault::configuration, fmt::format("line {} column {}", line, column), what_);
  }

  [[nodiscard]] std::string show(std::size_t at) const {
    if (at >= text_.size()) return "the end of the text";
    const CodePoint point = decode_code_point(text_, at);
    if (point.length == 0) return fmt::format("the byte 0x{:02x}", static_cast<unsigned char>(text_[at]));
    if (point.value == 0xFEFF) return "a byte order mark";
    if (!is_printable(point.value)) {
      return fmt::format("the character U+{:04X}", static_cast<unsigned>(point.value));
    }
    return point.value == '\'' ? "\"'\"" : fmt::format("'{}'", text_.substr(at, point.length));
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool parse_value(PyValue& value, int depth) {
    if (depth > deepest) return fail(at_, "is nested more than 1,000 levels deep");
    switch (peek()) {
      case '"': return parse_string(value.data.emplace<std::string>());
      case '[': return parse_list(value.data.emplace<PyList>(), depth);
      case '{': return parse_dict(value.data.emplace<PyDict>(), depth);
      default: break;
    }
    if (take("null")) return value.data = PyNone{}, true;
    if (take("true")) return value.data = true, true;
    if (take("false")) return value.data = false, true;
    if (take("NaN")) return value.data = std::nan(""), true;
    if (take("Infinity")) return value.data = HUGE_VAL, true;
    if (take("-Infinity")) return value.data = -HUGE_VAL, true;
    return parse_number(value);
  }

  bool parse_number(PyValue& value) {
    const std::size_t start = at_;
    std::size_t end = at_;
    const auto digits = [&](std::size_t from) {
      while (from < text_.size() && is_digit(text_[from])) ++from;
      return from;
    };
    if (end < text_.size() && text_[end] == '-') ++end;
    const std::size_t whole = end;
    end = digits(end);
    if (end == whole) return fail(start, fmt::format("{} where a value should be", show(start)));
    if (text_[whole] == '0') end = whole + 1;  // "01" is 0 and a superfluous 1

    bool integer = true;
    if (end < text_.size() && text_[end] == '.' && digits(end + 1) > end + 1) {
      integer = false;
      end = digits(end + 1);
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t power = end + 1;
      if (power < text_.size() && (text_[power] == '+' || text_[power] == '-')) ++power;
      if (digits(power) > power) {
        integer = false;
        end = digits(power);
      }
    }
    std::string number(text_.substr(start, end - start));
    at_ = end;
    if (!integer) {
      value.data = read_double(number);
    } else {
      value.data = PyInt{number == "-0" ? "0" : std::move(number)};
    }
    return true;
  }

  // Four hexadecimal digits after "\u".
  bool parse_unit(char32_t& unit) {
    const std::string_view digits = text_.substr(at_, 4);
    unsigned value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() < 4 || result.ec != std::errc() || result.ptr != digits.data() + 4) {
      return fail(at_ - 2, "\\u without four hexadecimal digits");
    }
    at_ += 4;
    unit = value;
    return true;
  }

  bool parse_escape(std::string& out) {
    const std::size_t start = at_++;
    const char c = peek();
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
      ++at_;
      char32_t unit = 0;
      if (!parse_unit(unit)) return false;
      const bool high = unit >= 0xD800 && unit <= 0xDBFF;
      if (high && text_.substr(at_, 2) == "\\u") {
        const std::size_t second = at_;
        at_ += 2;
        char32_t low = 0;
        if (!parse_unit(low)) return false;
        if (low >= 0xDC00 && low <= 0xDFFF) {
          unit = 0x10000U + ((unit - 0xD800U) << 10U) + (low - 0xDC00U);
        } else {
          at_ = second;
        }
      }
      append_code_point(out, unit);
      return true;
    }
    const std::size_t which = at_ < text_.size() ? names.find(c) : std::string_view::npos;
    if (which == std::string_view::npos) {
      if (at_ >= text_.size()) return fail(start, "the text ends inside a string");
      return fail(start, fmt::format("a backslash before {}", show(at_)));
    }
    out += meanings[which];
    ++at_;
    return true;
  }

  bool parse_string(std::string& out) {
    const std::size_t start = at_++;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!parse_escape(out)) return false;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return fail(at_, fmt::format("{} inside a string", show(at_)));
      } else {
        const CodePoint point = decode_code_point(text_, at_);
        if (point.length == 0) return fail(at_, fmt::format("{}, which is not UTF-8", show(at_)));
        out.append(text_.substr(at_, point.length));
        at_ += point.length;
      }
    }
    return fail(start, "a string that does not end");
  }

  bool parse_list(PyList& list, int depth) {
    const std::size_t start = at_++;
    skip_blanks();
    if (take("]")) return true;
    for (;;) {
      if (at_ >= text_.size()) return fail_unended(start, "list");
      if (!parse_value(list.emplace_back(), depth + 1)) return false;
      skip_blanks();
      if (take("]")) return true;
      if (at_ >= text_.size()) return fail_unended(start, "list");
      if (!take(",")) return fail(at_, fmt::format("{} where ',' or ']' should be", show(at_)));
      skip_blanks();
    }
  }

  bool parse_dict(PyDict& dict, int depth) {
    const std::size_t start = at_++;
    std::unordered_map<std::string, std::size_t> places;
    skip_blanks();
    if (take("}")) return true;
    for (;;) {
      if (at_ >= text_.size()) return fail_unended(start, "object");
      if (peek() != '"')
        return fail(at_, fmt::format("{} where a key in double quotes should be", show(at_)));
      std::string key;
      if (!parse_string(key)) return false;
      skip_blanks();
      if (at_ >= text_.size()) return fail_unended(start, "object");
      if (!take(":")) return fail(at_, fmt::format("{} where ':' should be", show(at_)));
      skip_blanks();
      if (at_ >= text_.size()) return fail_unended(start, "object");
      PyValue value;
      if (!parse_value(value, depth + 1)) return false;
      const auto [place, is_new] = places.try_emplace(key, dict.size());
      if (is_new) {
        dict.emplace_back(std::move(key), std::move(value));
      } else {
        dict[place->second].second = std::move(value);
      }
      skip_blanks();
      if (take("}")) return true;
      if (at_ >= text_.size()) return fail_unended(start, "object");
      if (!take(",")) return fail(at_, fmt::format("{} where ',' or '}}' should be", show(at_)));
      skip_blanks();
    }
  }

  // For a file that was cut in half: where it ends, and which list or object was open.
  bool fail_unended(std::size_t start, std::string_view kind) {
    const std::string_view before = text_.substr(0, start);
    std::size_t line = 1;
    for (const char c : before) line += c == '\n' ? 1 : 0;
    return fail(text_.size(), fmt::format("the text ends inside the {} that begins on line {}", kind, line));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t failed_at_ = 0;
  std::string what_;
};

}  // namespace

Result<PyValue> parse_python_json(std::string_view text) { return Parser(text).parse(); }

}  // namespace smlaunch
