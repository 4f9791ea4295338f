// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/bounded_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "launcher/process/descendants.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_output = 64U << 10U;
// From SIGKILL until a process that can end has ended.
constexpr milliseconds kill_bound{200};

bool is_readable(int fd, milliseconds time) {
  pollfd asked{fd, POLLIN, 0};
  return poll(&asked, 1, static_cast<int>(time.count())) > 0;
}

// Ends it with all that it has started, in whatever groups.
void kill_all(int pid) {
  const std::vector<int> below = find_descendants(pid);
  kill(-pid, SIGKILL);
  for (const int each : below) kill(each, SIGKILL);
}

}  // namespace

Result<BoundedProgram> BoundedProgram::start(const std::vector<std::string>& argv, milliseconds bound) {
  auto child = spawn_child(
      {.argv = argv, .environment = own_environment(), .working_directory = {}, .death_signal = SIGKILL});
  if (!child) return failure(Fault::start, argv.front(), child.error().why);
  for (const int pipe : {child->stdout_pipe.get(), child->stderr_pipe.get()})
    fcntl(pipe, F_SETFL, O_NONBLOCK);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  return BoundedProgram(std::move(*child), bound);
}

BoundedProgram::~BoundedProgram() {
  if (child_.pid == 0 || !child_.pidfd.valid()) return;
  kill_all(child_.pid);
  if (is_readable(child_.pidfd.get(), kill_bound)) (void)reap(child_.pid);
}

void BoundedProgram::take_output() {
  for (UniqueFd* const pipe : {&child_.stdout_pipe, &child_.stderr_pipe}) {
    std::array<char, 4096> bytes{};
    ssize_t got = 0;
    // A program that prints without end must not hold us.
    for (int reads = 0;
         pipe->valid() && reads < 64 && (got = read(pipe->get(), bytes.data(), bytes.size())) > 0; ++reads) {
      output_.append(bytes.data(), static_cast<std::size_t>(got));
      // The last words matter.
      if (output_.size() > most_output) output_.erase(0, output_.size() - most_output);
    }
    if (pipe->valid() && got == 0) *pipe = UniqueFd();
  }
}

bool BoundedProgram::wait(milliseconds time) {
  const auto deadline = std::min(Clock::now() + time, give_up_);
  while (child_.pid != 0) {
    std::array<pollfd, 3> asked = {{{child_.pidfd.get(), POLLIN, 0},
                                    {child_.stdout_pipe.valid() ? child_.stdout_pipe.get() : -1, POLLIN, 0},
                                    {child_.stderr_pipe.valid() ? child_.stderr_pipe.get() : -1, POLLIN, 0}}};
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    const int ready = poll(asked.data(), asked.size(), static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) take_output();
    if (ready > 0 && asked[0].revents != 0) {
      take_output();
      if (const auto ended = reap(std::exchange(child_.pid, 0))) status_ = *ended;
    } else if (Clock::now() >= give_up_) {
      kill_all(child_.pid);
      if (is_readable(child_.pidfd.get(), kill_bound)) (void)reap(child_.pid);
      child_.pid = 0;
    } else if (Clock::now() >= deadline) {
      return false;
    }
  }
  return true;
}

}  // namespace smlaunch
