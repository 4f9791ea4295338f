// SPDX-License-Identifier: Apache-2.0
#include "launcher/checks/mpi_check_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <numeric>
#include <sstream>

namespace smlaunch {

namespace {

// The values in mpi.h.
constexpr int longest_version = 256;
constexpr int longest_error = 256;

// The loader begins its words with the file, which our Problem names already.
std::string loader_error(const std::string& name) {
  const char* said = dlerror();
  const std::string text = said == nullptr ? "not found" : said;
  return text.starts_with(name + ": ") ? text.substr(name.size() + 2) : text;
}

// Open MPI may lie in a folder of its own that no loader knows, such as /opt/amazon/openmpi.
std::vector<std::filesystem::path> libraries_beside_mpirun(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path mpirun = std::filesystem::path(folder) / "mpirun";
    if (!std::filesystem::exists(mpirun, error)) continue;
    const auto real = std::filesystem::canonical(mpirun, error);
    for (const auto& prefix : {mpirun.parent_path().parent_path(), real.parent_path().parent_path()})
      for (const char* library : {"lib", "lib64"})
        if (const auto file = prefix / library / name; std::filesystem::exists(file, error))
          found.push_back(file);
  }
  return found;
}

}  // namespace

struct MpiLibrary::Functions {
  int (*init)(int*, char***) = nullptr;
  int (*finalize)() = nullptr;
  int (*get_library_version)(char*, int*) = nullptr;
  int (*error_string)(int, char*, int*) = nullptr;
  int (*comm_set_errhandler)(void*, void*) = nullptr;
  int (*comm_size)(void*, int*) = nullptr;
  int (*comm_group)(void*, void**) = nullptr;
  int (*group_incl)(void*, int, const int*, void**) = nullptr;
  int (*group_free)(void**) = nullptr;
  int (*comm_create_group)(void*, void*, int, void**) = nullptr;
  int (*comm_free)(void**) = nullptr;
  int (*barrier)(void*) = nullptr;
  int (*allreduce)(const void*, void*, int, void*, void*, void*) = nullptr;
  void* world = nullptr;
  void* errors_return = nullptr;
  void* int64_type = nullptr;
  void* double_type = nullptr;
  void* op_sum = nullptr;
  void* op_max = nullptr;
};

Result<MpiLibrary> MpiLibrary::open(const std::string& name) {
  // Open MPI's plugins look for the library's symbols among those of the whole program.
  void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
  const std::string why = handle == nullptr ? loader_error(name) : "";
  if (handle == nullptr && name.find('/') == std::string::npos)
    for (const auto& file : libraries_beside_mpirun(name)) {
      handle = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
      if (handle != nullptr) break;
    }
  if (handle == nullptr)
    return failure(Fault::start, name, why, "install Open MPI's libraries (Debian: libopenmpi3)");

  static Functions functions;
  std::string missing;
  const auto find = [&](const char* symbol) {
    void* found = dlsym(handle, symbol);
    if (found == nullptr && missing.empty()) missing = symbol;
    return found;
  };
  const auto take = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(find(symbol));
  };
  take(functions.init, "MPI_Init");
  take(functions.finalize, "MPI_Finalize");
  take(functions.get_library_version, "MPI_Get_library_version");
  take(functions.error_string, "MPI_Error_string");
  take(functions.comm_set_errhandler, "MPI_Comm_set_errhandler");
  take(functions.comm_size, "MPI_Comm_size");
  take(functions.comm_group, "MPI_Comm_group");
  take(functions.group_incl, "MPI_Group_incl");
  take(functions.group_free, "MPI_Group_free");
  take(functions.comm_create_group, "MPI_Comm_create_group");
  take(functions.comm_free, "MPI_Comm_free");
  take(functions.barrier, "MPI_Barrier");
  take(functions.allreduce, "MPI_Allreduce");
  functions.world = find("ompi_mpi_comm_world");
  functions.errors_return = find("ompi_mpi_errors_return");
  functions.int64_type = find("ompi_mpi_int64_t");
  functions.double_type = find("ompi_mpi_double");
  functions.op_sum = find("ompi_mpi_op_sum");
  functions.op_max = find("ompi_mpi_op_max");
  if (!missing.empty())
    return failure(Fault::start, name,
                   fmt::format("has no {}: it is no library of Open MPI 4 or 5", missing));
  MpiLibrary made;
  made.functions_ = &functions;
  made.communicator_ = functions.world;
  return made;
}

std::string MpiLibrary::version() const {
  std::array<char, longest_version + 1> text{};
  int length = 0;
  functions_->get_library_version(text.data(), &length);
  std::string whole(text.data());
  // "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, …"
  whole = whole.substr(0, whole.find(','));
  if (const std::size_t v = whole.find(" v"); v != std::string::npos) whole.erase(v + 1, 1);
  return whole;
}

const void* MpiLibrary::symbol() const { return reinterpret_cast<const void*>(functions_->allreduce); }

int MpiLibrary::init() {
  const int error = functions_->init(nullptr, nullptr);
  if (error != 0) return error;
  initialised_ = true;
  return functions_->comm_set_errhandler(functions_->world, functions_->errors_return);
}

void MpiLibrary::finalize() {
  if (initialised_) functions_->finalize();
  initialised_ = false;
}

std::string MpiLibrary::describe(int error) const {
  std::array<char, longest_error + 1> text{};
  int length = 0;
  functions_->error_string(error, text.data(), &length);
  return text.data();
}

int MpiLibrary::make_communicator(const std::vector<int>& ranks, int tag) {
  int size = 0;
  if (const int error = functions_->comm_size(functions_->world, &size); error != 0) return error;
  if (static_cast<std::size_t>(size) == ranks.size()) {
    communicator_ = functions_->world;
    return 0;
  }
  void* world = nullptr;
  void* group = nullptr;
  int error = functions_->comm_group(functions_->world, &world);
  if (error == 0) error = functions_->group_incl(world, static_cast<int>(ranks.size()), ranks.data(), &group);
  if (error == 0) error = functions_->comm_create_group(functions_->world, group, tag, &communicator_);
  if (group != nullptr) functions_->group_free(&group);
  if (world != nullptr) functions_->group_free(&world);
  owns_communicator_ = error == 0;
  return error;
}

void MpiLibrary::free_communicator() {
  if (owns_communicator_) functions_->comm_free(&communicator_);
  owns_communicator_ = false;
  communicator_ = functions_->world;
}

int MpiLibrary::barrier() { return functions_->barrier(communicator_); }

int MpiLibrary::sum(std::span<const std::int64_t> from, std::span<std::int64_t> to) {
  // MPI counts elements by int.
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max());
  for (std::size_t at = 0; at < from.size(); at += most) {
    const auto count = static_cast<int>(std::min(most, from.size() - at));
    const int error = functions_->allreduce(from.data() + at, to.data() + at, count, functions_->int64_type,
                                            functions_->op_sum, communicator_);
    if (error != 0) return error;
  }
  return 0;
}

int MpiLibrary::largest(double own, double& of_all) {
  return functions_->allreduce(&own, &of_all, 1, functions_->double_type, functions_->op_max, communicator_);
}

}  // namespace smlaunch
