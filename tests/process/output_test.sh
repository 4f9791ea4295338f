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

step "a line of 64 MiB arrives whole; a longer line is cut there"
long=$((64 << 20))
container
env "$marker" SAGEMAKER_BASE_DIR="$base" "$smlaunch" -q --hosts localhost:2 --launcher ddp -- /bin/sh -c '
  [ "$RANK" = 0 ] && more= || more=yz
  { head -c "$0" /dev/zero | tr "\0" x; echo $more; }' "$long" >"$scratch/long"
assert_eq $'[0 localhost] \n[1 localhost] \n[1 localhost] yz' "$(tr -d x <"$scratch/long" | sort)"
prefix=$(printf '[0 localhost] ' | wc -c)
assert_eq "$((prefix + long)) $((3 * (prefix + 1) + 2 * long + 2))" "$(wc -L <"$scratch/long") $(stat -c %s "$scratch/long")"
rm "$scratch/long"

# What print_awkward writes, as lines.
for stream in out err; do
  {
    printf '%s %s end\n' "$stream" "$(head -c 1000000 /dev/zero | tr '\0' x)"
    for ((byte = 0; byte < 256; byte++)); do
      printf -v escape '\\x%x' "$byte"
      ((byte == 10 || byte == 13)) || printf "$escape"
    done
    printf '\n 10%%\n 50%%\n100%%\nh\303\251\n\n%s last\n' "$stream"
  } >"$scratch/awkward.$stream"
done
for launcher in "${engines[@]}"; do
  step "lines that are hard to pass on, and a file for each rank and stream, launcher $launcher"
  container
  run "$smlaunch" -q --hosts localhost:3 --launcher "$launcher" --log-dir "$scratch/logs" --only-ranks 0,2 -- \
    "$programs/print_awkward"
  assert_success
  for rank in 0 1 2; do
    cmp "$scratch/awkward.out" "$scratch/logs/rank-$rank.stdout"
    cmp "$scratch/awkward.err" "$scratch/logs/rank-$rank.stderr"
  done
  assert_eq 6 "$(find "$scratch/logs" -type f | wc -l)"
  for rank in 0 2; do
    sed "s/^/[$rank localhost] /" "$scratch/awkward.out" | cmp - <(grep -aF "[$rank localhost] " "$scratch/out")
    sed "s/^/[$rank localhost] /" "$scratch/awkward.err" | cmp - <(grep -aF "[$rank localhost] " "$scratch/err")
  done
  ! grep -aF "[1 " "$scratch/out" "$scratch/err" || fail "lines of rank 1 are shown"
done

step "--log-format json: an object a line"
container
run "$smlaunch" -q --hosts localhost:2 --launcher ddp --log-format json -- "$programs/print_awkward"
assert_success
assert_eq "[0,\"localhost\",\"stdout\",8];[1,\"localhost\",\"stdout\",8]" "$(jq -sc \
  'group_by(.rank)[] | [.[0].rank, .[0].host, .[0].stream, length]' "$scratch/out" | paste -sd ';')"
assert_eq '["stderr",["h\u00e9",""," 10%"," 50%","100%","err last"]]' "$(jq -sac \
  '[.[0].stream, (map(select(.rank == 1).line | select(length < 20)) | sort_by(. != "hé", .))]' "$scratch/err")"
assert_eq true "$(jq -s 'all(.t >= 0 and .t < 60)' "$scratch/out")"

step "a run that ends is run again: its files are begun anew"
container
for text in first second; do
  run "$smlaunch" --log-dir "$scratch/logs" -- /bin/echo "$text"
  assert_success
  assert_eq "$text" "$(<"$scratch/logs/rank-0.stdout")"
done

step "no rank that is not there is asked for, and no folder that cannot be written"
container
run "$smlaunch" --hosts localhost:2 --only-ranks 1-2 -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" "option --only-ranks: there is no rank 2, they are 0 to 1"
run "$smlaunch" --only-ranks 1,x -- /bin/true
assert_eq 64 "$status"
assert_contains "$err" '"1,x" is no list of numbers such as 0,3-5'
run "$smlaunch" --log-dir /proc/x -- /bin/echo started
assert_eq "71/" "$status/$out"
assert_contains "$err" "--log-dir /proc/x: cannot be made"

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

step "a report and events that cannot be written are told apart, and the job goes on"
container
run "$smlaunch" --report /dev/full --events /dev/full -- /bin/true
assert_success
assert_contains "$err" "smlaunch: warning: the report /dev/full: cannot be written: No space left on device"
assert_contains "$err" "smlaunch: warning: the events /dev/full: cannot be written: No space left on device; they end here"

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
  printf '#!/bin/sh\nSMLAUNCH_AGENT_CHANNEL=127.0.0.1:1 SMLAUNCH_AGENT_TOKEN=another exec %s "$@"\n' "$(command -v mpirun)" >"$scratch/bin/mpirun"
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
