#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How ranks end is how smlaunch ends, and what the files and the last line say.
source "$(dirname "$0")/lib.sh"

failure() { cat "$base/output/failure"; }
last_line() { tail -n 1 <<<"$err"; }

step "every rank succeeds"
container
echo stale >"$base/output/failure"
run "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/end_with" exit 0
assert_success
assert_report '[.schema, .outcome, .class, .exit_code, .first_failure]' \
  '["smlaunch.report/1","success",null,0,null]'
assert_report '[.ranks[] | [.rank, .host, .exit_code, .signal, .cause]]' \
  '[[0,"localhost",0,null,"own"],[1,"localhost",0,null,"own"]]'
assert_report '[.ranks[].pid | . > 0] | unique' '[true]'

step "a parent that ignores SIGCHLD hides no rank's end"
container
run env --ignore-signal=CHLD "$smlaunch" -- "$programs/end_with" exit 3
assert_eq 3 "$status"
assert_contains "$(failure)" "user_code: rank 0 on algo-1 exited with code 3"
container
run env --ignore-signal=CHLD "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/end_with" exit 3
assert_eq 3 "$status"
container
run env --ignore-signal=CHLD "$smlaunch" -- "$programs/end_with" exit 0
assert_success

step "a single rank's own end passes through"
while read -r how number code shown; do
  container
  : >"$base/output/success"
  run "$smlaunch" -- "$programs/end_with" "$how" "$number"
  assert_eq "$code" "$status"
  [[ ! -e $base/output/success ]] || fail "the success file of an earlier run is still there"
  assert_contains "$(last_line)" "smlaunch: rank 0 on algo-1 $shown"
  assert_contains "$(failure)" "user_code: rank 0 on algo-1 $shown"
  assert_report '[.outcome, .class, .exit_code]' "[\"failure\",\"user_code\",$code]"
done <<'END'
exit 1 1 exited with code 1
exit 3 3 exited with code 3
exit 64 64 exited with code 64
exit 76 76 exited with code 76
exit 78 78 exited with code 78
exit 255 255 exited with code 255
signal 9 137 was killed by signal 9 (SIGKILL)
signal 15 143 was killed by signal 15 (SIGTERM)
signal 2 130 was killed by signal 2 (SIGINT)
signal 13 141 was killed by signal 13 (SIGPIPE)
END

# The other ranks wait for ever: only smlaunch can end them.
on_rank() { # RANK PROGRAM...: a command for a shell
  local rank=$1; shift
  printf '[ "$RANK" = %s ] && exec %s; exec %s/wait_forever' "$rank" "$*" "$programs"
}
engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi
for launcher in "${engines[@]}"; do
  step "the first failing rank decides, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:3 --launcher "$launcher" -- /bin/sh -c "$(on_rank 1 "$programs/end_with" exit 3)"
  assert_eq 3 "$status"
  assert_contains "$(last_line)" "smlaunch: rank 1 on localhost exited with code 3"
  assert_report '[.class, .first_failure.rank, .first_failure.host, .first_failure.exit_code, .first_failure.signal,
    .first_failure.certain]' '["user_code",1,"localhost",3,null,true]'
  assert_report '[.ranks[] | [.exit_code, .signal, .cause]]' \
    '[[null,15,"stopped_by_us"],[3,null,"own"],[null,15,"stopped_by_us"]]'
  assert_nothing_left

  container
  run "$smlaunch" --hosts localhost:3 --launcher "$launcher" -- /bin/sh -c "$(on_rank 2 "$programs/end_with" signal 9)"
  assert_eq 137 "$status"
  assert_contains "$(failure)" "user_code: rank 2 on localhost was killed by signal 9 (SIGKILL)"
  assert_report '[.first_failure.rank, .first_failure.exit_code, .first_failure.signal]' '[2,null,9]'
  assert_nothing_left

  step "an entry point that cannot be started, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -- absent-command one
  assert_eq 71 "$status"
  assert_contains "$(last_line)" "absent-command: does not exist; name a file that is there, or a program on PATH"
  assert_contains "$(failure)" "start: "
  assert_report '[.outcome, .class, .exit_code]' '["failure","start",71]'
  assert_nothing_left

  step "a program on PATH, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -- printf '%s\n' found
  assert_eq 0 "$status"
  assert_eq 2 "$(grep -c 'found$' <<<"$out")"

  step "a file that is not there, and one whose interpreter is not: before anything starts, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -- "$scratch/absent" one
  assert_eq 71 "$status"
  assert_eq "smlaunch: Reporting training FAILURE
smlaunch: $scratch/absent: does not exist; name a file that is there, or a program on PATH" "$err"
  printf '#! /no/such/interpreter -x\n' >"$scratch/bad"
  chmod +x "$scratch/bad"
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -- "$scratch/bad"
  assert_eq 71 "$status"
  assert_eq "smlaunch: Reporting training FAILURE
