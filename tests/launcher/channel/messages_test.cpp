// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/messages.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <limits>

#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/inspect/nccl_ras.hpp"
#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {
namespace {

using namespace std::string_literals;

// What variables and lines may hold, and JSON text may not.
const std::string any_bytes = "nul \0 newline \n broken \xff\xc3 UTF-8 \xf0\x9f\x90\x8e \"\\"s;
constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

TEST(Messages, WelcomeComesBack) {
  const auto welcome = decode_welcome(encode(Welcome{largest}));
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->received, largest);
}

TEST(Messages, HelloComesBack) {
  Hello hello;
  hello.version = "0.1.0";
  hello.host = any_bytes;
  hello.peer = 15999;
  hello.local_rank = 7;
  hello.pid = 4194304;
  auto back = decode_hello(encode(hello));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, "0.1.0");
  EXPECT_EQ(back->host, any_bytes);
  EXPECT_EQ(back->peer, 15999);
  EXPECT_EQ(back->local_rank, 7);
  EXPECT_EQ(back->pid, 4194304);
  EXPECT_EQ(back->master_port, std::nullopt);
  EXPECT_EQ(back->gpus, std::nullopt);
  EXPECT_EQ(back->cpus, std::nullopt);
  hello.master_port = 29500;
  hello.gpus = 8;
  hello.cpus = 192;
  back = decode_hello(encode(hello));
  EXPECT_EQ(back->master_port, 29500);
  EXPECT_EQ(back->gpus, 8);
  EXPECT_EQ(back->cpus, 192);
  EXPECT_TRUE(back->traits.empty() && back->warnings.empty());
  hello.traits = {{"NCCL", "2.18.5"}, {"shape", "0f", true, false}};
  hello.warnings = {{.kind = FindingKind::unusable_gpus,
                     .is_warning = true,
                     .subject = "0000:3b:00.0",
                     .count = 1,
                     .total = 8,
                     .because = {UnusableKind::driver_fails, any_bytes}},
                    {.is_warning = true, .subject = any_bytes}};
  back = decode_hello(encode(hello));
  EXPECT_EQ(back->traits, hello.traits);
  EXPECT_EQ(back->warnings, hello.warnings);
}

TEST(Messages, StartComesBackWhateverVariablesHold) {
  Start start;
  start.variables = {{"SM_HP_X", any_bytes}, {"EMPTY", ""}};
  start.default_variables = {{"OMP_NUM_THREADS", "4"}};
  start.user_variables = {{"A", any_bytes}};
  start.removed_variables = {"OMPI_", "PMIX_"};
  start.leader_environment = {{"PATH", "/bin"}};
  start.working_directory = "/opt/ml/code \xff";
  start.cpus = "0-3";
  start.numa = "1";
  start.own_bind = "gpu";
  start.local_ranks = 8;
  start.forward_output = false;
  start.is_starter = true;
  start.flight_recorder = false;
  start.grace_milliseconds = 3000;
  start.lost_after_milliseconds = 12000;
  start.leader_wait_milliseconds = 13000;
  start.hand_over = any_bytes;
  const auto back = decode_start(encode(start));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->variables, start.variables);
  EXPECT_EQ(back->default_variables, start.default_variables);
  EXPECT_EQ(back->user_variables, start.user_variables);
  EXPECT_EQ(back->removed_variables, start.removed_variables);
  EXPECT_EQ(back->leader_environment, start.leader_environment);
  EXPECT_EQ(back->working_directory, start.working_directory);
  EXPECT_EQ(back->cpus, "0-3");
  EXPECT_EQ(back->numa, "1");
  EXPECT_EQ(back->own_bind, "gpu");
  EXPECT_FALSE(back->forward_output);
  EXPECT_TRUE(back->is_starter);
  EXPECT_FALSE(back->flight_recorder);
  EXPECT_EQ(back->local_ranks, 8);
  EXPECT_EQ(back->grace_milliseconds, 3000);
  EXPECT_EQ(back->lost_after_milliseconds, 12000);
  EXPECT_EQ(back->leader_wait_milliseconds, 13000);
  EXPECT_EQ(back->hand_over, any_bytes);
}

TEST(Messages, StartedComesBack) {
  Started started;
  started.pid = 77;
  started.time_ns = largest;
  started.cpus = "0-3";
  started.numa = "1";
  started.chosen_cpus = "0-7";
  started.host_cpus = 192;
  started.host_gpus = 8;
  started.binding_notes = {{.kind = BindingNoteKind::memory_refused, .asked = any_bytes, .error = EPERM},
                           {.kind = BindingNoteKind::other_cpus, .asked = "0-3", .given = "0"}};
  const auto back = decode_started(encode(started));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->pid, 77);
  EXPECT_EQ(back->time_ns, largest);
  EXPECT_EQ(back->cpus, "0-3");
  EXPECT_EQ(back->numa, "1");
  EXPECT_EQ(back->chosen_cpus, "0-7");
  EXPECT_EQ(back->host_cpus, 192);
  EXPECT_EQ(back->host_gpus, 8);
  EXPECT_EQ(back->binding_notes, started.binding_notes);
}

