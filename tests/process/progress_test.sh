#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ranks tell of their progress: by lines appended to a file, or by lines that they print; and what a silence is.
source "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
package=$(cd "$(dirname "$0")/../../python" && pwd)
events() { jq -c "select(.event == \"progress\") | $1" "$base/output/data/smlaunch/events.jsonl"; }

step "any language appends lines to the file; the values are in events and report, and the file goes with the rank"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp -- /bin/sh -c '
  echo "path $SMLAUNCH_HEARTBEAT"
  if [ "$RANK" = 1 ]; then
    sleep 0.5
    exit
  fi
  for step in 1 2 3; do echo "step=$step loss=2.$step" >>"$SMLAUNCH_HEARTBEAT"; done
  printf "step=4 loss=nan" >>"$SMLAUNCH_HEARTBEAT"'
assert_success
assert_eq '{"loss":"nan","step":4}' "$(events .values | tail -n 1)"
assert_eq '[0,"localhost"]' "$(events '[.rank, .host]' | tail -n 1)"
assert_report '.progress | [.last, .rank_of_last, .seconds_ago >= 0]' '[{"loss":"nan","step":4},0,true]'
paths=$(sed -n 's/.*] path //p' <<<"$out" | sort -u)
assert_eq 2 "$(wc -l <<<"$paths")"
while read -r path; do [[ -n $path && ! -e $path ]] || fail "$path is there yet"; done <<<"$paths"

step "from Python by the package"
if [[ -x $python ]]; then
  container
  cat >"$base/code/train.py" <<'END'
import smlaunch
for step in range(5):
    smlaunch.heartbeat(step=step, loss=1 / (step + 1))
END
  run PYTHONPATH="$package" "$smlaunch" --hosts localhost:1 --launcher ddp --python "$python" -- "$base/code/train.py"
  assert_success
  assert_report .progress.last '{"loss":0.2,"step":4}'
fi

step "--progress reads it out of lines that nobody has changed"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp --progress 'step (?P<step>\d+)/\d+ loss (?P<loss>[\d.]+)' -- /bin/sh -c \
  'echo "[INFO] step $((10 + RANK))/500 loss 1.25 (3 s)"; echo "loading 99"'
assert_success
assert_eq '{"loss":1.25,"step":10} {"loss":1.25,"step":11}' "$(events .values | sort | xargs -d '\n')"
assert_report .progress.last.loss 1.25

step "a job that tells none has none"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp -- /bin/true
assert_report .progress null

step "what is no expression is refused at once"
run "$smlaunch" --dry-run --hosts localhost:1 --progress 'step (' -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" 'option --progress: "step (" is no regular expression'

step "lines that are no progress keep no job alive, and the last progress is said"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp --progress 'step (?P<step>\d+)' --hang-timeout 2 --failure-grace 1 -- \
  /bin/sh -c '[ "$RANK" = 0 ] || echo step 7; while :; do echo waiting; sleep 0.2; done'
assert_eq 76 "$status"
assert_report '[.class, .exit_code, .progress.last.step]' '["hang",76,7]'
assert_contains "$(tail -n 1 <<<"$err")" "the job hangs: no rank has made progress for "
assert_contains "$(tail -n 1 <<<"$err")" "(the last: step=7 of rank 1 on localhost)"
assert_nothing_left

step "until the first progress there is another bound"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp --start-timeout 2 --failure-grace 1 -- /bin/sleep 600
assert_eq 76 "$status"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp --start-timeout 60 --hang-timeout 1 -- /bin/sh -c 'sleep 4; echo done'
assert_success

step "a rank that computes is not ended for its silence, and the sentence says so"
container
cat >"$scratch/busy.sh" <<'END'
#!/bin/sh
# Whole numbers of a shell, and a look at the disk now and then: a program that mostly asks the kernel is not seen to move.
i=0
while [ $((i % 50000)) != 0 ] || [ ! -e "$1" ]; do i=$((i + 1)); done
END
chmod +x "$scratch/busy.sh"
start "$smlaunch" --hosts localhost:1 --launcher ddp --hang-timeout 2 -- "$scratch/busy.sh" "$scratch/seen"
eventually 50 grep -q 'taken for life' "$scratch/err"
touch "$scratch/seen"
ended
assert_success
[[ $err =~ "no rank has printed anything for "[2-9]" s; rank 0 on localhost computes ("[0-9.]+" cores busy, in " ]] || fail "$err"
[[ $err != *"asking every rank"* ]] || fail "$err"