smlaunch: $scratch/bad: its interpreter /no/such/interpreter does not exist; name an interpreter that exists in its \
first line" "$err"
  assert_contains "$(failure)" "start: "

  step "a rank that ignores SIGTERM is killed after --failure-grace, launcher $launcher"
  container
  # Rank 1 fails when rank 0 says that it ignores.
  mkfifo "$scratch/fifo"
  script="if [ \"\$RANK\" = 0 ]; then { echo; } >$scratch/fifo; exec $programs/ignore_sigterm; fi
    trap '' TERM; read -r _ <$scratch/fifo; exec $programs/end_with exit 5"
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" --failure-grace 0.2 -- /bin/sh -c "trap '' TERM; $script"
  rm "$scratch/fifo"
  assert_eq 5 "$status"
  assert_report '[.ranks[] | [.exit_code, .signal, .cause]]' '[[null,9,"stopped_by_us"],[5,null,"own"]]'
  assert_nothing_left
done

step "a Python exception: its last line is in the message, its traceback in the failure file"
container
cat >"$base/code/train.py" <<'END'
import sys
print("some progress", file=sys.stderr)
def work():
  raise ValueError("no such thing: [42]")
work()
END
hyperparameters '{"sagemaker_program": "train.py"}'
run "$smlaunch"
assert_eq 1 "$status"
assert_contains "$(last_line)" "ValueError: no such thing: [42]"
assert_contains "$(head -c 1024 "$base/output/failure")" "ValueError: no such thing: [42]"
assert_contains "$(head -c 1024 "$base/output/failure")" "Traceback (most recent call last):"
assert_contains "$(jq -r '.first_failure.last_lines[]' "$base/output/data/smlaunch/report.json")" "some progress"

step "noise after the traceback, and colours, do not hide it"
cat >"$base/code/train.py" <<'END'
import sys, traceback
def work(): raise ValueError("no such thing")
try: work()
except ValueError: traceback.print_exc()
for i in range(150): print("\x1b[33mnoise\x1b[0m", i, file=sys.stderr)
sys.exit(1)
END
rm "$base/output/failure"
run "$smlaunch"
assert_contains "$(head -c 1024 "$base/output/failure")" $'  File "'"$base/code/train.py"$'", line 2, in work\n'
assert_contains "$(head -c 1024 "$base/output/failure")" "ValueError: no such thing"
assert_contains "$(tail -n 1 "$base/output/failure")" "noise 149"
assert_eq 1 "$(grep -c '^noise 149$' "$base/output/failure")"
! grep -q $'\x1b' "$base/output/failure" || fail "there are colours"

step "an exception that was printed on stdout"
cat >"$base/code/train.py" <<'END'
import sys, traceback
try: {}["absent"]
except KeyError: traceback.print_exc(file=sys.stdout)
print("a warning", file=sys.stderr)
sys.exit(3)
END
rm "$base/output/failure"
run "$smlaunch"
assert_eq 3 "$status"
assert_contains "$(last_line)" "exited with code 3"
assert_contains "$(last_line)" ": KeyError: 'absent'"
assert_contains "$(<"$base/output/failure")" $'Traceback (most recent call last):\n'

step "Reporting training FAILURE, then why"
for hosts in "algo-1" "algo-1 absent.invalid"; do
  read -ra names <<<"$hosts"
  container "${names[@]}"
  echo 'raise SystemExit(0)' >"$base/code/train.py"
  [[ $hosts == "algo-1" ]] || hyperparameters '{"sagemaker_program": "train.py"}'
  run "$smlaunch" --ready-timeout 0.3
  assert_eq "smlaunch: Reporting training FAILURE" "$(tail -n 2 "$scratch/err" | head -n 1)"
  [[ -s $base/output/failure ]] || fail "no failure file"
done
assert_eq 69 "$status"

step "the failure file that the user's code has written stays"
container
run "$smlaunch" -- /bin/sh -c "echo 'my own words' >$base/output/failure; exit 4"
assert_eq 4 "$status"
assert_eq "my own words" "$(failure)"

step "result files of an earlier run do not survive a run that cannot start"
container
: >"$base/output/success"
echo stale >"$base/output/failure"
run "$smlaunch"
assert_eq 78 "$status"
[[ ! -e $base/output/success ]] || fail "the success file of an earlier run is still there"
assert_contains "$(failure)" "configuration: "

step "what a rank leaves behind ends with the job, and holds nothing up"
for entry in "leave_behind 0" "leave_behind 7" "double_fork"; do
  read -ra words <<<"$entry"
  container
  run "$smlaunch" -- "$programs/${words[0]}" "${words[@]:1}"
  assert_eq "${words[1]:-0}" "$status"
  assert_nothing_left
done
container
run "$smlaunch" --hosts localhost:2 --launcher ddp --failure-grace 0.2 -- \
  "$programs/double_fork" /bin/sh -c "$(on_rank 1 "$programs/end_with" exit 3)"
assert_eq 3 "$status"
assert_nothing_left
