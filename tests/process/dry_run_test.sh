#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A dry run shows the very plan that a run performs, and leaves no trace.
source "$(dirname "$0")/lib.sh"
needs python3

# As the contract defines it, from nothing but the JSON.
recomputed_hash() {
  python3 -c '
import hashlib, json, sys
plan = json.load(sys.stdin)
for key in ("hash", "sources", "current_host"):
    plan.pop(key, None)
text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(hashlib.sha256(text.encode()).hexdigest())' <<<"$1"
}

check() { # ARGUMENT...
  local before hash
  before=$(tree)
  run "$smlaunch" --dry-run --format json "$@"
  assert_eq 0 "$status"
  assert_eq "$before" "$(tree)"
  assert_eq '"smlaunch.plan/1"' "$(jq .schema <<<"$out")"
  hash=$(jq -r .hash <<<"$out")
  assert_eq "$(recomputed_hash "$out")" "$hash"
  run "$smlaunch" --dry-run "$@"
  assert_eq 0 "$status"
  assert_eq "$before" "$(tree)"
  assert_contains "$out" "$hash"
  run "$smlaunch" "$@"
  assert_success
  assert_contains "$err" "smlaunch: plan $hash: "
  assert_report .plan_hash "\"$hash\""
  assert_eq "$hash" "$(jq -r 'select(.event == "plan").hash' "$base/output/data/smlaunch/events.jsonl")"
}

step "a job of SageMaker's files"
container
cp "$programs/end_with" "$base/code/train"
echo 'import sys; sys.exit(0)' >"$base/code/train.py"
hyperparameters '{"sagemaker_program": "train.py", "unicode": "žluťoučký 🐎\u007f\u0001", "number": 1.50, "quotes": "\"\\/",
  "line": "\u2028", "password": "hunter2"}'
check

step "two ranks on this machine"
container
check --hosts localhost:2 --launcher ddp -- "$programs/end_with" exit 0
check --hosts localhost:2 --launcher ddp --master-port 29501 --bind none -- "$programs/end_with" exit 0
if command -v mpirun >/dev/null; then
  step "through mpirun"
  check --hosts localhost:2 --launcher mpi --mpi-options '-x A=1 -x "B=two words"' -- "$programs/end_with" exit 0
else
  echo "mpirun is not installed: without launcher mpi"
fi

step "every host of a job computes the same hash"
hashes=
for host in algo-1 algo-2; do
  container algo-1 algo-2
  hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true}'
  run "$smlaunch" --dry-run --format json --current-host "$host" --gpus-per-host 4
  assert_eq 0 "$status"
  assert_eq 8 "$(jq '.ranks | length' <<<"$out")"
  hashes+=$(jq -r .hash <<<"$out")$'\n'
done
assert_eq 1 "$(sort -u <<<"${hashes%$'\n'}" | wc -l)"

step "2,000 hosts"
# shellcheck disable=SC2046
container $(seq -f 'algo-%.0f' 1 2000)
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true}'
before=$(tree)
run "$smlaunch" --dry-run --format json --gpus-per-host 8
assert_eq 0 "$status"
assert_eq '[2000,16000,"algo-2000"]' "$(jq -c '[(.hosts | length), .world_size, .ranks[-1].host]' <<<"$out")"
assert_eq "$(recomputed_hash "$out")" "$(jq -r .hash <<<"$out")"
run "$smlaunch" --dry-run --gpus-per-host 8
assert_eq 0 "$status"
(($(wc -l <<<"$out") < 200)) || fail "equal hosts are not folded: $(wc -l <<<"$out") lines"
assert_eq "$before" "$(tree)"

step "neither secrets on stdout, nor anything where nothing can be written"
container
hyperparameters '{"sagemaker_program": "train.py", "api_key": "do-not-show-me"}'
chmod -R a-w "$base"
run AWS_SECRET_ACCESS_KEY=do-not-show-me "$smlaunch" --dry-run --format json
chmod -R u+w "$base"
assert_eq 0 "$status"
[[ $out != *do-not-show-me* ]] || fail "a secret is shown: $(grep -o '.\{60\}do-not-show-me' <<<"$out")"

step "what a launcher does not use does not matter"
container algo-1
cp "$programs/end_with" "$base/code/train"
mpi='"sagemaker_mpi_custom_mpi_options": "-x MINE=1", "sagemaker_mpi_num_processes": 1'
planned() { run "$smlaunch" --dry-run --format json --gpus-per-host 4 "$@"; }
hyperparameters "{\"sagemaker_program\": \"train\", $mpi, \"sagemaker_mpi_num_of_processes_per_host\": 2}"
planned --launcher mpi
assert_eq '["1",1]' "$(jq -c '[.environment.MINE, .world_size]' <<<"$out")"
planned --launcher smddp
assert_eq '[null,2,null]' "$(jq -c '[.environment.MINE, .world_size, .environment.NCCL_MIN_NRINGS]' <<<"$out")"
hyperparameters "{\"sagemaker_program\": \"train\", $mpi,
  \"sagemaker_distributed_dataparallel_custom_mpi_options\": \"-x THEIRS=1\"}"
planned --launcher smddp
assert_eq '[null,"1",4]' "$(jq -c '[.environment.MINE, .environment.THEIRS, .world_size]' <<<"$out")"

step "torch_xla has a rank for each GPU"
: >"$base/code/train.py"
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_num_of_processes_per_host": 2}'
planned --launcher xla
assert_eq '[4,"4","launcher xla: one for each GPU",null]' \
  "$(jq -c '[.world_size, .environment.GPU_NUM_DEVICES, .sources.processes_per_host, .sources.master_port]' <<<"$out")"
planned --launcher xla --processes-per-host 4
assert_eq 0 "$status"
planned --launcher xla --processes-per-host 2
assert_eq 64 "$status"
assert_eq "smlaunch: option --processes-per-host: under launcher xla each host has a rank for each of its GPUs, 4 on algo-1; \
leave it out, or take --launcher torchrun" "$err"

step "a source for the ranks' port only where they have one"
for launcher in process mpi ddp; do
  planned --launcher "$launcher"
  port=$([[ $launcher == process ]] && echo null || echo '"rank 0'"'"'s agent picks a free one at the start"')
  assert_eq "$port" "$(jq -c .sources.master_port <<<"$out")"
done
