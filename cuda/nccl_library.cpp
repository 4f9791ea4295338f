// SPDX-License-Identifier: Apache-2.0
#include "cuda/nccl_library.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {
namespace {

constexpr std::string_view torch_mark = "smlaunch-torch=";
constexpr std::string_view wheel_mark = "smlaunch-wheel=";

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string expand_origin(std::string folder, const std::string& origin) {
  for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"})
    for (std::size_t at = folder.find(word); at != std::string::npos;
         at = folder.find(word, at + origin.size()))
      folder.replace(at, word.size(), origin);
  return folder;
}

bool needs_nccl(const TorchLibrary& library) {
  const auto& needed = library.facts.needed;
  return std::find(needed.begin(), needed.end(), nccl_file_name) != needed.end();
}

// DT_RPATH counts only where there is no DT_RUNPATH.
void add_torch(NcclCandidates& made, const TorchLibrary& torch, const std::string& library_path) {
  const std::string origin = folder_of(torch.path);
  const std::string source = fmt::format("{} asks for it", torch.path);
  const auto add = [&](const std::vector<std::string>& folders) {
    for (const std::string& folder : folders)
      made.list.push_back({fmt::format("{}/{}", expand_origin(folder, origin), nccl_file_name), source});
  };
  if (torch.facts.runpath.empty()) add(torch.facts.rpath);
  add(split(library_path, ":;"));
  add(torch.facts.runpath);
}

}  // namespace

const char* const find_nccl_script = R"(
import importlib.util, os
def folders(name):
    try:
        spec = importlib.util.find_spec(name)
        return list(spec.submodule_search_locations or []) if spec else []
    except Exception:
        return []
for folder in folders("torch"):
    for name in ("libtorch_cuda.so", "libtorch_cuda_cpp.so"):
        path = os.path.join(os.path.abspath(folder), "lib", name)
        if os.path.exists(path):
            print("\nsmlaunch-torch=" + path)
for folder in folders("nvidia.nccl"):
    path = os.path.join(os.path.abspath(folder), "lib", "libnccl.so.2")
    if os.path.exists(path):
        print("\nsmlaunch-wheel=" + path)
)";

PythonLibraries parse_python_libraries(std::string_view printed) {
  PythonLibraries found;
  for (const std::string& line : split(printed, "\r\n")) {
    if (line.starts_with(torch_mark)) found.torch.push_back(line.substr(torch_mark.size()));
    if (line.starts_with(wheel_mark) && found.wheel.empty()) found.wheel = line.substr(wheel_mark.size());
  }
  return found;
}

NcclCandidates list_nccl_candidates(const std::vector<TorchLibrary>& torch, const std::string& wheel,
                                    const LoaderVariables& variables) {
  NcclCandidates made;
  for (const std::string& file : split(variables.preload, ": "))
    if (file.find("libnccl") != std::string::npos) made.list.push_back({file, "LD_PRELOAD"});
  const auto user = std::find_if(torch.begin(), torch.end(), needs_nccl);
  if (user != torch.end()) {
    add_torch(made, *user, variables.library_path);
  } else {
    if (!torch.empty())
      made.warning = fmt::format("{} asks for no {}: NCCL is a part of it, so the test uses another NCCL",
                                 torch.front().path, nccl_file_name);
    if (!wheel.empty()) made.list.push_back({wheel, "the interpreter's nvidia-nccl package"});
  }
  made.list.push_back({nccl_file_name, "the loader's search"});
  return made;
}

std::string nccl_version_text(int version) {
  if (version <= 0) return "unknown";
  const int unit = version >= 10000 ? 10000 : 1000;
  return fmt::format("{}.{}.{}", version / unit, version % unit / 100, version % 100);
}

}  // namespace smlaunch
