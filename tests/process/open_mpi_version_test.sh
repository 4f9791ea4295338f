#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The version of Open MPI that an agent reads from the library of the mpirun that has started it is what mpirun prints.
source "$(dirname "$0")/lib.sh"

mpirun=$(command -v mpirun) || skip "there is no mpirun on PATH"
version=$(mpirun --version | sed -n 's/^mpirun (Open MPI) \([0-9.]*\).*/\1/p')
[[ $version == 4.* ]] || skip "only mpirun of Open MPI 4 has a library that tells its version; this is: ${version:-another MPI}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
told() { mpirun -np 1 "${programs:?}/open_mpi_of_starter" "$1"; }

step "of the mpirun that is on PATH"
assert_eq "$version" "$(told "$mpirun")"

step "not of an mpirun that lies elsewhere, which may be another one"
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$mpirun" >"$scratch/bin/mpirun"
chmod +x "$scratch/bin/mpirun"
assert_eq "" "$(told "$scratch/bin/mpirun")"

step "a link to it counts as itself"
ln -s "$mpirun" "$scratch/mpirun"
assert_eq "$version" "$(told "$scratch/mpirun")"

step "what no mpirun has started is told no version"
assert_eq "" "$("$programs/open_mpi_of_starter" "$mpirun")"
