// SPDX-License-Identifier: Apache-2.0
// The messages about the user's code on one host: the request, and the result.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/outcome/failure_class.hpp"

namespace smlaunch {

// Everything that fetching and installing need. It travels on stdin, since the variables may hold secrets.
struct CodeRequest {
  std::string host;        // the job's name for this host; empty: the host's own name
  std::string code;        // BASE/code
  std::string module_dir;  // sagemaker_submit_directory
  std::string program;     // sagemaker_program; its kind is found out when it is there
  // A job of the SDK v3: pip installs `requirements`, whatever the code itself asks for; a module_dir that
  // is no folder is an archive in `code`.
  bool is_trainer = false;
  std::string requirements;        // empty: nothing
  std::string python;              // the job's interpreter
  std::string region;              // of the job, where AWS_REGION is not set; may be empty
  bool is_quiet = false;           // only problems are shown
  std::size_t terminal_width = 0;  // in columns, of the terminal that shows its words; 0: no terminal
  std::map<std::string, std::string> leader_environment;  // for a host where no smlaunch waits; else empty
};

// The result on one host. All fields but the first are empty where the code is there and installed.
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
