// SPDX-License-Identifier: Apache-2.0
// The words about pip's failures; the rest is in tests/process/install_test.sh.
#include "launcher/code/prepare_code.hpp"

#include <gtest/gtest.h>

#include "launcher/code/pip_process.hpp"

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;

std::string choose_pip_line(const Lines& lines) {
  return choose_pip_reason(lines).value_or(PipReason{}).text;
}

TEST(ChoosePipLine, IsTheLastErrorOrElseTheLastLine) {
  EXPECT_EQ(choose_pip_line({"ERROR: first", "ERROR: second", "", "note: see above"}), "ERROR: second");
  EXPECT_EQ(choose_pip_line({"error: externally-managed-environment", "", "hint: See PEP 668."}),
            "error: externally-managed-environment");
  EXPECT_EQ(choose_pip_line({"one", "two", " "}), "two");
  EXPECT_EQ(choose_pip_line({}), "");
  EXPECT_EQ(choose_pip_line({"      RuntimeError: needs nvcc", "      [end of output]",
                             "error: metadata-generation-failed", "", "note: This is an issue", "see it"}),
            "error: metadata-generation-failed: RuntimeError: needs nvcc");
}

TEST(ChoosePipRemedy, IsThereWhereOneIsKnown) {
  EXPECT_NE(choose_pip_remedy({"error: externally-managed-environment"}), "");
  EXPECT_NE(choose_pip_remedy({"/usr/bin/python3: No module named pip"}), "");
  EXPECT_EQ(choose_pip_remedy({"ERROR: No matching distribution found for x"}), "");
}

TEST(RenderInstallFailure, IsTheToolkitsWithTheHost) {
  EXPECT_EQ(
      render_install_failure("InstallRequirementsError", 1, "algo-2", {"python3", "-m", "pip"},
                             {"ERROR: a", "ERROR: b"}),
      "InstallRequirementsError:\nExitCode 1\nErrorMessage \"ERROR: a\nERROR: b\"\nExtraInfo \"algo-2\"\n"
      "Command \"python3 -m pip\"\n");
}

TEST(RenderInstallFailure, FitsIntoWhatIsShownAndHasAllLinesBehindThat) {
  Lines lines;
  for (int i = 0; i < 150; ++i) lines.push_back("a line of pip's, number " + std::to_string(i));
  lines.push_back(std::string(1000, 'x'));
  const std::string text = render_install_failure("InstallModuleError", 1, "algo-2", {"python3"}, lines);
  const std::string shown = text.substr(0, 1024);
  EXPECT_NE(shown.find("Command \"python3\"\n"), std::string::npos);
  EXPECT_NE(shown.find("number 149\n" + std::string(300, 'x') + "[...]\""), std::string::npos);
  EXPECT_EQ(shown.find("number 100\n"), std::string::npos);
  EXPECT_NE(text.find("\nall last lines of pip on algo-2:\na line of pip's, number 51\n"), std::string::npos);
}

TEST(RenderInstallFailure, HasTheReasonFirstWhereItIsNotAmongTheLastLines) {
  Lines lines = {"ERROR: no wheel"};
  for (int i = 0; i < 150; ++i) lines.push_back("a line of pip's, number " + std::to_string(i));
  const std::string text = render_install_failure("InstallModuleError", 1, "algo-2", {"python3"}, lines);
  EXPECT_TRUE(
      text.starts_with("InstallModuleError:\nExitCode 1\nErrorMessage \"ERROR: no wheel\n[...]\na line"))
      << text;
  EXPECT_NE(text.substr(0, 1024).find("number 149\"\nExtraInfo \"algo-2\"\nCommand \"python3\"\n"),
            std::string::npos);
}

TEST(RenderInstallFailure, DoesNotRepeatAReasonOfSeveralLinesThatAreAllShown) {
  const Lines build = {"      RuntimeError: needs nvcc", "      [end of output]",
                       "error: metadata-generation-failed"};
  EXPECT_EQ(choose_pip_reason(build)->first_line, 0U);
  EXPECT_EQ(render_install_failure("InstallModuleError", 1, "algo-2", {"python3"}, build),
            "InstallModuleError:\nExitCode 1\nErrorMessage \"      RuntimeError: needs nvcc\n      [end of "
            "output]\nerror: metadata-generation-failed\"\nExtraInfo \"algo-2\"\nCommand \"python3\"\n");
}

TEST(RenderInstallFailure, HasTheReasonFirstWhereOnlyAnEqualLineIsShown) {
  Lines lines = {"ERROR: no wheel", std::string(299, 'a'), std::string(299, 'b'), std::string(299, 'c'),
                 "note: ERROR: no wheel"};
  const std::string text = render_install_failure("InstallModuleError", 1, "algo-2", {"python3"}, lines);
  EXPECT_TRUE(text.starts_with("InstallModuleError:\nExitCode 1\nErrorMessage \"ERROR: no wheel\n[...]\n"))
      << text;
}

}  // namespace
}  // namespace smlaunch
