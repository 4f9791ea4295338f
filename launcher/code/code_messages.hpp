// SPDX-License-Identifier: Apache-2.0
// What is said about the user's code on one host: what is to be done, and what came of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/outcome/failure_class.hpp"

namespace smlaunch {

// Everything that fetching and installing takes; goes on stdin, since the variables may hold secrets.
struct CodeRequest {
  std::string host;        // this one, as the job calls it; empty: what it calls itself
  std::string code;        // BASE/code
  std::string module_dir;  // sagemaker_submit_directory
  std::string program;     // sagemaker_program: what it is is seen when it is there
  // A job of the SDK v3: pip installs `requirements`, not what the code is found to need; a module_dir that is
  // no folder is an archive in `code`.
  bool is_trainer = false;
  std::string requirements;        // empty: nothing
  std::string python;              // the job's interpreter
  std::string region;              // the job's, for where AWS_REGION is not set; may be empty
  bool is_quiet = false;           // only what is wrong is shown
  std::size_t terminal_width = 0;  // in columns, of where its words are shown; 0: no terminal
  std::map<std::string, std::string> leader_environment;  // for a host where no smlaunch waits; else empty
};

// What came of it on one host. All but the first is empty where it is there and installed.
struct CodeEnd {
  bool is_ready = false;
  FailureClass failure_class = FailureClass::none;
  std::string message = {};  // a sentence that names the host
  std::string failure = {};  // for the failure file
};

// The failure file holds the class and the sentence.
CodeEnd code_failure(FailureClass failure_class, std::string message);
// Every problem of an error, with the host's name before it.
CodeEnd code_failure(const std::string& host, const Error& error);

std::string encode(const CodeRequest& request);
std::string encode(const CodeEnd& end);
std::optional<CodeRequest> decode_code_request(std::string_view text);
std::optional<CodeEnd> decode_code_end(std::string_view text);

// A CodeEnd as one line among others that a login may print: "code: " and hexadecimal digits.
std::string render_code_answer(const CodeEnd& end);
std::optional<CodeEnd> parse_code_answer(const std::string& lines);
inline constexpr std::size_t longest_code_answer = 64U << 10U;

}  // namespace smlaunch
