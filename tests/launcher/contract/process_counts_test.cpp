// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/process_counts.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

constexpr const char* per_host = "sagemaker_mpi_num_of_processes_per_host";
constexpr const char* in_all = "sagemaker_mpi_num_processes";

// "PER_HOST IN_ALL", "-" for what is not said; or what is wrong, one problem a line.
std::string counts(const Container& container, LauncherKind launcher) {
  const auto read = parse_process_counts(container.environment(), launcher);
  std::string text;
  if (!read) {
    EXPECT_EQ(read.error().fault, Fault::configuration);
    for (const Problem& problem : read.error().problems) {
      const std::string file = (container.path() / "input/config/hyperparameters.json").native() + ": ";
      EXPECT_TRUE(problem.where.starts_with(file)) << problem.where;
      text += (text.empty() ? "" : "\n") + problem.where.substr(file.size()) + ": " + problem.what;
    }
    return text;
  }
  text = read->per_host ? std::to_string(*read->per_host) : "-";
  return text + " " + (read->in_all ? std::to_string(*read->in_all) : "-");
}

std::string counts(const std::string& key, const std::string& value, LauncherKind launcher) {
  return counts(Container("{\"" + key + "\": " + value + "}"), launcher);
}

TEST(ProcessCounts, AreWholeNumbersAboveZero) {
  const std::pair<const char*, const char*> wrong[] = {
      {"\"-2\"", "must be a whole number above 0, not -2"},
      {"\"eight\"", "must be a whole number above 0, not \"eight\""},
      {"\"8.0\"", "must be a whole number above 0, not 8.0"},
      {"\"true\"", "must be a whole number above 0, not true"},
      {"\"[8]\"", "must be a whole number above 0, not a list"},
      {"\"\\\"0\\\"\"", "must be a whole number above 0, not \"0\""},
      {"\"99999999999\"", "is too large: 99999999999"},
      {"\"-99999999999\"", "must be a whole number above 0, not -99999999999"},
  };
  for (const char* key : {per_host, in_all}) {
    for (const auto& [value, what] : wrong)
      EXPECT_EQ(counts(key, value, LauncherKind::mpi), std::string(key) + ": " + what);
    const bool is_per_host = key == std::string(per_host);
    for (const char* value : {"\"8\"", "8", "\"\\\"8\\\"\""})
      EXPECT_EQ(counts(key, value, LauncherKind::mpi), is_per_host ? "8 -" : "- 8") << value;
    EXPECT_EQ(counts(key, "\"null\"", LauncherKind::mpi), "- -");
  }
}

TEST(ProcessCounts, OfAllRanksThatAreFalseAreNotSaid) {
  for (const char* value : {"0", "\"0\"", "\"\"", "\"\\\"\\\"\"", "\"false\"", "\"[]\""}) {
    EXPECT_EQ(counts(in_all, value, LauncherKind::mpi), "- -") << value;
    EXPECT_NE(counts(per_host, value, LauncherKind::mpi), "- -") << value;
  }
  EXPECT_EQ(counts(per_host, "0", LauncherKind::mpi),
            std::string(per_host) + ": must be a whole number above 0, not 0");
}

TEST(ProcessCounts, MatterOnlyToLaunchersThatUseThem) {
  const Container both(
      R"({"sagemaker_mpi_num_of_processes_per_host": "x", "sagemaker_mpi_num_processes": "y"})");
  const std::string first = std::string(per_host) + ": must be a whole number above 0, not \"x\"";
  const std::string second = std::string(in_all) + ": must be a whole number above 0, not \"y\"";
  EXPECT_EQ(counts(both, LauncherKind::mpi), first + "\n" + second);
  for (const auto launcher : {LauncherKind::ddp, LauncherKind::smddp, LauncherKind::torchrun})
    EXPECT_EQ(counts(both, launcher), first) << to_string(launcher);
  for (const auto launcher : {LauncherKind::process, LauncherKind::xla})
    EXPECT_EQ(counts(both, launcher), "- -") << to_string(launcher);
}

TEST(ProcessCounts, OfChainersModuleHaveOtherNamesBeforeThese) {
  const auto of_chainer = [](const std::string& hyperparameters) {
    Container chainer("{\"sagemaker_program\": \"train.py\", " + hyperparameters + "}");
    chainer.request.variables["SAGEMAKER_TRAINING_MODULE"] = "sagemaker_chainer_container.training:main";
    return counts(chainer, LauncherKind::mpi);
  };
  EXPECT_EQ(of_chainer(R"("sagemaker_process_slots_per_host": "2", "sagemaker_num_processes": "3",
      "sagemaker_mpi_num_of_processes_per_host": "x", "sagemaker_mpi_num_processes": "x")"),
            "2 3");
  EXPECT_EQ(of_chainer(R"("sagemaker_mpi_num_of_processes_per_host": 4, "sagemaker_mpi_num_processes": 5)"),
            "4 5");
  EXPECT_EQ(of_chainer(R"("sagemaker_process_slots_per_host": 0, "sagemaker_num_processes": "",
      "sagemaker_mpi_num_of_processes_per_host": 4, "sagemaker_mpi_num_processes": 5)"),
            "4 5");
  EXPECT_EQ(of_chainer(R"("sagemaker_process_slots_per_host": 0)"), "- -");
  EXPECT_EQ(of_chainer(R"("sagemaker_num_processes": "x", "sagemaker_mpi_num_processes": 5)"),
            "sagemaker_num_processes: must be a whole number above 0, not \"x\"");
}

TEST(ProcessCounts, NameTheHyperparameterThatCounts) {
  Container chainer(R"({"sagemaker_program": "train.py", "sagemaker_process_slots_per_host": 2,
      "sagemaker_mpi_num_processes": 3})");
  chainer.request.variables["SAGEMAKER_TRAINING_MODULE"] = "sagemaker_chainer_container.training:main";
  const auto read = parse_process_counts(chainer.environment(), LauncherKind::mpi);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->per_host_source, "hyperparameter sagemaker_process_slots_per_host");
  EXPECT_EQ(read->in_all_key, in_all);
}

}  // namespace
}  // namespace smlaunch
