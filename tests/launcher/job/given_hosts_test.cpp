// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "launcher/job/given_hosts.hpp"
#include "launcher/job/job_environment.hpp"
#include "tests/launcher/job/small_facts.hpp"

namespace smlaunch {
namespace {

// A pipe that holds `text` and is closed behind it.
class FilledPipe {
 public:
  explicit FilledPipe(const std::string& text) {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends_[1]);
  }
  FilledPipe(const FilledPipe&) = delete;
  FilledPipe& operator=(const FilledPipe&) = delete;
  ~FilledPipe() { close(ends_[0]); }
  [[nodiscard]] int end() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

Options with_hostfile(const std::string& name) {
  Options options;
  options.hostfile = name;
  return options;
}

Result<GivenHostSlots> read_hosts(const Options& options) {
  NameBook names;
  return read_given_hosts(options, names);
}

const std::vector<HostSlots> one_host = {{"localhost", 2}};

TEST(ReadGivenHosts, IsNothingWhereNoneWereGiven) { EXPECT_FALSE(value_of(read_hosts({}))); }

TEST(ReadGivenHosts, ReadsAHostfileOutOfAPipe) {
  const FilledPipe pipe("localhost slots=2\n");
  EXPECT_EQ(value_of(read_hosts(with_hostfile(fmt::format("/dev/fd/{}", pipe.end())))), one_host);
}

TEST(ReadGivenHosts, ReadsAHostfileFromStdin) {
  const int own_stdin = dup(STDIN_FILENO);
  for (const char* name : {"-", "/dev/stdin"}) {
    const FilledPipe pipe("localhost slots=2\n");
    dup2(pipe.end(), STDIN_FILENO);
    EXPECT_EQ(value_of(read_hosts(with_hostfile(name))), one_host) << name;
  }
  const FilledPipe wrong("localhost slots=none\n");
  dup2(wrong.end(), STDIN_FILENO);
  EXPECT_EQ(first_problem(read_hosts(with_hostfile("-"))),
            "stdin:1: 'none' is no number of slots from 1 to 65536");
  dup2(own_stdin, STDIN_FILENO);
  close(own_stdin);
}

TEST(ReadGivenHosts, RefusesWhatIsNoListOfHosts) {
  EXPECT_EQ(first_problem(read_hosts(with_hostfile("/nowhere"))),
            "--hostfile /nowhere: cannot be read: No such file or directory");
  EXPECT_EQ(first_problem(read_hosts(with_hostfile("/dev/zero"))),
            "--hostfile /dev/zero: is a device, not a file");
  EXPECT_EQ(first_problem(read_hosts(with_hostfile("/tmp"))), "--hostfile /tmp: is a folder");
  Options both = with_hostfile("/nowhere");
  both.hosts = "a";
  EXPECT_EQ(first_problem(read_hosts(both)), "--hosts: does not go with --hostfile");
}

std::string named_for_others(std::vector<HostSlots> hosts, const Routes& routes) {
  const auto named = name_for_others(
      hosts, [&](const std::vector<std::string>&) { return routes; }, Fault::usage, "--hosts");
  if (!named) return named.error().problems.front().what;
  std::string names;
  for (const HostSlots& host : hosts) names += (names.empty() ? "" : " ") + host.name;
  return names;
}

TEST(NameForOthers, CallsLocalhostByTheAddressThatTheOthersReach) {
  for (const char* own : {"localhost", "127.0.0.1", "127.0.1.1", "::1", "my.localhost"}) {
    EXPECT_EQ(named_for_others({{own, 4}, {"b", 4}}, {{"b", "10.0.0.1"}}), "10.0.0.1 b") << own;
    EXPECT_EQ(named_for_others({{"b", 4}, {own, 4}, {"c", 1}}, {{"b", ""}, {"c", "10.0.0.1"}}),
              "b 10.0.0.1 c");
  }
}

TEST(NameForOthers, LeavesWhatIsNoOthersOrOnlyThisMachines) {
  EXPECT_EQ(named_for_others({{"localhost", 4}}, {}), "localhost");
  EXPECT_EQ(named_for_others({{"a", 4}, {"b", 4}}, {}), "a b");
  EXPECT_EQ(named_for_others({{"localhost", 1}, {"127.0.0.1", 1}}, {}), "localhost 127.0.0.1");
  EXPECT_EQ(named_for_others({{"localhost", 1}, {"here", 1}}, {{"here", "127.0.0.1"}}), "localhost here");
}

TEST(NameForOthers, RefusesWhatTheyWouldNotFind) {
  EXPECT_EQ(named_for_others({{"localhost", 1}, {"b", 1}}, {}),
            "'localhost' means another machine to every other host, and no address of this one is known at "
            "which b would reach it");
  EXPECT_FALSE(named_for_others({{"localhost", 1}, {"b", 1}}, {{"b", "fe80::1"}}).starts_with("fe80"));
  EXPECT_EQ(named_for_others({{"localhost", 1}, {"10.0.0.1", 1}}, {{"10.0.0.1", "10.0.0.1"}}),
            "'localhost' and 10.0.0.1 are both this machine");
  EXPECT_EQ(named_for_others({{"localhost", 1}, {"127.0.0.1", 1}, {"b", 1}}, {{"b", "10.0.0.1"}}),
            "'localhost' is not this machine's only name beside hosts that are others");
}

TEST(CheckCommandLine, RefusesOnlyWhatStandsOnIt) {
  Options options;
  options.hosts = "a,,b";
  EXPECT_FALSE(check_command_line(options, find_job_hosts(options, {})));
  EXPECT_TRUE(check_command_line({}, find_job_hosts(with_hostfile("/nowhere"), {}))) << "that fails the job";
  options = {};
  options.entry_point = {"-m"};
  EXPECT_EQ(first_problem(check_command_line(options, JobHosts())),
            "-- -m: is not followed by the name of a module");
}

}  // namespace
}  // namespace smlaunch
