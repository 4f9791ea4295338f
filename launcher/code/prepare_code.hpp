// SPDX-License-Identifier: Apache-2.0
// The user's code on this host: fetched where BASE/code is empty, then installed. What `smlaunch worker
// --prepare-code` does, in a process of its own, so that it can be ended at any moment and may change its
// folder.
#pragma once

#include <string>
#include <vector>

#include "launcher/code/code_messages.hpp"

namespace smlaunch {

inline constexpr const char* prepare_code_argument = "--prepare-code";

// Reads a CodeRequest from stdin; prints what goes on on stderr, and on stdout "smlaunch VERSION" and the
// answer (render_code_answer). Ends early at SIGTERM, SIGINT, SIGHUP, and when nobody reads stdout any more,
// with nothing of it left. Returns the exit code: 0 where it has answered.
int run_prepare_code();

// What a failure file has (sagemaker_training/errors.py, _CalledProcessError): the toolkit's words, the host,
// pip's last lines as far as SageMaker shows them, and behind that all of them.
std::string render_install_failure(const std::string& failure_name, int exit_code, const std::string& host,
                                   const std::vector<std::string>& argv,
                                   const std::vector<std::string>& last_lines);

}  // namespace smlaunch
