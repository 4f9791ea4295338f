// SPDX-License-Identifier: Apache-2.0
#include "launcher/code/code_messages.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

CodeEnd make_failure() {
  return {.failure_class = FailureClass::install_module,
          .message = "algo-2: pip \xFF exited",
          .failure = "InstallModuleError:\n"};
}

TEST(CodeMessages, ArriveAsTheyWere) {
  const CodeRequest request{.host = "algo-2",
                            .code = "/opt/ml/code",
                            .module_dir = "s3://b/k",
                            .program = "train.py",
                            .is_trainer = true,
                            .requirements = "more.txt",
                            .python = "/usr/bin/python3",
                            .region = "us-west-2",
                            .is_quiet = true,
                            .terminal_width = 100,
                            .leader_environment = {{"A", "\xFF\n"}}};
  const auto decoded = decode_code_request(encode(request));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->host, "algo-2");
  EXPECT_EQ(decoded->code, "/opt/ml/code");
  EXPECT_EQ(decoded->module_dir, "s3://b/k");
  EXPECT_EQ(decoded->program, "train.py");
  EXPECT_TRUE(decoded->is_trainer);
  EXPECT_EQ(decoded->requirements, "more.txt");
  EXPECT_EQ(decoded->python, "/usr/bin/python3");
  EXPECT_EQ(decoded->region, "us-west-2");
  EXPECT_TRUE(decoded->is_quiet);
  EXPECT_EQ(decoded->terminal_width, 100U);
  EXPECT_EQ(decoded->leader_environment, request.leader_environment);
  EXPECT_FALSE(decode_code_request("no request"));
  EXPECT_FALSE(decode_code_end(""));
}

TEST(CodeAnswer, IsFoundAmongOtherLines) {
  const std::string line = render_code_answer(make_failure());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const std::string before : {"", "smlaunch 0.1.0\n", "welcome\nto code: \n"}) {
    const auto end = parse_code_answer(before + line + "goodbye\n");
    ASSERT_TRUE(end) << before;
    EXPECT_FALSE(end->is_ready);
    EXPECT_EQ(end->failure_class, FailureClass::install_module);
    EXPECT_EQ(end->message, make_failure().message);
    EXPECT_EQ(end->failure, make_failure().failure);
  }
  for (const char* text : {"", "smlaunch 0.1.0\n", "code: \n", "code: 12zz\n", "code: 00\n"})
    EXPECT_FALSE(parse_code_answer(text)) << text;
}

TEST(CodeFailure, NamesTheHostBeforeEveryProblem) {
  const CodeEnd end =
      code_failure("algo-2", {Fault::configuration, {{"where", "what", "remedy"}, {"there", "that", ""}}});
  EXPECT_EQ(end.message, "algo-2: where: what; remedy\nalgo-2: there: that");
  EXPECT_EQ(end.failure_class, FailureClass::configuration);
  EXPECT_EQ(end.failure, "configuration: algo-2: where: what; remedy\nalgo-2: there: that\n");
  EXPECT_EQ(code_failure("a", {Fault::start, {{"w", "x", ""}}}).failure_class, FailureClass::start);
}

}  // namespace
}  // namespace smlaunch
