// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/paths.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Paths, LieUnderTheBase) {
  const Paths paths = make_paths("/opt/ml");
  EXPECT_EQ(paths.code, "/opt/ml/code");
  EXPECT_EQ(paths.input_config, "/opt/ml/input/config");
  EXPECT_EQ(paths.input_data, "/opt/ml/input/data");
  EXPECT_EQ(paths.output_intermediate, "/opt/ml/output/intermediate");
  EXPECT_EQ(paths.own, "/opt/ml/output/data/smlaunch");
  EXPECT_EQ(paths.success, "/opt/ml/output/success");
  EXPECT_EQ(paths.failure, "/opt/ml/output/failure");
}

TEST(Paths, ABaseIsMadeAbsoluteAndPlain) {
  const auto here = std::filesystem::current_path();
  const std::pair<const char*, std::filesystem::path> table[] = {
      {"/opt/ml/", "/opt/ml"}, {"/opt//ml/.", "/opt/ml"}, {"/a/b/../c", "/a/c"}, {"/", "/"}, {".", here},
      {"x", here / "x"},       {"./x/", here / "x"},
  };
  for (const auto& [base, absolute] : table) EXPECT_EQ(make_paths(base).base, absolute) << base;
}

}  // namespace
}  // namespace smlaunch
