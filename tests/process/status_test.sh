#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a running job tells whoever asks: by `smlaunch status`, by the last line of a terminal, by --metrics.
source "$(dirname "$0")/lib.sh"

needs python3
here=$(cd "$(dirname "$0")" && pwd)
status_of() { "$smlaunch" status "$@" >"$scratch/status" 2>"$scratch/status.err"; }
tells() { status_of "$started" "${@:2}" && grep -q -- "$1" "$scratch/status"; }
sockets() { find "/tmp/smlaunch-$(id -u)" -name 'status-*' 2>/dev/null | sort; }

cat >"$scratch/work.sh" <<'END'
#!/bin/sh
# Tells its progress and goes on until it may end.
echo "step=$((40 + RANK)) loss=0.5" >>"$SMLAUNCH_HEARTBEAT"
while [ ! -e "$1" ]; do sleep 0.1; done
END
chmod +x "$scratch/work.sh"

step "a job tells its state by its pid and its folder, and its ranks' stacks where they are asked for"
container
start "$smlaunch" --hosts localhost:2 --launcher ddp -- "$scratch/work.sh" "$scratch/end"
eventually 20 tells "step=4[01] loss=0.5 of rank"
grep -q "(pid $started): running for 0:00:" "$scratch/status"
grep -q "^ranks       2 running$" "$scratch/status"
grep -q "^     1  localhost        running  .*step=41" "$scratch/status"
grep -qF "folder      $(realpath "$base")" "$scratch/status"
status_of "$base/input/.."
grep -q "(pid $started)" "$scratch/status"
status_of "$started" --format json
assert_eq '["smlaunch.status/1",1,"run",2,["running","running"]]' \
  "$(jq -c '[.schema, (.jobs | length), .jobs[0].state, .jobs[0].ranks_by_state.running, [.jobs[0].ranks[].state]]' "$scratch/status")"
id=$(jq -r '.jobs[0].id' "$scratch/status")
status_of "$id" --stacks
grep -q "^rank 0 on localhost: " "$scratch/status"
grep -q "^  work.sh (pid " "$scratch/status"
status_of --stacks --format json "$id"
assert_eq 2 "$(jq '.jobs[0].stacks | length' "$scratch/status")"
[[ $(stat -c '%a %u' "/tmp/smlaunch-$(id -u)") == "700 $(id -u)" ]] || fail "the folder is open to others"

step "nothing that somebody says to its socket harms the job"
python3 - "$(sockets | grep "$id")" <<'END'
import os, socket, sys
def connect():
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[1])
    return peer
for text in [b"", b"\n", b"\0" * 100, os.urandom(100000), b"text - \xff\xfe\n", b"json stacks " + b"x" * 9000 + b"\n"]:
    peer = connect()
    try:
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass
    except OSError:
        pass
idle = [connect() for _ in range(10)]  # they say nothing, and go
END
tells "2 running"

step "another user gets no word out of it"
if ((EUID == 0)); then
  python3 - "$(sockets | grep "$id")" <<'END'
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    sys.exit("a stranger was let in")
except PermissionError:
    pass
END
else
  echo "not root: no other user is at hand"
fi

step "when it is over it is no more to be found"
touch "$scratch/end"
ended
assert_success
assert_eq "" "$(sockets | grep "$id" || :)"
code=0
status_of "$id" || code=$?
assert_eq 64 "$code"
assert_contains "$(<"$scratch/status.err")" "$id: names no job of this user's that runs on this host"
assert_eq "" "$(<"$scratch/status")"

step "a host that does not lead says who does, and writes no metrics"
container
leader=$(hostname)
start env SMLAUNCH_JOB_TOKEN=0123456789abcdef0123456789abcdef "$smlaunch" --nnodes 2 --node-rank 1 --master-addr "$leader" \
  --channel-port 1 --metrics "$scratch/metrics" -- /bin/true
eventually 20 tells "(pid $started): waiting for $leader for 0:00:"
grep -qF "leader      $leader: \`smlaunch status\` there knows the ranks" "$scratch/status"
status_of "$started" --format json
assert_eq "[\"$leader\",\"ready\",false]" "$(jq -c '.jobs[0] | [.leader, .state, has("ranks_by_state")]' "$scratch/status")"
kill -TERM "$started"
ended
assert_eq 143 "$status"
[[ ! -e $scratch/metrics ]] || fail "metrics of a host that does not lead"

step "on a terminal its last line says how it goes, breaks no line, and is gone at the end"
if [[ -x /usr/bin/python3 ]]; then
  container
  cat >"$scratch/lines.sh" <<'END'
#!/bin/sh
echo "step=7" >>"$SMLAUNCH_HEARTBEAT"
i=0
while [ $i -lt 300 ]; do
  echo "line $i of stdout"
  echo "line $i of stderr" >&2
  i=$((i + 1))
  [ $((i % 100)) != 0 ] || sleep 1.2
