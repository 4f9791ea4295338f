#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --max-restarts: the same plan again after a failure; what failed before is kept in the report.
source "$(dirname "$0")/lib.sh"

cat >"$scratch/train.sh" <<'END'
#!/bin/sh
echo "try $RESTART_COUNT of rank $RANK"
# A rank that fails before the others have printed would cost their lines. A stop ends what the shell runs, not the shell.
if [ "$RANK" = 0 ]; then echo >"$SAID.$RESTART_COUNT"; else until [ -e "$SAID.$RESTART_COUNT" ]; do sleep 0.01 || exit; done; fi
if [ "$RESTART_COUNT" -lt "$GOOD_AT" ] && [ "$RANK" = 1 ]; then
  echo "bad luck" >&2
  exit 7
fi
[ "$RESTART_COUNT" -ge "$GOOD_AT" ] || exec sleep 600
END
chmod +x "$scratch/train.sh"
engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi
again() { # GOOD_AT OPTION...
  container
  rm -f "$scratch"/said.*
  run SAID="$scratch/said" GOOD_AT="$1" "$smlaunch" --hosts localhost:2 --launcher "$launcher" --restart-on user_code "${@:2}" -- \
    "$scratch/train.sh"
}

for launcher in "${engines[@]}"; do
  step "two failures, then success, launcher $launcher"
  again 2 --max-restarts 3 --log-dir "$scratch/logs"
  assert_success
  assert_eq "$(printf '[%s localhost] try %s of rank %s\n' 0 0 0 0 1 0 0 2 0 1 0 1 1 1 1 1 2 1)" "$(sort <<<"$out")"
  assert_contains "$err" "smlaunch: restart 1 of 3: the same plan again"
  assert_contains "$err" "smlaunch: restart 2 of 3: the same plan again"
  assert_report '[.outcome, .restarts, (.earlier[] | [.class, .exit_code, .first_failure.rank])]' \
    '["success",2,["user_code",7,1],["user_code",7,1]]'
  assert_report '[.earlier[].plan_hash] + [.plan_hash] | unique | length' 1
  assert_eq 2 "$(grep -c '"event":"restart"' "$base/output/data/smlaunch/events.jsonl")"
  assert_eq "try 1 of rank 1" "$(<"$scratch/logs/rank-1.restart-1.stdout")"
  assert_nothing_left

  step "as often as allowed, and no more, launcher $launcher"
  again 9 --max-restarts 1
  assert_eq 7 "$status"
  assert_report '[.outcome, .class, .restarts, (.earlier | length)]' '["failure","user_code",1,1]'
  assert_contains "$(<"$base/output/failure")" "bad luck"
  assert_nothing_left

  step "a stop between the tries or in one is the end, launcher $launcher"
  container
  rm -f "$scratch"/said.*
  start SAID="$scratch/said" GOOD_AT=100000 "$smlaunch" --hosts localhost:2 --launcher "$launcher" --max-restarts 100000 --restart-on user_code -- "$scratch/train.sh"
  eventually 60 printed 6 'of rank 1'
  kill -TERM "$started"
  ended
  # A rank that failed in the same moment was the first all the same.
  if ((status == 143)); then
    assert_neither_file
    assert_report '.outcome' '"stopped"'
  else
    assert_eq 7 "$status"
    assert_report '.outcome' '"failure"'
  fi
  assert_nothing_left
done

step "a failure file of the user's own does not outlive the success"
launcher=process
container
cat >"$base/code/train.sh" <<'END'
#!/bin/sh
[ "$RESTART_COUNT" = 1 ] || { echo mine >"$SM_OUTPUT_DIR/failure"; exit 1; }
END
hyperparameters '{"sagemaker_program": "train.sh"}'
run "$smlaunch" --max-restarts 1 --restart-on user_code
assert_success

step "what no new try can mend is not tried again"
container
run "$smlaunch" --max-restarts 3 -- /nowhere/at/all
assert_eq 71 "$status"
container
hyperparameters '{'
run "$smlaunch" --max-restarts 3
assert_eq 78 "$status"
[[ $err != *restart* ]] || fail "$err"