TEST(Messages, EndedComesBackHoweverItEnded) {
  for (const ExitStatus& status :
       {ExitStatus{Exited{0}}, ExitStatus{Exited{255}}, ExitStatus{Signaled{SIGKILL, false}},
        ExitStatus{Signaled{SIGSEGV, true}}}) {
    const Ended sent = {.end = {.status = status,
                                .told_to_stop = true,
                                .last_lines = {any_bytes, ""},
                                .failed_rank = 9,
                                .oom_kills = 2,
                                .earlier_oom_kills = 3},
                        .time_ns = largest,
                        .waited_ns = largest,
                        .traceback_ns = 7};
    const auto back = decode_ended(encode(sent));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->end.status, status);
    EXPECT_EQ(back->time_ns, largest);
    EXPECT_EQ(back->waited_ns, largest);
    EXPECT_EQ(back->traceback_ns, 7U);
    EXPECT_EQ(back->end.oom_kills, 2);
    EXPECT_EQ(back->end.earlier_oom_kills, 3);
    EXPECT_EQ(back->end.failed_rank, 9);
    EXPECT_TRUE(back->end.told_to_stop);
    EXPECT_EQ(back->end.last_lines, (std::vector<std::string>{any_bytes, ""}));
    EXPECT_EQ(decode_ended(encode(Ended{.end = {.status = status}}))->end.failed_rank, std::nullopt);
  }
}

TEST(Messages, PongComesBack) {
  const auto back = decode_pong(encode(Pong{1, largest, 3, 4}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->leader_ns, 1U);
  EXPECT_EQ(back->agent_ns, largest);
  EXPECT_EQ(back->output_ns, 3U);
  EXPECT_EQ(back->cpu_ns, 4U);
}

TEST(Messages, WhatARankIsDoingComesBack) {
  RankState state;
  state.processes = {{12, any_bytes, 'D', 3, "futex_wait", {"a", "b"}, {"train.py:1 in f"}},
                     {13, "", '?', 1, "", {}, {}}};
  state.primary = 1;
  state.python_source = "py-spy";
  state.nccl_ras = any_bytes;
  state.processes.front().rank = 3;
  state.more_comes = true;
  state.processes.front().has_thread = true;
  state.processes.front().told = any_bytes;
  state.processes.front().native_stacks = {{.threads = 1, .frames = {"libc.so.6 in poll", any_bytes}},
                                           {.threads = 7, .frames = {}}};
  state.processes.front().native_source = NativeSource::gdb;
  state.processes.front().addresses = {"198.18.0.1", "2001:db8::1"};
  state.processes.front().unanswered = {{.address = "198.18.0.3", .milliseconds = 11000}};
  EXPECT_EQ(decode_rank_state(encode(state)), state);
  EXPECT_FALSE(decode_rank_state("x"));
}

TEST(Messages, WhatIsWantedOfARankComesBack) {
  for (const Inspection how :
       {Inspection::look, Inspection::look_closely, Inspection::ask, Inspection::ask_nccl})
    EXPECT_EQ(decode_inspection(encode(how)), how);
}

TEST(Messages, WhatAWorkerIsToldComesBack) {
  const auto end = decode_job_end(encode(JobEnd{"failure", 137, any_bytes, "text\n", "hash"}));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, "failure");
  EXPECT_EQ(end->exit_code, 137);
  EXPECT_EQ(end->message, any_bytes);
  EXPECT_EQ(end->failure, "text\n");
  EXPECT_EQ(end->plan_hash, "hash");

  HandOver hand_over;
  hand_over.channel_host = "10.0.0.1";
  hand_over.channel_port = 40000;
  hand_over.token = "secret";
  hand_over.job = "job";
  hand_over.world_size = 16;
  hand_over.hosts = {"algo-1", "algo-2"};
  hand_over.plan_hash = "hash";
  hand_over.first_node_rank = 3;
  const auto back = decode_hand_over(encode(hand_over));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->channel_host, "10.0.0.1");
  EXPECT_EQ(back->channel_port, 40000);
  EXPECT_EQ(back->token, "secret");
  EXPECT_EQ(back->job, "job");
  EXPECT_EQ(back->world_size, 16);
  EXPECT_EQ(back->hosts, hand_over.hosts);
  EXPECT_EQ(back->plan_hash, "hash");
  EXPECT_EQ(back->first_node_rank, 3);
}

TEST(Messages, NumbersComeBack) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, largest})
    EXPECT_EQ(decode_number(encode_number(number)), number);
  for (const char* text : {"", "-1", "1x", " 1", "18446744073709551616"})
    EXPECT_EQ(decode_number(text), std::nullopt) << text;
}

