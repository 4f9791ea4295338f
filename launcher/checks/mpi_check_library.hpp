// SPDX-License-Identifier: Apache-2.0
// Open MPI's library, opened at run time: a machine without it can run everything else of smlaunch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

// The ABI of libmpi.so.40, which Open MPI 4 and 5 have in common: handles are pointers to objects that the
// library exports.
class MpiLibrary {
 public:
  // `name`: a path, or a name that the loader searches for. If it finds none, the folder `lib` beside
  // mpirun's folder is searched. Errors (Fault::start): the loader's words; a symbol that is missing.
  static Result<MpiLibrary> open(const std::string& name);

  [[nodiscard]] std::string version() const;  // "Open MPI 4.1.4"
  [[nodiscard]] const void* symbol() const;   // an address inside the library

  // A result that is not 0 is an MPI error; describe() puts it into words.
  int init();
  [[nodiscard]] bool is_initialised() const { return initialised_; }
  void finalize();
  [[nodiscard]] std::string describe(int error) const;

  // Makes the communicator of these ranks of the world; this process is one of them. Only these ranks call
  // it.
  int make_communicator(const std::vector<int>& ranks, int tag);
  void free_communicator();

  int barrier();
  int sum(std::span<const std::int64_t> from, std::span<std::int64_t> to);
  int largest(double own, double& of_all);

 private:
  struct Functions;
  const Functions* functions_ = nullptr;
  bool initialised_ = false;
  void* communicator_ = nullptr;
  bool owns_communicator_ = false;
};

}  // namespace smlaunch
