#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What looks secret reaches the ranks, and stands neither in a plan nor in a log nor on the command lines of others.
source "$(dirname "$0")/lib.sh"
needs jq

container
# The command lines of every process that is above a rank: its agent, mpirun, smlaunch.
cat >"$base/code/train" <<'END'
#!/bin/bash
printf '%s\n' "rank $RANK got $*" "has ${SMLAUNCH_AGENT_SECRETS-none}"
pid=$PPID
while ((pid > 1)); do
  printf 'above: %s\n' "$(tr '\0' ' ' <"/proc/$pid/cmdline")" >>"$ABOVE.$RANK"
  pid=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f2)
done
END
chmod 755 "$base/code/train"
secrets=(do-not-show-me-1 do-not-show-me-2 do-not-show-me-3 do-not-show-me-4 do-not-show-me-5 do-not-show-me-6
  do-not-show-me-7 do-not-show-me-8 ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6)
hyperparameters '{"sagemaker_program": "train", "sagemaker_mpi_enabled": true, "sagemaker_mpi_num_of_processes_per_host": 2,
  "api_key": "do-not-show-me-1 with blanks", "auth": "do-not-show-me-2", "url": "postgres://me:do-not-show-me-3@host/x",
  "cmd": "--api-key do-not-show-me-5 --lr 1", "nested": ["a", {"credentials": {"user": "u", "x": "do-not-show-me-6"}}],
  "private": "-----BEGIN PRIVATE KEY-----\ndo-not-show-me-7\n-----END PRIVATE KEY-----", "yaml": "password: do-not-show-me-8",
  "plain": "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6",
  "config": {"inner": "{\"db\": {\"password\": \"do-not-show-me-4\"}}"}, "epochs": 3}'
shown() { # TEXT: which of the secrets it shows
  local secret
  for secret in "${secrets[@]}"; do [[ $1 != *"$secret"* ]] || echo "$secret"; done
}

step "in no form of a plan, and the same hash whatever they are"
for format in text json; do
  run "$smlaunch" --dry-run --format $format
  assert_eq 0 "$status"
  assert_eq "" "$(shown "$out$err")"
  assert_contains "$out" "<redacted>"
done
run "$smlaunch" --dry-run --format json --mpi-options "-x MY_TOKEN=do-not-show-me-1"
assert_eq "" "$(shown "$out$err")"

hidden() { # LAUNCHER WORD: the WORD stands on a command line above a rank
  rm -f "$scratch"/above.*
  run ABOVE="$scratch/above" "$smlaunch" --launcher "$1"
  assert_success
  for rank in 0 1; do
    assert_contains "$out" "rank $rank got --api_key do-not-show-me-1 with blanks --auth do-not-show-me-2 --cmd"
    assert_contains "$out" "postgres://me:do-not-show-me-3@host/x"
    assert_contains "$(<"$scratch/above.$rank")" "$2"
    assert_contains "$(<"$scratch/above.$rank")" "--epochs 3"
    assert_eq "" "$(shown "$(<"$scratch/above.$rank")")"
  done
  assert_contains "$out" "has none"
}
step "on no command line but the ranks' own, where agents are ours"
hidden ddp "smlaunch rank -- "
step "and where mpirun starts them"
command -v mpirun >/dev/null || exit 0
hidden mpi mpirun

step "an MCA parameter that is secret: on no command line either, and in the ranks' environment"
# shellcheck disable=SC2016
sed -i '2i echo "parameter $OMPI_MCA_foo_password"' "$base/code/train"
export SMLAUNCH_MPI_OPTIONS="-mca foo_password do-not-show-me-9 -mca btl tcp,self"
secrets+=(do-not-show-me-9)
run "$smlaunch" --dry-run
assert_eq 0 "$status"
assert_eq "" "$(shown "$out$err")"
assert_contains "$out" "-mca btl tcp,self"
hidden mpi "-mca btl tcp,self"
assert_eq 2 "$(grep -c 'parameter do-not-show-me-9$' "$scratch/out")"

step "in no file of ours but the ranks' variables"
assert_eq "" "$(shown "$err")"
for file in "$base"/output/data/smlaunch/*.json*; do assert_eq "" "$(shown "$(<"$file")")"; done
