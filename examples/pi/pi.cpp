// SPDX-License-Identifier: Apache-2.0
// Pi as the integral of 4/(1+x^2) over 0..1: each rank sums its share of the steps, MPI_Reduce adds the
// shares. A job to copy: it needs MPI and the standard library, nothing of smlaunch's.
#include <mpi.h>

#include <charconv>
#include <cstdio>
#include <cstring>

namespace {

constexpr const char* usage = "usage: example_pi [--steps N], N a whole number above 0\n";

// False for anything but nothing at all or `--steps N`.
bool parse_arguments(int argc, char** argv, long& steps) {
  if (argc == 1) return true;
  if (argc != 3 || std::strcmp(argv[1], "--steps") != 0) return false;
  const char* end = argv[2] + std::strlen(argv[2]);
  const auto [rest, error] = std::from_chars(argv[2], end, steps);
  return error == std::errc{} && rest == end && steps > 0;
}

double sum_of_share(long steps, int rank, int size) {
  const double width = 1.0 / static_cast<double>(steps);
  double sum = 0.0;
  for (long step = rank; step < steps; step += size) {
    const double x = (static_cast<double>(step) + 0.5) * width;
    sum += 4.0 / (1.0 + x * x);
  }
  return sum * width;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);

  long steps = 10'000'000;
  if (!parse_arguments(argc, argv, steps)) {
    if (rank == 0) std::fputs(usage, stderr);
    MPI_Finalize();
    return 2;
  }

  char host[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  MPI_Get_processor_name(host, &length);
  std::printf("rank %d of %d on %s\n", rank, size, host);
  std::fflush(stdout);

  const double share = sum_of_share(steps, rank, size);
  double pi = 0.0;
  MPI_Reduce(&share, &pi, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) std::printf("pi: %.10f (%ld steps)\n", pi, steps);
  MPI_Finalize();
  return 0;
}
