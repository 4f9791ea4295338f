// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// Do the last lines of a rank's stderr say that it failed because another rank was gone or silent? In the
// words of gloo, NCCL, PyTorch's c10d, Open MPI and Horovod.
bool blames_peer(const std::vector<std::string>& last_lines);

// Do they, and is it the reason of its failure? An exception of Python's counts by its own words and those of the exception
// behind it: what else the rank has printed, such as a warning about a connection, is no reason.
bool fails_for_peer(const std::vector<std::string>& last_lines);

}  // namespace smlaunch
