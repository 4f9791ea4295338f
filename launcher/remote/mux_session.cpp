// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/mux_session.hpp"

#include <fmt/format.h>

#include <utility>

#include "launcher/remote/ssh_failure.hpp"

namespace smlaunch {

namespace {

constexpr std::uint32_t version = 4;
constexpr std::uint32_t own_request = 0;
constexpr std::uint32_t no_escape_character = 0xffffffff;
// ssh closes at a message that is longer.
constexpr std::size_t longest_request = 256 * 1024;
// What it says is a few numbers, at most with a sentence.
constexpr std::size_t longest_message = 16 * 1024;

enum Kind : std::uint32_t {
  greeting = 0x00000001,
  new_session = 0x10000002,
  permission_denied = 0x80000002,
  failure_said = 0x80000003,
  exit_message = 0x80000004,
  session_opened = 0x80000006,
  terminal_failed = 0x80000008,
};

void add_number(std::string& bytes, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xff);
}

void add_text(std::string& bytes, std::string_view text) {
  add_number(bytes, static_cast<std::uint32_t>(text.size()));
  bytes += text;
}

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

// The fields of a message. Once there is too little for one, is_whole() is false.
class MuxSession::Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t number() {
    if (bytes_.size() < 4) {
      is_whole_ = false;
      return 0;
    }
    const std::uint32_t number = number_at(bytes_);
    bytes_.remove_prefix(4);
    return number;
  }

  std::string_view text() {
    const std::size_t size = number();
    if (size > bytes_.size()) is_whole_ = false;
    if (!is_whole_) return {};
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

  [[nodiscard]] bool is_whole() const { return is_whole_; }
  [[nodiscard]] bool is_empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool is_whole_ = true;
};

bool may_go_to_host(std::string_view variable) {
  return !variable.starts_with("SM_") && !variable.starts_with("SMLAUNCH_");
}

std::optional<std::string> render_mux_request(const std::string& command,
                                              const std::vector<std::string_view>& variables) {
  std::string request;
  add_number(request, new_session);
  add_number(request, own_request);
  add_text(request, "");                                        // reserved
  for (int flag = 0; flag < 4; ++flag) add_number(request, 0);  // terminal, X11, keys, subsystem
  add_number(request, no_escape_character);
  add_text(request, "");  // the terminal's kind
  add_text(request, command);
  for (const std::string_view variable : variables) add_text(request, variable);
  if (request.size() > longest_request) return {};
  std::string hello;
  add_number(hello, greeting);
  add_number(hello, version);
  std::string bytes;
  add_text(bytes, hello);
  add_text(bytes, request);
  return bytes;
}

bool MuxSession::fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

bool MuxSession::take(std::string_view bytes) {
  if (!problem_.empty()) return false;
  rest_ += bytes;
  std::string_view left = rest_;
  while (left.size() >= 4) {
    const std::size_t size = number_at(left);
    if (size > longest_message) return fail(fmt::format("a message of {} bytes", size));
    if (left.size() < 4 + size) break;
    if (!take_message(left.substr(4, size))) return false;
    left.remove_prefix(4 + size);
  }
  rest_.erase(0, rest_.size() - left.size());
  return true;
}

bool MuxSession::take_message(std::string_view message) {
  Fields fields(message);
  const std::uint32_t kind = fields.number();
  const bool taken = stage_ == Stage::greeting ? take_greeting(kind, fields)
                     : stage_ == Stage::asked  ? take_answer(kind, fields)
                                               : take_news(kind, fields);
  if (!taken && problem_.empty()) problem_ = fmt::format("a message of kind {:#x} that ends too early", kind);
  return taken;
}

bool MuxSession::take_greeting(std::uint32_t kind, Fields& fields) {
  if (fields.is_whole() && kind != greeting) return fail(fmt::format("no greeting, but kind {:#x}", kind));
  const std::uint32_t theirs = fields.number();
  if (fields.is_whole() && theirs != version) return fail(fmt::format("version {} of the protocol", theirs));
  // Names and values of extensions, of which there are none in this version.
  while (fields.is_whole() && !fields.is_empty()) (void)fields.text();
  stage_ = Stage::asked;
  return fields.is_whole();
}

bool MuxSession::take_answer(std::uint32_t kind, Fields& fields) {
  const std::uint32_t request = fields.number();
  if (fields.is_whole() && request != own_request)
    return fail(fmt::format("an answer to request {}, which was not made", request));
  if (kind == failure_said || kind == permission_denied) {
    const std::string_view reason = fields.text();
    return fields.is_whole() && fail(fmt::format("no session: {}", to_plain_line(reason)));
  }
  if (fields.is_whole() && kind != session_opened)
    return fail(fmt::format("no answer to the request, but kind {:#x}", kind));
  session_ = fields.number();
  if (fields.is_whole()) stage_ = Stage::open;
  return fields.is_whole();
}

bool MuxSession::take_news(std::uint32_t kind, Fields& fields) {
  const std::uint32_t session = fields.number();
  if (fields.is_whole() && kind != exit_message && kind != terminal_failed)
    return fail(fmt::format("kind {:#x} in a session", kind));
  if (fields.is_whole() && session != session_)
    return fail(fmt::format("news of session {} instead of {}", session, session_));
  if (kind == terminal_failed) return fields.is_whole();
  const std::uint32_t code = fields.number();
  if (!fields.is_whole()) return false;
  if (stage_ == Stage::ended) return fail("two ends of one session");
  stage_ = Stage::ended;
  exit_code_ = code;
  return true;
}

}  // namespace smlaunch
