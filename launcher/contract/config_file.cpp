// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/config_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/unicode.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t longest_file = 256U << 20U;

Result<std::string> read_descriptor(int descriptor, const std::string& name) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    return failure(Fault::configuration, name, fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) return failure(Fault::configuration, name, "is a folder, not a file");
  if (!S_ISREG(status.st_mode)) return failure(Fault::configuration, name, "is not a plain file");

  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
      if (text.size() > longest_file)
        return failure(Fault::configuration, name, fmt::format("is longer than {} MiB", longest_file >> 20U));
    } else if (errno != EINTR) {
      return failure(Fault::configuration, name, fmt::format("cannot be read: {}", std::strerror(errno)));
    }
  }
}

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<std::optional<PyValue>> read_config_file(const std::filesystem::path& file) {
  const std::string& name = file.native();
  // O_NONBLOCK: a FIFO in the file's place must not hold us up.
  const int descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<PyValue>();
    return failure(Fault::configuration, name, fmt::format("cannot be opened: {}", std::strerror(errno)));
  }
  Result<std::string> text = read_descriptor(descriptor, name);
  close(descriptor);
  if (!text) return tl::unexpected(text.error());

  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    return failure(Fault::configuration, name, "is empty", "write a JSON object into it, at least {}");
  }
  if (const auto at = find_invalid_utf8(*text)) {
    const auto line = std::count(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(*at), '\n') + 1;
    return failure(Fault::configuration, fmt::format("{}: line {}", name, line),
                   fmt::format("the byte 0x{:02x} is not UTF-8", static_cast<unsigned char>((*text)[*at])));
  }
  Result<PyValue> value = parse_python_json(*text);
  if (!value) {
    Error error = value.error();
    for (Problem& problem : error.problems) {
      problem = {fmt::format("{}: {}", name, problem.where), "is not JSON: " + problem.what, problem.remedy};
    }
    return tl::unexpected(error);
  }
  return std::optional<PyValue>(std::move(*value));
}

Problem ConfigProblems::make(const std::string& path, std::string what, std::string remedy) const {
  return {path.empty() ? source_ : fmt::format("{}: {}", source_, path), std::move(what), std::move(remedy)};
}

void ConfigProblems::add(const std::string& path, std::string what, std::string remedy) {
  problems_.push_back(make(path, std::move(what), std::move(remedy)));
}

void ConfigProblems::add_elsewhere(std::string where, std::string what, std::string remedy) {
  problems_.push_back({std::move(where), std::move(what), std::move(remedy)});
}

const std::string* ConfigProblems::expect_text(const PyValue& value, const std::string& path) {
  if (value.string() == nullptr) add(path, fmt::format("must be text, not {}", describe_value(value)));
  return value.string();
}

const PyList* ConfigProblems::expect_list(const PyValue& value, const std::string& path) {
  if (value.list() == nullptr) add(path, fmt::format("must be a list, not {}", describe_value(value)));
  return value.list();
}

const PyDict* ConfigProblems::expect_dict(const PyValue& value, const std::string& path) {
  if (value.dict() == nullptr) add(path, fmt::format("must be an object, not {}", describe_value(value)));
  return value.dict();
}

std::string json_path(const std::string& parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

std::string json_path(const std::string& parent, std::string_view key) {
  if (!is_plain_key(key)) return fmt::format("{}[{}]", parent, python_json_dumps({std::string(key)}));
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string describe_value(const PyValue& value) {
  constexpr std::size_t longest = 60;
  if (value.list() != nullptr) return "a list";
  if (value.dict() != nullptr) return "an object";
  std::string text = python_json_dumps(value);
  if (text.size() > longest) text.replace(longest, std::string::npos, "...");
  return text;
}

}  // namespace smlaunch
