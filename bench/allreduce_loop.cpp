// SPDX-License-Identifier: Apache-2.0
// The plain loop that the CPU's all-reduce test is compared with: a barrier, then MPI_Allreduce of so many
// bytes, and the median over the repeats of the slowest rank's time. usage: mpirun … allreduce_loop BYTES
// REPEATS
#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const auto elements = static_cast<std::size_t>(std::atol(argv[1])) / sizeof(std::int64_t);
  const int repeats = std::max(1, std::atoi(argv[2]));
  std::vector<std::int64_t> sent(elements, 1);
  std::vector<std::int64_t> sums(elements);
  std::vector<double> seconds;
  for (int i = 0; i <= repeats; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double begin = MPI_Wtime();
    MPI_Allreduce(sent.data(), sums.data(), static_cast<int>(elements), MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    const double own = MPI_Wtime() - begin;
    double slowest = 0;
    MPI_Reduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    if (i > 0) seconds.push_back(slowest);  // the first makes the connections
  }
  std::sort(seconds.begin(), seconds.end());
  if (rank == 0) std::printf("median_us %.1f\n", seconds[seconds.size() / 2] * 1e6);
  MPI_Finalize();
}