step "the user's own failures are tried again only where asked, and smlaunch says so; what killed a rank from outside is"
cat >"$scratch/once.sh" <<'END'
#!/bin/sh
[ "$RESTART_COUNT" = 1 ] || eval "$1"
END
chmod +x "$scratch/once.sh"
once() { container; run "$smlaunch" --hosts localhost:1 --launcher ddp --max-restarts 1 "${@:2}" -- "$scratch/once.sh" "$1"; }
once 'exit 3'
assert_eq 3 "$status"
assert_contains "$err" "no other try: --restart-on does not name user_code or this exit code"
once 'exit 3' --restart-on 3
assert_success
once 'kill -9 $$'
assert_success
once 'kill -9 $$' --restart-on none
assert_eq 137 "$status"
run "$smlaunch" --dry-run --hosts localhost:1 --restart-on sometimes -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" 'option --restart-on: "sometimes" is no class of failures'

step "a rank decides by a heartbeat"
once 'echo smlaunch=restart >>"$SMLAUNCH_HEARTBEAT"; exit 3'
assert_success
once 'echo smlaunch=stop >>"$SMLAUNCH_HEARTBEAT"; kill -9 $$'
assert_eq 137 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "rank 0 has asked for no other try"
assert_report .restarts 0

step "a try that came further does not count; a try that fails like the last, at its step, is the last"
cat >"$scratch/steps.py" <<'END'
import os
count = int(os.environ["RESTART_COUNT"])
step = min(10 * (count + 1), 30)
with open(os.environ["SMLAUNCH_HEARTBEAT"], "a") as file:
    file.write(f"step={step}\n")
raise ValueError(f"bad batch at {hex(id(file))}")
END
if [[ -x /usr/bin/python3 ]]; then
  container
  run "$smlaunch" --hosts localhost:1 --launcher ddp --python /usr/bin/python3 --max-restarts 1 --restart-on user_code -- \
    "$scratch/steps.py"
  assert_eq 1 "$status"
  assert_report '[.restarts, [.earlier[].progress.last.step], .progress.last.step]' '[3,[10,20,30],30]'
  assert_contains "$err" "restart, which does not count, since the job has come further (step=20): the same plan again"
  assert_contains "$(tail -n 1 <<<"$err")" \
    "; the try before failed at the same step 30 of the same exception: no other try"
fi

step "what must hold on the host before a try"
container
run "$smlaunch" --hosts localhost:1 --host-check 'echo looking; echo "disk is old" >&2; exit 3' -- /bin/true
assert_eq 69 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "localhost: its check (--host-check) failed: disk is old"
assert_eq '["localhost","failed"]' \
  "$(jq -c 'select(.event == "host_check") | [.host, .result]' "$base/output/data/smlaunch/events.jsonl")"
run "$smlaunch" --hosts localhost:1 --check-path "$scratch" --check-path "$scratch/none" -- /bin/true
assert_eq 69 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "localhost: $scratch/none: does not exist"
run "$smlaunch" --hosts localhost:1 --check-path "$scratch" --host-check 'true' -- /bin/echo fit
assert_eq "0/fit" "$status/$out"

step "spare hosts that leave none, or that cannot take anybody's place"
container
run "$smlaunch" --hosts localhost:2 --spare-hosts 1 -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" "option --spare-hosts: 1 of 1 hosts would leave none to run ranks"
container algo-1 algo-2
run "$smlaunch" --spare-hosts 1 -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" "each host runs by itself, and none can take another's place"

step "a check of the leader's own host is no reason to be deaf: a stop ends it at once"
container
start "$smlaunch" --hosts localhost:1 --launcher ddp --host-check "sleep 1000 & echo \$! >$scratch/checking; wait" -- /bin/true
eventually 20 test -s "$scratch/checking"
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_report .outcome '"stopped"'
started=$(<"$scratch/checking")
eventually 5 has_ended "$started"

step "what a check leaves running is not waited for"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp --host-check 'sleep 20 & echo fine' -- /bin/true
assert_success
assert_eq '["localhost","fit"]' "$(jq -c 'select(.event == "host_check") | [.host, .result]' "$base/output/data/smlaunch/events.jsonl")"

step "a rank that wants its host left out where no other is gets no other try, and the reason"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp --max-restarts 5 -- /bin/sh -c 'echo smlaunch=exclude-host >>"$SMLAUNCH_HEARTBEAT"; exit 3'
assert_eq 3 "$status"
assert_report .restarts 0
assert_contains "$err" "rank 0 has asked for another try without its host localhost, but that leads the job"
