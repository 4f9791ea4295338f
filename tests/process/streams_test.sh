#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stream that cannot be written, and a terminal that closes, cost lines and nothing else: the job's outcome is its
# own, and its files are written.
source "$(dirname "$0")/lib.sh"

code_of() { jq .exit_code "$base/output/data/smlaunch/report.json"; }
into() { # REDIRECTIONS CMD...: run, its streams as the shell's text says
  local where=$1
  shift
  run bash -c "\"\$@\" $where" bash "$@"
}

# 8: a pipe without a reader.
mkfifo "$scratch/pipe"
exec 9<>"$scratch/pipe" 8>"$scratch/pipe" 9>&-

engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); fi
for launcher in "${engines[@]}"; do
  job=("$smlaunch" --hosts localhost:2 --launcher "$launcher" -- /bin/sh -c)
  for where in '2>/dev/full' '>/dev/full 2>/dev/full' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    step "$where: success and failure stay what they are, launcher $launcher"
    container
    into "$where" "${job[@]}" 'echo line; echo line >&2'
    assert_success
    assert_eq 0 "$(code_of)"
    container
    into "$where" "${job[@]}" 'echo line; echo line >&2; exit 3'
    assert_eq 3 "$status"
    assert_eq 3 "$(code_of)"
    grep -q 'exited with code 3' "$base/output/failure" || fail "the failure file does not tell: $(<"$base/output/failure")"
  done

  step "both read by somebody who has gone away, launcher $launcher"
  container
  into '>&8 2>&8' "${job[@]}" 'echo line; echo line >&2; exit 3'
  assert_eq 3 "$status"
  assert_eq 3 "$(code_of)"

  step "both a file that has reached its limit, launcher $launcher"
  container
  # shellcheck disable=SC2016
  run bash -c 'ulimit -f 40; exec "$@" >"$0" 2>&1' "$scratch/short" "${job[@]}" \
    'i=0; while [ $i -lt 2000 ]; do echo "a line of some length"; i=$((i + 1)); done; exit 3'
  assert_eq 3 "$status"
  assert_eq 3 "$(code_of)"
  assert_eq 40960 "$(stat -c %s "$scratch/short")"
  assert_contains "$(<"$base/output/failure")" "exited with code 3"
done

step "what cannot be started is still told by the exit code and the files"
container
into '2>/dev/full' "$smlaunch" -- ./absent.py
assert_eq 71 "$status"
[[ -s $base/output/failure ]] || fail "there is no failure file"
into '2>/dev/full' "$smlaunch" --bogus
assert_eq 64 "$status"

step "an answer that nobody reads to its end is ended as any program's is; an answer that cannot be written is none"
into '>&8' "$smlaunch" --help
assert_eq 141 "$status"
into '>/dev/full' "$smlaunch" --help
assert_eq 70 "$status"
assert_contains "$err" "stdout: could not be written"

step "a terminal that closes stops the job as SIGHUP does, and the files are written"
needs python3
container
cat >"$scratch/terminal.py" <<'END'
# Runs the command on a terminal of its own, closes it at the second "waiting", and ends as the command did.
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while seen.count(b"waiting") < 2:
    seen += os.read(terminal, 4096)
os.close(terminal)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
END
run python3 "$scratch/terminal.py" "$smlaunch" --hosts localhost:2 --launcher ddp -- /bin/sh -c \
  'trap "echo saved >$SM_OUTPUT_DATA_DIR/saved.$RANK; exit 0" HUP; echo waiting; while :; do sleep 0.05; done'
assert_eq 129 "$status"
assert_report '[.outcome, .exit_code]' '["stopped",129]'
assert_neither_file
assert_eq 2 "$(find "$base" -name 'saved.?' -size +0 | wc -l)"
assert_nothing_left
