// SPDX-License-Identifier: Apache-2.0
// What `smlaunch worker` says about its host on stdout, when the leader has logged in there: lines between
// smlaunch and itself, written and read here only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// An argument of `smlaunch worker`: its host is to tell its NVLink domain.
inline constexpr const char* domain_argument = "--nvlink-domain";
// How the line begins that a worker says in the place of an SSH banner, where it can start no SSH server.
inline constexpr const char* refusal_answer = "smlaunch cannot start here: ";
// How the line begins about why the host is not fit for a try.
inline constexpr const char* check_answer = "check: ";
// How the line begins about what is odd there, and no reason not to try.
inline constexpr const char* check_remark = "check remarks: ";

// What follows `begin` in the first line that begins so; nothing where none does.
std::optional<std::string> line_of_answer(std::string_view lines, std::string_view begin);

// What is said about one of the patterns of `smlaunch worker --interface PATTERN …` that cannot carry the
// job.
struct InterfaceAnswer {
  std::size_t wanted = 0;    // which pattern, in the order of the command line
  std::string problem = {};  // why: "is down"
  std::string usable = {};   // which interfaces could: "eth1, eth2"
  bool operator==(const InterfaceAnswer&) const = default;
};

struct LoginAnswers {
  bool lacks_worker = false;                       // no smlaunch waits there
  bool lacks_daemon = false;                       // Open MPI's daemon is not where the leader has its own
  std::string shell = {};                          // the login shell: "bash"; empty: not known, or not asked
  std::optional<std::string> daemon_problem = {};  // why the daemon does not run there; nothing: it does
  std::optional<std::string> folder_problem = {};  // why the daemon cannot write its files; nothing: it can
  std::string nvlink_domain = {};  // of its GPUs (topology/nvlink_domain.hpp); empty: none, or not asked
  std::optional<std::string> token_problem = {};  // why the job's token cannot be left there; nothing: it can
  std::string noexec_folder = {};                 // where the kernel runs no programs: "/tmp"; empty: it does
  std::vector<InterfaceAnswer> interfaces = {};
  bool operator==(const LoginAnswers&) const = default;
};

// Lines, each with its line feed; the version's line is not among them.
std::string render_login_answers(const LoginAnswers& answers);

// Of all lines that a host has printed; lines that are none of these are passed over.
LoginAnswers parse_login_answers(std::string_view lines);

}  // namespace smlaunch