TEST(Messages, OthersBytesAreNoMessage) {
  const std::string hello = encode(Hello{});
  for (const std::string& text :
       {""s, "GET / HTTP/1.1"s, "\xc1"s, "{\"nonce\": 1}"s, hello.substr(0, hello.size() / 2)}) {
    EXPECT_FALSE(decode_hello(text));
    EXPECT_FALSE(decode_welcome(text));
    EXPECT_FALSE(decode_start(text));
    EXPECT_FALSE(decode_started(text));
    EXPECT_FALSE(decode_ended(text));
    EXPECT_FALSE(decode_pong(text));
    EXPECT_FALSE(decode_job_end(text));
    EXPECT_FALSE(decode_hand_over(text));
  }
  EXPECT_FALSE(decode_start(hello)) << "another message is not this one";
  EXPECT_FALSE(decode_ended(encode(Pong{})));
}

// A parser that recurses would overflow its stack long before.
TEST(Messages, WhatIsNestedDeeperThanAnyMessageIsNone) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '\x91') + '\xc0'; };
  EXPECT_TRUE(is_flat_message_pack(nested(deepest_message)));
  EXPECT_FALSE(is_flat_message_pack(nested(deepest_message + 1)));
  EXPECT_FALSE(is_flat_message_pack(nested(10'000'000)));
  EXPECT_FALSE(decode_hello(nested(10'000'000)));
  std::string maps;
  for (int i = 0; i < 1'000'000; ++i) maps += "\x81\xa1x"s;
  EXPECT_FALSE(decode_rank_state(maps));
}

TEST(Messages, ANumberThatItsFieldCannotHaveIsNoMessage) {
  const auto ended = [](const nlohmann::json& changes) {
    nlohmann::json json = {{"exit_code", 3},        {"time_ns", 1},
                           {"waited_ns", 0},        {"traceback_ns", 0},
                           {"told_to_stop", false}, {"last_lines", nlohmann::json::array()},
                           {"oom_kills", 0},        {"earlier_oom_kills", 0}};
    json.update(changes);
    return decode_ended(pack(json));
  };
  EXPECT_TRUE(ended(nlohmann::json::object()));
  EXPECT_TRUE(ended({{"signal", 64}, {"core_dumped", true}}));
  for (const nlohmann::json& changes : std::vector<nlohmann::json>{{{"exit_code", 256}},
                                                                   {{"exit_code", -1}},
                                                                   {{"exit_code", 3.5}},
                                                                   {{"exit_code", "3"}},
                                                                   {{"signal", -5}, {"core_dumped", false}},
                                                                   {{"signal", 0}, {"core_dumped", false}},
                                                                   {{"signal", 65}, {"core_dumped", false}},
                                                                   {{"time_ns", -1}},
                                                                   {{"time_ns", 1e300}},
                                                                   {{"oom_kills", -1}},
                                                                   {{"failed_rank", -1}}})
    EXPECT_FALSE(ended(changes)) << changes;
  Hello hello;
  hello.peer = -1;
  EXPECT_FALSE(decode_hello(encode(hello)));
  RankState state;
  state.primary = 1;
  EXPECT_FALSE(decode_rank_state(encode(state))) << "it has no second process";
  state.primary = 0;
  state.processes.emplace_back();
  state.processes.front().told = std::string(most_told, 'x');
  EXPECT_TRUE(decode_rank_state(encode(state)));
  state.processes.front().told += 'x';
  EXPECT_FALSE(decode_rank_state(encode(state))) << "no process tells so much";
  state.processes.front().told.clear();
  state.processes.front().native_stacks.resize(most_native_stacks, {.threads = 1, .frames = {}});
  EXPECT_TRUE(decode_rank_state(encode(state)));
  state.processes.front().native_stacks.emplace_back().threads = 1;
  EXPECT_FALSE(decode_rank_state(encode(state))) << "so many stacks are joined";
  state.processes.front().native_stacks.clear();
  state.processes.front().unanswered.resize(most_unanswered_peers + 1);
  EXPECT_FALSE(decode_rank_state(encode(state))) << "so many peers are not told";
  state.processes.front().unanswered = {{.address = std::string(65, '1'), .milliseconds = 0}};
  EXPECT_FALSE(decode_rank_state(encode(state))) << "no address is so long";
  state.processes.front().unanswered = {{.address = "198.18.0.3", .milliseconds = -1}};
  EXPECT_FALSE(decode_rank_state(encode(state)));
  state.processes.front().unanswered.clear();
  state.processes.front().addresses.resize(most_own_addresses + 1);
  EXPECT_FALSE(decode_rank_state(encode(state))) << "so many addresses are not told";
  state.processes.clear();
  state.nccl_ras = std::string(most_ras, 'x');
  EXPECT_TRUE(decode_rank_state(encode(state)));
  state.nccl_ras += 'x';
  EXPECT_FALSE(decode_rank_state(encode(state))) << "nor does NCCL";
}

// A version to come may say more.
TEST(Messages, UnknownKeysAreNoError) {
  EXPECT_TRUE(decode_welcome(pack({{"received", 7}, {"more", {1, 2}}})));
}

}  // namespace
}  // namespace smlaunch
