// SPDX-License-Identifier: Apache-2.0
// MessagePack, as in messages.cpp: variables and pip's lines may hold any byte.
#include "launcher/code/code_messages.hpp"

#include <fmt/format.h>

#include <utility>

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::json;

constexpr std::string_view answer_prefix = "code: ";

std::optional<std::string> parse_hex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return {};
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

}  // namespace

CodeEnd code_failure(FailureClass failure_class, std::string message) {
  std::string failure = fmt::format("{}: {}\n", to_string(failure_class), message);
  return {.failure_class = failure_class, .message = std::move(message), .failure = std::move(failure)};
}

CodeEnd code_failure(const std::string& host, const Error& error) {
  std::string message;
  for (const Problem& problem : error.problems) {
    message += fmt::format("{}{}: {}: {}", message.empty() ? "" : "\n", host, problem.where, problem.what);
    if (!problem.remedy.empty()) message += "; " + problem.remedy;
  }
  const bool is_configuration = error.fault == Fault::configuration;
  return code_failure(is_configuration ? FailureClass::configuration : FailureClass::start,
                      std::move(message));
}

std::string encode(const CodeRequest& m) {
  return pack({{"host", m.host},
               {"code", m.code},
               {"module_dir", m.module_dir},
               {"program", m.program},
               {"is_trainer", m.is_trainer},
               {"requirements", m.requirements},
               {"python", m.python},
               {"region", m.region},
               {"is_quiet", m.is_quiet},
               {"terminal_width", m.terminal_width},
               {"leader_environment", m.leader_environment}});
}

std::optional<CodeRequest> decode_code_request(std::string_view text) {
  return unpack<CodeRequest>(text, [](const Json& j, CodeRequest& m) {
    j.at("host").get_to(m.host);
    j.at("code").get_to(m.code);
    j.at("module_dir").get_to(m.module_dir);
    j.at("program").get_to(m.program);
    j.at("is_trainer").get_to(m.is_trainer);
    j.at("requirements").get_to(m.requirements);
    j.at("python").get_to(m.python);
    j.at("region").get_to(m.region);
    j.at("is_quiet").get_to(m.is_quiet);
    j.at("terminal_width").get_to(m.terminal_width);
    j.at("leader_environment").get_to(m.leader_environment);
  });
}

std::string encode(const CodeEnd& m) {
  return pack({{"is_ready", m.is_ready},
               {"failure_class", to_string(m.failure_class)},
               {"message", m.message},
               {"failure", m.failure}});
}

std::optional<CodeEnd> decode_code_end(std::string_view text) {
  return unpack<CodeEnd>(text, [](const Json& j, CodeEnd& m) {
    j.at("is_ready").get_to(m.is_ready);
    m.failure_class = parse_failure_class(j.at("failure_class").get<std::string>());
    j.at("message").get_to(m.message);
    j.at("failure").get_to(m.failure);
  });
}

std::string render_code_answer(const CodeEnd& end) {
  std::string line(answer_prefix);
  for (const char c : encode(end)) line += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return line + "\n";
}

std::optional<CodeEnd> parse_code_answer(const std::string& lines) {
  std::size_t begin = lines.rfind(std::string("\n") + std::string(answer_prefix));
  begin = begin == std::string::npos ? 0 : begin + 1;
  const std::string_view line = std::string_view(lines).substr(begin, lines.find('\n', begin) - begin);
  if (!line.starts_with(answer_prefix)) return {};
  const auto bytes = parse_hex(line.substr(answer_prefix.size()));
  if (!bytes) return {};
  return decode_code_end(*bytes);
}

}  // namespace smlaunch
