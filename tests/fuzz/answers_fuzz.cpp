// SPDX-License-Identifier: Apache-2.0
// What other hosts answer to a login or a step of Slurm's, what ssh and srun say, and an ssh that keeps a connection open.
#include <cstdlib>

#include "launcher/remote/become_program.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/remote/mux_session.hpp"
#include "launcher/remote/slurm_step.hpp"
#include "launcher/remote/ssh_failure.hpp"
#include "launcher/remote/ssh_target.hpp"
#include "launcher/remote/waiting_words.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

namespace {

void fuzz_session(std::string_view bytes) {
  MuxSession at_once, by_bytes;
  const bool is_understood = at_once.take(bytes);
  bool is_understood_so_far = true;
  for (std::size_t i = 0; i < bytes.size() && is_understood_so_far; ++i)
    is_understood_so_far = by_bytes.take(bytes.substr(i, 1));
  must(is_understood == is_understood_so_far && is_understood == at_once.problem().empty());
  must(at_once.problem() == by_bytes.problem() && at_once.is_open() == by_bytes.is_open());
  must(at_once.exit_code() == by_bytes.exit_code() && (at_once.is_open() || !at_once.exit_code()));
}

}  // namespace

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
  const SshTarget target = parse_ssh_target(bytes, {.host = "host", .port = 22, .by_proxy = false});
  must(!target.host.empty() && target.port > 0 && target.port < 65536);
  (void)may_redirect(bytes);
  (void)parse_program_elsewhere(bytes);
  fuzz_session(bytes);
  const auto length = parse_waiting_line(bytes);
  must(!length || (*length <= longest_waiting_input && bytes.starts_with("waiting ")));
  must(!says_it_waits(bytes) || bytes.ends_with("\nwaits\n"));
  const StepProblems problems = parse_step_problems(bytes);
  for (const auto& [host, answer] : parse_step_output(bytes))
    (void)judge_step_answer(host, &answer, problems, RemoteRequest());
}

}  // namespace smlaunch
