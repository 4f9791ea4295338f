// SPDX-License-Identifier: Apache-2.0
// A value as Python's json module reads it, and the two ways the toolkit prints one: json.dumps and repr.
// A library would lose integers of any length, the text of floats, NaN, key order, or lone surrogates.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

struct PyValue;
struct PyNone {
  bool operator==(const PyNone&) const = default;
};
// An integer of any length, in normal decimal digits ("-0" is "0").
struct PyInt {
  std::string digits;
  bool operator==(const PyInt&) const = default;
};
using PyList = std::vector<PyValue>;
// In the order of the file; a repeated key keeps its first place and its last value, as in Python.
using PyDict = std::vector<std::pair<std::string, PyValue>>;

// Strings are UTF-8; a lone surrogate is kept in its three-byte form.
struct PyValue {
  std::variant<PyNone, bool, PyInt, double, std::string, PyList, PyDict> data;
  bool operator==(const PyValue& other) const;  // defaulted here, it would need the pair of a PyDict

  [[nodiscard]] const PyValue* find(std::string_view key) const;  // a dict's entry, else nullptr
  [[nodiscard]] const std::string* string() const;                // else nullptr
  [[nodiscard]] const PyList* list() const;
  [[nodiscard]] const PyDict* dict() const;
};

// A std::pair with a PyValue asks whether PyValue{} can be made. clang 14 needs that same pair for the
// answer, unless the question has been asked before.
static_assert(sizeof(PyValue{}) > 0);

// A dict's entries in the order of their keys.
std::vector<const std::pair<std::string, PyValue>*> sorted_entries(const PyDict& dict);

// bool(value).
bool python_truth(const PyValue& value);

// json.loads. The error's `where` is "line L column C". At most 1,000 levels deep.
Result<PyValue> parse_python_json(std::string_view text);

// json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).
std::string python_json_dumps(const PyValue& value);

// json.dumps(value): in the order of the keys, with blanks behind commas and colons.
std::string python_json_dumps_spaced(const PyValue& value);

// repr(value); str(value) differs for a top-level string only.
std::string python_repr(const PyValue& value);
std::string python_str(const PyValue& value);

}  // namespace smlaunch
