// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/hyperparameters.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

Hyperparameters split(const char* json) { return split_hyperparameters(*parse_python_json(json)->dict()); }

TEST(Hyperparameters, TextThatIsJsonIsDecodedAndAllElseKept) {
  const Hyperparameters hyperparameters = split(
      R"({"a": "1", "b": "1.", "c": "{not json", "d": "\"x\"", "e": 5, "f": [1, "a"],
              "g": "", "h": "True"})");
  EXPECT_EQ(python_repr({hyperparameters.user}),
            "{'a': 1, 'b': '1.', 'c': '{not json', 'd': 'x', 'e': 5, 'f': [1, 'a'], 'g': '', 'h': 'True'}");
}

TEST(Hyperparameters, AreTheUsersTheToolkitsOrTheFrameworks) {
  const Hyperparameters hyperparameters = split(
      R"({"lr": "1", "sagemaker_program": "p", "sagemaker_submit_directory": "s", "sagemaker_region": "r",
          "sagemaker_enable_cloudwatch_metrics": "true", "sagemaker_container_log_level": "20",
          "sagemaker_job_name": "j", "sagemaker_s3_output": "o", "_tuning_objective_metric": "t",
          "default_user_module_name": "d", "sagemaker_mpi_enabled": "true", "sagemaker_new": "x"})");
  EXPECT_EQ(python_json_dumps({hyperparameters.user}), R"({"lr":1})");
  EXPECT_EQ(python_json_dumps({hyperparameters.framework}),
            R"({"sagemaker_mpi_enabled":true,"sagemaker_new":"x"})");
  EXPECT_EQ(hyperparameters.sagemaker.size(), 11U);
}

TEST(Hyperparameters, ArgumentsAreSortedAndPrintedAsPythonPrintsThem) {
  const Hyperparameters hyperparameters = split(
      R"({"z": "1e-5", "alpha": "1000.0", "n": "null", "t": "true", "l": "[1, \"it's\", null]", "x": "",
          "dict": "{\"k\": 1, \"b\": [true], \"n\": null, \"s\": \"x=y\"}", "": "\"empty name\"",
          "\u00e9": "1",
          "empty": "{}", "big": "1e16"})");
  const std::vector<std::string> expected = {"",        "empty name", "--alpha", "1000.0",
                                             "--big",   "1e+16",      "--dict",  "b=[True],k=1,n=None,s=x=y",
                                             "--empty", "",           "-l",      "[1, \"it's\", None]",
                                             "-n",      "",           "-t",      "True",
                                             "-x",      "",           "-z",      "1e-05",
                                             "-\u00e9", "1"};
  EXPECT_EQ(command_arguments(hyperparameters.user), expected);
}

TEST(Hyperparameters, VariablesHoldTextAsItIsAndAllElseAsJson) {
  EXPECT_EQ(variable_value({PyNone{}}), "");
  EXPECT_EQ(variable_value({std::string("a \"b\"")}), "a \"b\"");
  EXPECT_EQ(variable_value({true}), "true");
  EXPECT_EQ(variable_value(*parse_python_json(R"({"b": 1.0, "a": "é"})")), R"({"a":"\u00e9","b":1.0})");
}

TEST(Hyperparameters, BytesThatPythonSmugglesInSurrogatesComeOut) {
  EXPECT_EQ(system_bytes("a\xED\xB2\x80"), "a\x80");
  EXPECT_EQ(system_bytes("a\xED\xA0\x80"), std::nullopt);
  EXPECT_EQ(system_bytes(std::string_view("a\0", 2)), std::nullopt);
  EXPECT_EQ(system_bytes("\u4E2D"), "\u4E2D");
}

TEST(Hyperparameters, WhatNoProcessCanBeGivenIsNamed) {
  const std::pair<const char*, const char*> table[] = {
      {R"({"a=b": "1"})", "[\"a=b\"]: the name holds '=', so no SM_HP_ variable can have it"},
      {R"({"a\u0000": "1"})", R"(["a\u0000"]: the name holds a NUL byte, so no SM_HP_ variable can have it)"},
      {R"({"\ud800": "1"})",
       R"(["\ud800"]: the name holds a lone surrogate, so no SM_HP_ variable can have it)"},
      {R"({"lr": "a\u0000"})",
       "lr: the value holds a character that no argument can hold (NUL or a lone surrogate)"},
      {R"({"lr": "{\"k\": \"\\u0000\"}"})",
       "lr: the value holds a character that no argument can hold (NUL or a lone surrogate)"},
  };
  for (const auto& [json, message] : table) {
    EXPECT_EQ(Container(json).problems(), std::string("BASE/input/config/hyperparameters.json: ") + message);
  }
  EXPECT_EQ(
      Container(R"({"a b": "\"\\u0000\\ud800 as text\"", "l": "[\"\\u0000\"]", "d": "\udc80"})").problems(),
      "BASE/input/config/hyperparameters.json: [\"a b\"]: the value holds a character that no argument can "
      "hold (NUL or a lone surrogate)");
}

}  // namespace
}  // namespace smlaunch
