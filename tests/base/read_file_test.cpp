// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most = std::size_t{1} << 20U;

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "read-file-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& text) const {
    std::ofstream(path / "file", std::ios::binary) << text;
    return (path / "file").string();
  }
  [[nodiscard]] std::string fifo() const {
    const std::string name = (path / "fifo").string();
    EXPECT_EQ(mkfifo(name.c_str(), 0600), 0);
    return name;
  }
  std::filesystem::path path;
};

std::string problem_of(const Result<std::string>& result) {
  return result ? "none" : result.error().problems.front().what;
}

TEST(ReadGivenFile, HasTheWholeFile) {
  const Folder folder;
  const std::string text("a\0b\n", 4);
  EXPECT_EQ(read_given_file(folder.file(text), most).value(), text);
  EXPECT_EQ(read_given_file(folder.file(""), most).value(), "");
  EXPECT_EQ(read_given_file(folder.file(std::string(most, 'x')), most)->size(), most);
}

TEST(ReadGivenFile, RefusesWhatIsMissingTooLongOrADevice) {
  const Folder folder;
  EXPECT_EQ(problem_of(read_given_file(folder.file(std::string(most + 1, 'x')), most)),
            "is longer than 1 MiB");
  EXPECT_EQ(problem_of(read_given_file("/dev/zero", most)), "is a device, not a file");
  EXPECT_EQ(problem_of(read_given_file("/no/such/file", most)), "cannot be read: No such file or directory");
  EXPECT_EQ(problem_of(read_given_file("/", most)), "cannot be read: Is a directory");
}

TEST(ReadGivenFile, APipeThatNobodyWritesToIsGivenUp) {
  const Folder folder;
  EXPECT_EQ(problem_of(read_given_file(folder.fifo(), most, milliseconds(0))),
            "is a pipe, and nothing has come for 0 s");
}

TEST(ReadGivenFile, APipeIsReadToItsEnd) {
  const Folder folder;
  const std::string name = folder.fifo();
  const int both = open(name.c_str(), O_RDWR);
  ASSERT_EQ(write(both, "hosts\n", 6), 6);
  const int reader = open(name.c_str(), O_RDONLY | O_NONBLOCK);  // keeps what is written
  close(both);
  EXPECT_EQ(read_given_file(name, most).value(), "hosts\n");
  close(reader);
}

TEST(ReadGivenFile, ADescriptorThatIsOpenedAlreadyIsReadAsItIs) {
  for (const std::string text : {"hosts\n", ""}) {
    int ends[2] = {};
    ASSERT_EQ(pipe(ends), 0);
    ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends[1]);
    EXPECT_EQ(read_given_file("/dev/fd/" + std::to_string(ends[0]), most).value(), text);
    close(ends[0]);
  }
}

TEST(ReadSmallFile, WaitsForNoPipeAndReadsNoDeviceForEver) {
  const Folder folder;
  EXPECT_EQ(read_small_file(folder.file("text")), "text");
  EXPECT_EQ(read_small_file(folder.fifo()), "");
  EXPECT_EQ(read_small_file("/no/such/file"), "");
  EXPECT_LE(read_small_file("/dev/zero").size(), std::size_t{65} << 20U);
}

}  // namespace
}  // namespace smlaunch
