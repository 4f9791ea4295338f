// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace smlaunch {
namespace {

constexpr std::string_view file_scheme = "file://";

bool has_scheme(const std::string& text) {
  const std::size_t end = text.find("://");
  if (end == std::string::npos || end == 0) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_code =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    out += is_code ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
    if (is_code) i += 2;
  }
  return out;
}

}  // namespace

Result<CodeSource> parse_code_source(const std::string& text,
                                     const std::filesystem::path& working_directory) {
  const auto refuse = [&](std::string what) {
    return failure(Fault::configuration, fmt::format("sagemaker_submit_directory {}", text), std::move(what),
                   "name s3://BUCKET/KEY of a tar archive, a local folder, archive or file");
  };
  CodeSource source;
  source.text = text;
  if (text.empty()) return refuse("is empty");
  if (text.starts_with("s3://")) {
    source.is_s3 = true;
    return source;
  }
  std::filesystem::path path = text;
  if (text.starts_with(file_scheme)) {
    std::string_view rest = std::string_view(text).substr(file_scheme.size());
    if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
    if (!rest.starts_with('/')) return refuse("names a file of another machine");
    path = percent_decode(rest);
  } else if (has_scheme(text)) {
    return refuse("is of a kind that is not fetched");
  }
  source.local = (working_directory / path).lexically_normal();
  if (!source.local.has_filename() && source.local.has_relative_path())
    source.local = source.local.parent_path();
  return source;
}

}  // namespace smlaunch
