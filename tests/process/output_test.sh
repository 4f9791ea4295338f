#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ranks' lines arrive whole, in order, marked, on the stream they were written to; none is lost.
source "$(dirname "$0")/lib.sh"

lines=200000
flooded() { # PREFIX: what a rank that floods must have shown on stdout, as `flood` makes it
  awk -v n="$lines" -v prefix="$1" 'BEGIN {
    for (i = 0; i < 61; i++) { pad[i] = x; x = x "x" }
    for (i = 0; i < n; i++) print prefix "out " i " " pad[i % 61] " end" }'
}
flooded_err() { awk -v n="$lines" -v prefix="$1" 'BEGIN { for (i = 0; i < n; i += 10) print prefix "err " i " end" }'; }
own_words() { grep -v '^smlaunch: ' "$scratch/err"; }

step "one rank: no prefix"
container
run "$smlaunch" -- "$programs/flood" "$lines"
assert_success
flooded "" | cmp - "$scratch/out"
flooded_err "" | cmp - <(own_words)

engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi
for launcher in "${engines[@]}"; do
  step "two ranks, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -- "$programs/flood" "$lines"
  assert_success
  for rank in 0 1; do
    flooded "[$rank localhost] " | cmp - <(grep -F "[$rank localhost] " "$scratch/out")
    flooded_err "[$rank localhost] " | cmp - <(grep -F "[$rank localhost] " "$scratch/err")
  done
  assert_eq $((2 * lines)) "$(wc -l <"$scratch/out")"

  step "what has no newline at the end gets one, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:2 --launcher "$launcher" -q -- "$programs/print_unterminated"
  assert_success
  assert_eq $'[0 localhost] half\n[0 localhost] whole\n[1 localhost] half\n[1 localhost] whole' "$(sort <<<"$out")"
  assert_eq $'[0 localhost] half of stderr\n[1 localhost] half of stderr' "$(sort <<<"$err")"
done

step "a reader that goes away stops nobody"
container
run bash -c '"$@" | head -n 1' bash "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/flood" 20000
assert_eq 0 "$status"
assert_eq 1 "$(wc -l <<<"$out")"
[[ -e $base/output/success ]] || fail "the job did not succeed"

step "what cannot be written is said, and the job goes on"
container
run bash -c '"$@" >/dev/full' bash "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/print_unterminated"
assert_success
assert_contains "$err" "smlaunch: stdout cannot be written (No space left on device): ranks' lines are lost, the job goes on"
assert_contains "$err" "bytes of the ranks' lines for stdout were lost: No space left on device"

step "a reader that never reads costs the end of the output, not the result"
container
mkfifo "$scratch/never"
exec 9<>"$scratch/never"
FIFO="$scratch/never" run bash -c '"$@" 9>&- >"$FIFO"' bash "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/flood" 20000
assert_success
exec 9>&-
assert_contains "$err" "smlaunch: nobody has read our output for 10 s: its last "
[[ -e $base/output/success ]] || fail "the success file is missing"

step "a slow reader loses nothing"
container
run bash -c '"$@" | while read -r line; do echo "$line"; done' bash \
  "$smlaunch" --hosts localhost:2 --launcher ddp -- "$programs/flood" 20000
assert_eq 0 "$status"
assert_eq 40000 "$(wc -l <<<"$out")"

step "ranks' stdin is /dev/null"
container
run "$smlaunch" -- /bin/sh -c 'readlink /proc/self/fd/0; cat'
assert_success
assert_eq /dev/null "$out"

step "a Python program's lines come when they are printed"
container
cat >"$base/code/train.py" <<'END'
import time
print("now")
time.sleep(600)
END
hyperparameters '{"sagemaker_program": "train.py"}'
start "$smlaunch"
eventually 20 printed 1 '^now$'
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_nothing_left

if command -v mpirun >/dev/null; then
  step "no channel to the leader: it runs all the same, and says what is lost"
  mkdir "$scratch/bin"
  printf '#!/bin/sh\nSMLAUNCH_AGENT_CHANNEL=127.0.0.1:1 exec %s "$@"\n' "$(command -v mpirun)" >"$scratch/bin/mpirun"
  chmod +x "$scratch/bin/mpirun"
  container
  run env PATH="$scratch/bin:$PATH" "$smlaunch" --hosts localhost:2 --launcher mpi -- "$programs/print_unterminated"
  assert_success
  assert_eq $'[0 localhost] half\n[0 localhost] whole\n[1 localhost] half\n[1 localhost] whole' "$(sort <<<"$out")"
  assert_contains "$err" "rank 1 on $(hostname) has no channel to the leader (Connection refused): its output goes through mpirun"
  container
  run env PATH="$scratch/bin:$PATH" "$smlaunch" --hosts localhost:2 --launcher mpi -- /bin/sh -c 'exit 3'
  assert_eq 3 "$status"
fi
