#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL gives nobody a chance to tidy up; all the same nothing of the job is left soon after, wherever it hits.
source "$(dirname "$0")/lib.sh"

engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi

# The pids that run PROGRAM [WORD...] for this test.
running() {
  local pid words
  for pid in $(carriers "$marker"); do
    mapfile -d '' -t words <"/proc/$pid/cmdline" || continue
    [[ ${words[*]} != "$*"* ]] || echo "$pid"
  done 2>/dev/null
}
agents() { running "$smlaunch" rank; }

begin() { # PROGRAM...
  container
  start "$smlaunch" --hosts localhost:2 --launcher "$launcher" --lost-after 2 -- "$@"
  eventually 20 printed 2 waiting
}

for launcher in "${engines[@]}"; do
  for kind in wait_forever ignore_sigterm "double_fork $programs/wait_forever" "double_fork $programs/ignore_sigterm"; do
    read -ra program <<<"$programs/$kind"

    step "smlaunch itself, launcher $launcher, ranks: ${kind/$programs\//}"
    begin "${program[@]}"
    assert_eq 2 "$(agents | wc -l)"
    kill -KILL "$started"
    ended
    assert_eq 137 "$status"
    assert_nothing_left 15

    step "an agent, launcher $launcher, ranks: ${kind/$programs\//}"
    begin "${program[@]}"
    mapfile -t pids < <(agents)
    kill -KILL "${pids[1]}"
    ended
    assert_eq 76 "$status"
    assert_report '[.outcome, .class, .exit_code]' '["failure","lost_host",76]'
    [[ ! -e $base/output/success ]] || fail "there is a success file"
    assert_contains "$(<"$base/output/failure")" "lost_host: "
    assert_nothing_left 15
  done
done

if [[ ${engines[-1]} == mpi ]]; then
  for kind in wait_forever ignore_sigterm "double_fork $programs/ignore_sigterm"; do
    read -ra program <<<"$programs/$kind"
    step "mpirun, ranks: ${kind/$programs\//}"
    begin "${program[@]}"
    mapfile -t pids < <(running mpirun)
    ((${#pids[@]} == 1)) || mapfile -t pids < <(running "$(command -v mpirun)")
    assert_eq 1 "${#pids[@]}"
    kill -KILL "${pids[0]}"
    ended
    assert_eq 76 "$status"
    assert_report '[.outcome, .class, .exit_code]' '["failure","lost_host",76]'
    [[ $err =~ "mpirun was killed by signal 9 (SIGKILL)"|"its agent was told to end, not by us" ]] || fail "the message: $err"
    assert_nothing_left 15
  done
fi

launcher=ddp
step "a rank holds no socket of ours open"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp -- /bin/ls -l /proc/self/fd
assert_contains "$out" "[1 localhost] "
[[ $out != *socket:* ]] || fail "it does: $out"

step "a rank that is killed is a rank that failed"
begin "$programs/wait_forever"
mapfile -t pids < <(running "$programs/wait_forever")
kill -KILL "${pids[0]}"
ended
assert_eq 137 "$status"
assert_report '[.class, .first_failure.signal]' '["user_code",9]'
assert_nothing_left
