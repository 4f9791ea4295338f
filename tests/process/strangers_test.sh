#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whoever connects to the leader's channel without the token harms nobody, and whoever has the token and says what no
# agent says is refused, and the rank in whose name it was said is named.
source "$(dirname "$0")/lib.sh"
needs python3
needs ss
container
job=(sh -c "echo up; until [ -e '$scratch/go' ]; do sleep 0.05; done; echo done")
begin() {
  rm -f "$scratch/go"
  start "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp -- "${job[@]}"
  eventually 20 both_up
}
both_up() { [[ $(grep -c up "$scratch/out") == 2 ]]; }
address() { ss -Htlnp | awk -v pid="pid=$started," 'index($0, pid) {print $4; exit}'; }
agent() { # RANK: the pid of its agent
  local pid
  for pid in $(carriers "SMLAUNCH_AGENT_RANK=$1"); do
    ! grep -qszx "$marker" "/proc/$pid/environ" || echo "$pid"
  done
}

step "the channel of a job on one host listens on the loopback interface alone"
begin
assert_contains "$(address)" "127.0.0.1:"

step "nested MessagePack, HTTP, and half a TLS greeting: each is turned away, and the job goes on"
python3 - "$(address)" <<'END'
import socket, struct, sys
host, port = sys.argv[1].rsplit(":", 1)
nested = b"\x91" * 65000 + b"\xc0"
for text in (struct.pack("<I", len(nested) + 1) + b"\x01" + nested, b"GET / HTTP/1.1\r\n\r\n"):
    with socket.create_connection((host, int(port)), 10) as stranger:
        try:
            stranger.sendall(text)
            while stranger.recv(4096):
                pass
        except ConnectionError:
            pass
with socket.create_connection((host, int(port)), 10) as stranger:
    stranger.sendall(b"\x16\x03\x01\x02\x00")
END
touch "$scratch/go"
ended
assert_eq 0 "$status"
assert_eq 2 "$(grep -c 'done' "$scratch/out")"

step "hundreds of idle strangers: the leader waits, and its files are written"
rm -f "$scratch/go"
job=(sh -c "echo up; until [ -e '$scratch/go' ]; do sleep 0.05; done; echo boom >&2; exit 3")
start bash -c 'ulimit -n 256; exec "$@"' limited "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp -- "${job[@]}"
eventually 20 both_up
# Every one of them comes again when it is closed, until the job has ended.
python3 - "$(address)" "$scratch/go" <<'END'
import select, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
poll, strangers, opened = select.poll(), {}, 0
while opened < 600:
    while len(strangers) < 300 and opened < 600:
        stranger = socket.create_connection((host, int(port)), 10)
        strangers[stranger.fileno()] = stranger
        poll.register(stranger, select.POLLIN)
        opened += 1
    for descriptor, _ in poll.poll(1000):
        poll.unregister(descriptor)
        strangers.pop(descriptor).close()
open(sys.argv[2], "w").close()
END
ended
assert_eq 3 "$status"
assert_contains "$(<"$base/output/failure")" boom

needs mpirun
# A rank has one agent. So an agent that knows the token comes in the place of rank 1's own, and sends WORD.
mkdir "$scratch/bin"
cat >"$scratch/bin/mpirun" <<END
#!/bin/bash
arguments=("\$@")
for i in "\${!arguments[@]}"; do
  if [[ \${arguments[i]} == "$smlaunch" ]]; then arguments[i]=$scratch/agent; fi
done
exec $(command -v mpirun) "\${arguments[@]}"
END
cat >"$scratch/agent" <<END
#!/bin/bash
if [[ \$OMPI_COMM_WORLD_RANK == 1 ]]; then exec "$programs/rogue_agent" \$\$ 1 "\$(<"$scratch/word")"; fi
exec "$smlaunch" "\$@"
END
chmod +x "$scratch/bin/mpirun" "$scratch/agent"
while IFS='|' read -r word what; do
  step "with the token: $word"
  echo "$word" >"$scratch/word"
  run env PATH="$scratch/bin:$PATH" "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher mpi -- sleep 1000
  assert_report '[.outcome, .class]' '["failure","lost_host"]'
  assert_contains "$err" "rank 1"
  assert_contains "$err" "sent what none of ours sends: $what"
  assert_nothing_left
done <<'END'
endless|an output that is not made of whole lines
million|a frame with the number 1000000 after number
deep|a broken pong
minus|a broken ended
END
