// SPDX-License-Identifier: Apache-2.0
// What other hosts answer to a login, and what ssh says.
#include <cstdlib>

#include "launcher/remote/login_answers.hpp"
#include "launcher/remote/ssh_failure.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const LoginAnswers answers = parse_login_answers(bytes);
  if (parse_login_answers(render_login_answers(answers)) != answers) std::abort();
  (void)parse_login_answer(bytes, "0.1.0");
  LoginEnd end;
  end.exit_code = 255;
  end.err = bytes;
  (void)parse_ssh_failure(end, "host", 22, "0.1.0");
  std::swap(end.out, end.err);
  end.exit_code = 0;
  (void)parse_ssh_failure(end, "host", 22, "0.1.0");
}

}  // namespace smlaunch
