#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The all-reduce test on one host, on the CPU: by itself and before a job, and what refuses it.
source "$(dirname "$0")/lib.sh"
needs mpirun
unset SMLAUNCH_SMOKE
mkdir "$scratch/here" && cd "$scratch/here"
base=$scratch/none  # no container

smoke() { run "$smlaunch" smoke --hosts localhost:4 --smoke-bytes 1000000 "$@"; }
answer() { jq -c "$1" <<<"$out"; }

step "the answer is on stdout, as text or as one object, and says what was not tested"
smoke
assert_eq 0 "$status"
assert_contains "$out" "smoke test   pass (mpi-cpu; NCCL NOT RUN)"
assert_contains "$out" "reason       every element right on 4 ranks"
smoke --format json
assert_eq 0 "$status"
assert_eq '["pass","mpi-cpu; NCCL NOT RUN",4,1,1000000,0,null]' \
  "$(answer '[.verdict, .evidence, .ranks, .hosts, .bytes, .wrong_elements, .nccl]')"
assert_contains "$(answer .mpi.version)" "Open MPI"
assert_eq '' "$(ls)"
assert_nothing_left

step "an odd number of bytes, and fewer elements than ranks"
for bytes in 8 12 100003; do
  smoke --smoke-bytes $bytes --format json
  assert_eq "$bytes: 0 \"pass\"" "$bytes: $status $(answer .verdict)"
done

step "a fault names its rank; the hosts are in files beside the report"
smoke --inject corrupt:rank=2 --format json --report "$scratch/report/report.json"
assert_eq 75 "$status"
assert_eq '["fail",[["rank","2"]],"corrupt:rank=2"]' "$(answer '[.verdict, [.suspects[] | [.subject, .name]], .injected]')"
assert_eq 'localhost slots=4' "$(<"$scratch/report/hosts.bad")"
assert_eq '' "$(<"$scratch/report/hosts.good")"
assert_eq '["smoke","fail"]' "$(jq -c '[.class, .smoke.verdict]' "$scratch/report/report.json")"
assert_nothing_left

step "a program that is killed is named"
start "$smlaunch" smoke --hosts localhost:4 --smoke-bytes 1000000 --inject hang:rank=1 --format json --events "$scratch/events"
eventually 20 grep -q '"stage":"device ready"' "$scratch/events"
for pid in $(left); do
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"smlaunch mpi-check "* ]] || continue
  grep -qszx OMPI_COMM_WORLD_RANK=3 "/proc/$pid/environ" || continue
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"smlaunch rank "* ]] || kill -KILL "$pid"
done
ended
assert_eq 75 "$status"
assert_eq '["fail",[["rank","3"]]]' "$(answer '[.verdict, [.suspects[] | [.subject, .name]]]')"
assert_contains "$(answer .reason)" "the check program was killed by signal 9 (SIGKILL)"
assert_nothing_left

step "told to stop"
rm "$scratch/events"
start "$smlaunch" smoke --hosts localhost:4 --smoke-bytes 1000000 --inject hang:rank=1 --events "$scratch/events"
eventually 20 grep -q '"stage":"device ready"' "$scratch/events"
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_eq 'smlaunch: stopped by SIGTERM during the smoke test' "$(tail -n 1 <<<"$err")"
assert_eq '' "$out"
rm "$scratch/events"
start "$smlaunch" smoke --hosts localhost:4 --smoke-bytes 1000000 --inject hang:rank=1 --events "$scratch/events" \
  --format json
eventually 20 grep -q '"stage":"device ready"' "$scratch/events"
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_eq '["not_run",4,1,[],"stopped by SIGTERM during the smoke test"]' \
  "$(answer '[.verdict, .ranks, .hosts, .suspects, .reason]')"
assert_nothing_left

step "before a job, which sees nothing of it"
run "$smlaunch" --hosts localhost:2 --smoke-bytes 1000000 --launcher ddp -- /bin/sh -c 'echo "rank $RANK"; env | grep -c ^OMPI_; :'
assert_eq 0 "$status"
assert_contains "$err" "smlaunch: smoke test: pass (mpi-cpu; NCCL NOT RUN), 2 ranks on 1 host"
assert_contains "$out" "[1 localhost] rank 1"
assert_contains "$out" "[0 localhost] 0"

step "a fault that is injected is said even where all else is quiet, and the job does not start"
run "$smlaunch" -q --hosts localhost:2 --smoke-bytes 1000000 --inject double:rank=1 -- /bin/echo runs
assert_eq 75 "$status"
assert_eq '' "$out"
assert_contains "$err" "warning: the smoke test is told to inject a fault: double:rank=1"
assert_contains "$err" "the smoke test failed, with double:rank=1 injected (mpi-cpu; NCCL NOT RUN)"

step "off: asked for, or for one rank; the plan says why"
reason() { run "$smlaunch" --dry-run --format json --hosts "$@" -- /bin/true; jq -r '[.smoke, .sources.smoke] | @json' <<<"$out"; }
assert_eq '[null,"switched off by option --smoke"]' "$(reason localhost:2 --smoke off)"
assert_eq '[null,"one rank has nobody to talk to"]' "$(reason localhost:1)"
run "$smlaunch" --dry-run --format json --hosts localhost:2 --launcher ddp -- /bin/true
assert_eq '["mpi-cpu",67108864,120,["smlaunch","mpi-check"]]' \
  "$(answer '[.smoke.backend, .smoke.bytes, .smoke.timeout_seconds, [.smoke.command[-2:][] | sub(".*/"; "")]]')"

step "without an mpirun the job runs untested; a test that was asked for is refused"
mkdir "$scratch/bin"
for tool in sh true env echo; do ln -s "$(command -v $tool)" "$scratch/bin/"; done
run PATH="$scratch/bin" "$smlaunch" --hosts localhost:2 --launcher ddp -- /bin/true
assert_eq 0 "$status"
run PATH="$scratch/bin" "$smlaunch" smoke --hosts localhost:2 --launcher ddp
assert_eq 71 "$status"
assert_contains "$err" "mpirun: is not on PATH, and the test on the CPU is started by it"

step "what cannot be is refused before anything starts"
refused() { # STATUS TEXT OPTION...
  local expected=$1 text=$2; shift 2
  run "$smlaunch" smoke --hosts localhost:2 "$@"
  assert_eq "$expected" "$status"
  assert_contains "$err" "$text"
  assert_eq '' "$out"
}
refused 64 '--inject: "dance" is no fault that can be injected' --inject dance:rank=1
refused 64 '--inject: there is no rank 2, they are 0 to 1' --inject hang:rank=2
refused 64 '--inject: elsewhere is none of the job'"'"'s hosts' --inject slow:host=elsewhere
refused 64 'smoke has only text and json, and --matrix for a picture' --format svg
refused 64 'is off: switched off by option --smoke' --smoke off
refused 64 '--require-gpu: there is no all-reduce test: launcher process' --require-gpu --launcher process

step "a GPU is required"
smoke --require-gpu --format json
if [[ $(answer .backend) == '"mpi-cpu"' ]]; then
  assert_eq 75 "$status"
  assert_contains "$(answer .reason)" "--require-gpu, and no GPU was tested"
fi
