#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --max-restarts: the same plan again after a failure; what failed before is kept in the report.
source "$(dirname "$0")/lib.sh"

cat >"$scratch/train.sh" <<'END'
#!/bin/sh
echo "try $RESTART_COUNT of rank $RANK"
# A rank that fails before the others have printed would cost their lines.
if [ "$RANK" = 0 ]; then echo >"$SAID.$RESTART_COUNT"; else until [ -e "$SAID.$RESTART_COUNT" ]; do sleep 0.01; done; fi
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
  run SAID="$scratch/said" GOOD_AT="$1" "$smlaunch" --hosts localhost:2 --launcher "$launcher" "${@:2}" -- "$scratch/train.sh"
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
  start SAID="$scratch/said" GOOD_AT=100000 "$smlaunch" --hosts localhost:2 --launcher "$launcher" --max-restarts 100000 -- "$scratch/train.sh"
  eventually 20 printed 6 'of rank 1'
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
run "$smlaunch" --max-restarts 1
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

step "spare hosts that leave none, or that cannot take anybody's place"
container
run "$smlaunch" --hosts localhost:2 --spare-hosts 1 -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" "option --spare-hosts: 1 of 1 hosts would leave none to run ranks"
container algo-1 algo-2
run "$smlaunch" --spare-hosts 1 -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" "each host runs by itself, and none can take another's place"
