// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/python_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/unicode.hpp"

namespace smlaunch {
namespace {

// float.__repr__: the shortest digits that read back the same, positional between 1e-4 and 1e16.
void append_float(std::string& out, double value) {
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(1, text.front());
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::string_view power = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);

  if (exponent < -4 || exponent >= 16) {
    out += digits.front();
    if (digits.size() > 1) out.append(".").append(digits, 1);
    fmt::format_to(std::back_inserter(out), "e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

// json.dumps writes UTF-16 escapes. A byte that is not UTF-8 (an argument of the command line may hold one)
// is written in the way of Python's surrogateescape.
void append_json_string(std::string& out, std::string_view text) {
  const auto escape = [&](char32_t unit) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(unit));
  };
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
      out += c;
      ++at;
      continue;
    }
    CodePoint point = decode_code_point(text, at);
    if (point.length == 0) point = {0xDC00U + static_cast<unsigned char>(c), 1};
    at += point.length;
    switch (point.value) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\f': out += "\\f"; break;
      case '\b': out += "\\b"; break;
      default:
        if (point.value >= 0x10000) {
          escape(0xD800U + ((point.value - 0x10000U) >> 10U));
          escape(0xDC00U + ((point.value - 0x10000U) & 0x3FFU));
        } else {
          escape(point.value);
        }
    }
  }
  out += '"';
}

void append_repr_string(std::string& out, std::string_view text) {
  const bool single = text.find('\'') != std::string_view::npos;
  const char quote = single && text.find('"') == std::string_view::npos ? '"' : '\'';
  const auto append = std::back_inserter(out);
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    CodePoint point = decode_code_point(text, at);
    if (point.length == 0) point = {0xDC00U + static_cast<unsigned char>(text[at]), 1};
    const std::string_view as_is = text.substr(at, point.length);
    at += point.length;
    const auto value = static_cast<unsigned>(point.value);
    if (value == static_cast<unsigned char>(quote) || value == '\\') {
      out.append("\\").append(as_is);
    } else if (value == '\n') {
      out += "\\n";
    } else if (value == '\r') {
      out += "\\r";
    } else if (value == '\t') {
      out += "\\t";
    } else if (is_printable(point.value)) {
      out += as_is;
    } else if (value < 0x100) {
      fmt::format_to(append, "\\x{:02x}", value);
    } else if (value < 0x10000) {
      fmt::format_to(append, "\\u{:04x}", value);
    } else {
      fmt::format_to(append, "\\U{:08x}", value);
    }
  }
  out += quote;
}

// One walk for all ways of printing.
struct Json {
  static constexpr std::string_view none = "null", yes = "true", no = "false", comma = ",", colon = ":";
  static constexpr std::string_view not_a_number = "NaN", infinity = "Infinity";
  static constexpr bool sorted = true;
  static void append_string(std::string& out, std::string_view text) { append_json_string(out, text); }
};
struct SpacedJson : Json {
  static constexpr std::string_view comma = ", ", colon = ": ";
  static constexpr bool sorted = false;
};
struct Repr {
  static constexpr std::string_view none = "None", yes = "True", no = "False", comma = ", ", colon = ": ";
  static constexpr std::string_view not_a_number = "nan", infinity = "inf";
  static constexpr bool sorted = false;
  static void append_string(std::string& out, std::string_view text) { append_repr_string(out, text); }
};

template <class Form>
struct Printer {
  std::string& out;

  void operator()(const PyNone&) const { out += Form::none; }
  void operator()(bool value) const { out += value ? Form::yes : Form::no; }
  void operator()(const PyInt& value) const { out += value.digits; }
  void operator()(double value) const {
    if (std::isnan(value)) {
      out += Form::not_a_number;
    } else if (std::isinf(value)) {
      out += value < 0 ? "-" : "";
      out += Form::infinity;
    } else {
      append_float(out, value);
    }
  }
  void operator()(const std::string& value) const { Form::append_string(out, value); }
  void operator()(const PyList& list) const {
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += Form::comma;
      std::visit(*this, list[i].data);
    }
    out += ']';
  }
  void operator()(const PyDict& dict) const {
    out += '{';
    bool first = true;
    const auto print = [&](const std::string& key, const PyValue& value) {
      if (!first) out += Form::comma;
      first = false;
      Form::append_string(out, key);
      out += Form::colon;
      std::visit(*this, value.data);
    };
    if constexpr (Form::sorted) {
      for (const auto* entry : sorted_entries(dict)) print(entry->first, entry->second);
    } else {
      for (const auto& [key, value] : dict) print(key, value);
    }
    out += '}';
  }
};

}  // namespace

bool PyValue::operator==(const PyValue& other) const { return data == other.data; }

const PyValue* PyValue::find(std::string_view key) const {
  const PyDict* entries = dict();
  if (entries == nullptr) return nullptr;
  const auto found =
      std::find_if(entries->begin(), entries->end(), [&](const auto& e) { return e.first == key; });
  return found == entries->end() ? nullptr : &found->second;
}
const std::string* PyValue::string() const { return std::get_if<std::string>(&data); }
const PyList* PyValue::list() const { return std::get_if<PyList>(&data); }
const PyDict* PyValue::dict() const { return std::get_if<PyDict>(&data); }

std::vector<const std::pair<std::string, PyValue>*> sorted_entries(const PyDict& dict) {
  std::vector<const std::pair<std::string, PyValue>*> entries;
  entries.reserve(dict.size());
  for (const auto& entry : dict) entries.push_back(&entry);
  // Bytes of this form of UTF-8 sort as Python's characters do.
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return entries;
}

bool python_truth(const PyValue& value) {
  struct Truth {
    bool operator()(const PyNone&) const { return false; }
    bool operator()(bool yes) const { return yes; }
    bool operator()(const PyInt& number) const { return number.digits != "0"; }
    bool operator()(double number) const { return number != 0; }
    bool operator()(const std::string& text) const { return !text.empty(); }
    bool operator()(const PyList& list) const { return !list.empty(); }
    bool operator()(const PyDict& dict) const { return !dict.empty(); }
  };
  return std::visit(Truth{}, value.data);
}

std::string python_json_dumps(const PyValue& value) {
  std::string out;
  std::visit(Printer<Json>{out}, value.data);
  return out;
}

std::string python_json_dumps_spaced(const PyValue& value) {
  std::string out;
  std::visit(Printer<SpacedJson>{out}, value.data);
  return out;
}

std::string python_repr(const PyValue& value) {
  std::string out;
  std::visit(Printer<Repr>{out}, value.data);
  return out;
}

std::string python_str(const PyValue& value) {
  const std::string* text = value.string();
  return text != nullptr ? *text : python_repr(value);
}

}  // namespace smlaunch
