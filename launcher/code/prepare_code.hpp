// SPDX-License-Identifier: Apache-2.0
// Prepares the user's code on this host: fetches it where BASE/code is empty, then installs it. It is the
// command `smlaunch worker --prepare-code`, a process of its own. So it can be ended at any moment, and may
// change its working directory.
#pragma once

#include <string>
#include <vector>

#include "launcher/code/code_messages.hpp"

namespace smlaunch {

inline constexpr const char* prepare_code_argument = "--prepare-code";

// Reads a CodeRequest from stdin. Says on stderr what it does, and on stdout "smlaunch VERSION" and the
// answer (render_code_answer). Ends early, and leaves nothing behind, at a stop signal, and when
// nobody reads stdout any more. Returns the exit code: 0 after an answer.
int run_prepare_code();

// The text of a failure file (sagemaker_training/errors.py, _CalledProcessError): the toolkit's words, the
// host, as many of pip's last lines as SageMaker shows, and behind that all of them.
std::string render_install_failure(const std::string& failure_name, int exit_code, const std::string& host,
                                   const std::vector<std::string>& argv,
                                   const std::vector<std::string>& last_lines);

}  // namespace smlaunch