done
END
  chmod +x "$scratch/lines.sh"
  env "$marker" SAGEMAKER_BASE_DIR="$base" TERM=xterm /usr/bin/python3 "$here/on_terminal.py" "$scratch/raw" "$scratch/screen" \
    "$smlaunch" --hosts localhost:2 --launcher ddp --color never -- "$scratch/lines.sh" || fail "$(<"$scratch/screen")"
  grep -qaF $'\rsmlaunch: 1 host | 2 ranks running | step=7 | 0:00:0' "$scratch/raw" || fail "no last line: $(cat -v "$scratch/raw" | tail -n 5)"
  for rank in 0 1; do
    for stream in stdout stderr; do
      seq 0 299 | sed "s/.*/[$rank localhost] line & of $stream/" |
        cmp - <(grep -F "[$rank localhost] " "$scratch/screen" | grep "of $stream\$")
    done
  done
  if grep -v '^\[[01] localhost\] line [0-9]* of std[a-z]*$' "$scratch/screen" | grep -v '^smlaunch: [a-zR]'; then fail "a broken line"; fi
  if grep -F 'ranks running' "$scratch/screen"; then fail "the last line has stayed"; fi

  step "where a tee writes to the same terminal, there is no last line"
  container
  env "$marker" SAGEMAKER_BASE_DIR="$base" TERM=xterm /usr/bin/python3 "$here/on_terminal.py" "$scratch/raw" "$scratch/screen" \
    /bin/sh -c '"$0" --hosts localhost:1 --launcher ddp -- /bin/sh -c "echo hello; sleep 2.5; echo bye" | tee /dev/null' "$smlaunch" \
    || fail "$(<"$scratch/screen")"
  if grep -qaF running "$scratch/raw"; then fail "a last line"; fi
  assert_eq $'hello\nbye' "$(grep -E '^(hello|bye)$' "$scratch/screen")"

  step "its colors are those of --color"
  for color in never always auto; do
    container
    env "$marker" SAGEMAKER_BASE_DIR="$base" TERM=xterm /usr/bin/python3 "$here/on_terminal.py" "$scratch/raw" "$scratch/screen" \
      "$smlaunch" --hosts localhost:2 --launcher ddp --color "$color" -- /bin/echo hello || fail "$(<"$scratch/screen")"
    colored=$(grep -acF $'\033[36m[1 localhost]\033[0m hello' "$scratch/raw" || :)
    assert_eq "$([[ $color == never ]] && echo 0 || echo 1)" "$colored"
  done
else
  echo "no /usr/bin/python3: no terminal is tried"
fi

step "elsewhere there is neither a last line nor a color, unless it is asked for"
container
run TERM=xterm "$smlaunch" --hosts localhost:2 --launcher ddp -- /bin/sh -c 'echo hello; sleep 2.5'
assert_success
[[ $out$err != *$'\033'* && $out$err != *$'\r'* ]] || fail "sequences in a file"
assert_eq $'[0 localhost] hello\n[1 localhost] hello' "$(sort <<<"$out")"
run "$smlaunch" --hosts localhost:2 --launcher ddp --color always -- /bin/echo hello
assert_contains "$out" $'\033[36m[0 localhost]\033[0m hello'

step "--metrics is renewed while the job runs, is sound OpenMetrics text, and ends with the exit code"
container
rm -f "$scratch/end"
umask 022
start "$smlaunch" --hosts localhost:2 --launcher ddp --metrics "$scratch/metrics/job.prom" -- "$scratch/work.sh" "$scratch/end"
eventually 30 grep -q '^smlaunch_state{smlaunch_state="run"} 1$' "$scratch/metrics/job.prom"
/usr/bin/env python3 "$here/open_metrics.py" "$scratch/metrics/job.prom"
grep -q '^smlaunch_ranks{state="running"} 2$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_progress_lowest{name="step"} 40$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_progress_highest{name="step"} 41$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_phase_seconds{phase="start"} ' "$scratch/metrics/job.prom"
assert_eq 644 "$(stat -c %a "$scratch/metrics/job.prom")"
touch "$scratch/end"
ended
assert_success
/usr/bin/env python3 "$here/open_metrics.py" "$scratch/metrics/job.prom"
grep -q '^smlaunch_exit_code 0$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_state{smlaunch_state="end"} 1$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_ranks{state="ended"} 2$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_progress_highest{name="step"} 41$' "$scratch/metrics/job.prom"
grep -q '^smlaunch_phase_seconds{phase="teardown"} ' "$scratch/metrics/job.prom"
assert_eq job.prom "$(ls "$scratch/metrics")"

step "what is no OpenMetrics text is found to be none"
for text in 'a 1' $'# TYPE a gauge\na 1' $'# TYPE a gauge\na{x=1} 1\n# EOF' $'# TYPE a counter\na 1\n# EOF' $'a 1\n# EOF\na 2'; do
  printf '%s\n' "$text" >"$scratch/broken.prom"
  if /usr/bin/env python3 "$here/open_metrics.py" "$scratch/broken.prom" 2>/dev/null; then fail "taken: $text"; fi
done

step "metrics that cannot be written are said once, and the job goes on"
container
run "$smlaunch" --hosts localhost:1 --launcher ddp --metrics /proc/none/x -- /bin/true
assert_success
assert_eq 1 "$(grep -c 'warning: --metrics: /proc/none/x: cannot be written' <<<"$err")"
