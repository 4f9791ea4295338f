// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_thread_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "launcher/contract/program_variables.hpp"
#include "launcher/process/write_file.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view name_begin = "python.";
// Of "/PID" behind a folder's path.
constexpr std::size_t longest_pid = 12;
constexpr const char* recorder_size = "2000";
// By the same number of collectives: of PyTorch since 2.8, and of older ones.
constexpr const char* recorder_variable = "TORCH_FR_BUFFER_SIZE";
constexpr const char* older_recorder_variable = "TORCH_NCCL_TRACE_BUFFER_SIZE";
// How the names of PyTorch's own dumps begin: the same versions.
constexpr const char* dump_variable = "TORCH_FR_DUMP_TEMP_FILE";
constexpr const char* older_dump_variable = "TORCH_NCCL_DEBUG_INFO_TEMP_FILE";

// Empty where it cannot be made.
std::string make_dump_folder(const std::map<std::string, std::string>& environment) {
  const auto output = environment.find("SM_OUTPUT_DATA_DIR");
  std::error_code error;
  if (output == environment.end() || !std::filesystem::is_directory(output->second, error)) return "";
  const std::filesystem::path folder = std::filesystem::path(output->second) / "smlaunch" / "hang";
  std::filesystem::create_directories(folder, error);
  if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return error ? "" : folder.string();
}

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool take_lock(const UniqueFd& folder) {
  return folder.valid() && flock(folder.get(), LOCK_EX | LOCK_NB) == 0;
}

// Its maker holds a lock on each: those of processes that were killed are nobody's.
void remove_old_folders(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    if (!each->path().filename().string().starts_with(name_begin)) continue;
    const UniqueFd old = open_folder(each->path().string());
    std::error_code ignored;
    if (take_lock(old)) std::filesystem::remove_all(each->path(), ignored);
  }
}

}  // namespace

Result<RankThreadFolder> RankThreadFolder::make(const std::vector<std::string>& folders, int rank) {
  const auto wanted = std::find_if(folders.begin(), folders.end(), [&](const std::string& folder) {
    const std::size_t length = fmt::format("{}/{}{}.XXXXXX", folder, name_begin, rank).size();
    return length + longest_pid < sizeof(sockaddr_un::sun_path);
  });
  const std::string nothing_lost = "the rank runs without a thread that tells what it is doing";
  if (wanted == folders.end())
    return failure(Fault::start, folders.empty() ? "" : folders.front(), "is too long for a socket's path",
                   nothing_lost);
  remove_old_folders(*wanted);
  std::string path = fmt::format("{}/{}{}.XXXXXX", *wanted, name_begin, rank);
  if (mkdtemp(path.data()) == nullptr)
    return failure(Fault::start, path, fmt::format("cannot be made: {}", std::strerror(errno)), nothing_lost);
  UniqueFd lock = open_folder(path);
  // Another process may have taken it for an old one between its making and its lock.
  if (!take_lock(lock)) return failure(Fault::start, path, "cannot be locked", nothing_lost);
  RankThreadFolder made(path, std::move(lock));
  for (const auto& [name, text] :
       {std::pair("/tell.py", rank_tell_script()), std::pair("/sitecustomize.py", rank_thread_script())})
    if (auto written = write_new_file(path + name, text); !written) return tl::unexpected(written.error());
  return made;
}

RankThreadFolder::~RankThreadFolder() {
  std::error_code ignored;
  if (lock_.valid()) std::filesystem::remove_all(path_, ignored);
  if (lock_.valid() && !dumps_.empty()) std::filesystem::remove(dumps_, ignored);  // if it is empty
}

void RankThreadFolder::add_variables(std::map<std::string, std::string>& environment) {
  std::string& python = environment[python_path_variable];
  python = python_path(path_, python);
  if (environment.contains(recorder_variable) || environment.contains(older_recorder_variable)) return;
  environment[recorder_variable] = recorder_size;
  environment[older_recorder_variable] = recorder_size;
  if (environment.contains(dump_variable) || environment.contains(older_dump_variable)) return;
  dumps_ = make_dump_folder(environment);
  if (dumps_.empty()) return;
  environment[dump_variable] = dumps_ + "/nccl-rank-";
  environment[older_dump_variable] = dumps_ + "/nccl-rank-";
}

}  // namespace smlaunch
