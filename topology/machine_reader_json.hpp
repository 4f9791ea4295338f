// SPDX-License-Identifier: Apache-2.0
// For parse_machine_json.cpp only: reading values out of a JSON document by their keys.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "topology/id_set.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

using Json = nlohmann::json;

inline constexpr const char* machine_json_remedy =
    "compare it with what smlaunch topology --format json prints";

// More than any machine has, as most_gpus and most_nics are.
inline constexpr std::size_t most_numa_nodes = 1024;  // Linux has no more
inline constexpr std::size_t most_elements = 16384;   // of any other list
inline constexpr int highest_cpu = 16383;             // Linux has 8192 CPUs at most

// Reads values out of the document and collects their problems.
class MachineReader {
 public:
  explicit MachineReader(std::string where) : where_(std::move(where)) {}

  void wrong(const std::string& path, std::string what) {
    problems_.push_back({fmt::format("{}: {}", where_, path.empty() ? "the document" : path), std::move(what),
                         machine_json_remedy});
  }

  Json::const_iterator find(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_null() ? object.end() : found;
  }

  void read(const Json& object, const std::string& path, const char* key, std::string& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_string())
      value = found->get<std::string>();
    else
      wrong(join(path, key), "must be a string");
  }

  void read(const Json& object, const std::string& path, const char* key, bool& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_boolean())
      value = found->get<bool>();
    else
      wrong(join(path, key), "must be true or false");
  }

  void read(const Json& object, const std::string& path, const char* key, std::uint64_t& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_number_unsigned())
      value = found->get<std::uint64_t>();
    else
      wrong(join(path, key), "must be a whole number, 0 or more");
  }

  void read(const Json& object, const std::string& path, const char* key, int& value) {
    std::uint64_t number = static_cast<std::uint64_t>(value);
    read(object, path, key, number);
    if (number > 1'048'575)
      wrong(join(path, key), "is larger than any machine has");
    else
      value = static_cast<int>(number);
  }

  void read(const Json& object, const std::string& path, const char* key, std::optional<int>& value) {
    if (find(object, key) == object.end()) return;
    int number = 0;
    read(object, path, key, number);
    value = number;
  }

  void read(const Json& object, const std::string& path, const char* key, IdSet& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    value = read_ids(*found, join(path, key));
  }

  IdSet read_ids(const Json& json, const std::string& path) {
    const auto ids = json.is_string() ? parse_id_set(json.get<std::string>(), highest_cpu) : std::nullopt;
    if (!ids)
      wrong(path,
            fmt::format("must be a list of CPUs such as \"0-15,32\", none of them above {}", highest_cpu));
    return ids.value_or(IdSet{});
  }

  void read(const Json& object, const std::string& path, const char* key, std::vector<std::string>& value) {
    each(object, path, key, false, [&](const Json& element, const std::string& where) {
      if (element.is_string())
        value.push_back(element.get<std::string>());
      else
        wrong(where, "must be a string");
    });
  }

  // Calls `visit` with each element of an array and its path. False: there is something else in its place, or more
  // than `most` elements, and nothing of it was read.
  template <class Visit>
  bool each(const Json& object, const std::string& path, const char* key, bool of_objects, Visit visit,
            std::size_t most = most_elements) {
    const auto found = find(object, key);
    if (found == object.end()) return true;
    if (!found->is_array()) {
      wrong(join(path, key), "must be a list");
      return false;
    }
    if (found->size() > most) {
      wrong(join(path, key), fmt::format("is a list of {}, which is more than any machine has: {} at most",
                                         found->size(), most));
      return false;
    }
    for (std::size_t i = 0; i < found->size(); ++i) {
      const std::string element = fmt::format("{}[{}]", join(path, key), i);
      if (of_objects && !(*found)[i].is_object())
        wrong(element, "must be an object");
      else
        visit((*found)[i], element);
    }
    return true;
  }

  // A matrix of words; it may be absent altogether.
  template <class Value, class Parse>
  void read_matrix(const Json& object, const char* key, std::size_t rows, std::size_t columns,
                   const char* row_is, std::vector<std::vector<Value>>& matrix, const char* words,
                   Parse parse) {
    if (find(object, key) == object.end()) return;
    matrix.clear();
    each(object, "", key, false, [&](const Json& row, const std::string& path) {
      auto& values = matrix.emplace_back();
      if (!row.is_array() || row.size() != columns) {
        return wrong(path, fmt::format("must be a list of {} words", columns));
      }
      for (std::size_t i = 0; i < row.size(); ++i) {
        const auto value = row[i].is_string() ? parse(row[i].template get<std::string>()) : std::nullopt;
        if (value)
          values.push_back(*value);
        else
          wrong(fmt::format("{}[{}]", path, i), fmt::format("must be one of {}", words));
      }
    });
    if (matrix.size() != rows)
      wrong(key, fmt::format("must be a list of {} lists, one for each {}", rows, row_is));
  }

  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

 private:
  static std::string join(const std::string& path, const char* key) {
    return path.empty() ? key : path + "." + key;
  }

  std::string where_;
  std::vector<Problem> problems_;
};

}  // namespace smlaunch
