#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What mpirun starts instead of ssh: a command over a connection that an ssh keeps open, here a made-up one. Whatever that
# says, the command is started once, by it or by ssh.
source "$(dirname "$0")/lib.sh"
needs python3

# Stands for ssh: says how it was called.
mkdir "$scratch/bin"
cat >"$scratch/bin/ssh" <<'END'
#!/bin/sh
echo "ssh: $*"
exit 9
END
chmod 755 "$scratch/bin/ssh"
# The other end. It reads what the client asks, into `asked` and `streams`, and does what its last argument says, in Python.
cat >"$scratch/master.py" <<'END'
import os, socket, struct, sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1] + ".new")
listener.listen()
os.rename(sys.argv[1] + ".new", sys.argv[1])
client = listener.accept()[0]
os.unlink(sys.argv[1])


def number(value):
    return struct.pack(">I", value)


def text(value):
    return number(len(value)) + value


def message(kind, *fields):
    return text(number(kind) + b"".join(fields))


def read(size):
    got = b""
    while len(got) < size:
        piece = client.recv(size - len(got))
        if not piece:
            sys.exit("the client has closed")
        got += piece
    return got


def read_message():
    return read(struct.unpack(">I", read(4))[0])


def read_stream():
    return socket.recv_fds(client, 1, 1)[1][0]


def tell(*messages):
    client.sendall(b"".join(messages))


opened = message(0x80000006, number(0), number(5))


def ended(code):
    return message(0x80000004, number(5), number(code))


tell(message(1, number(4)))
assert read_message() == number(1) + number(4)
asked = read_message()
streams = [read_stream() for _ in range(3)]
exec(sys.argv[2])
END
master=
begin() { # WHAT-THE-OTHER-END-DOES
  python3 "$scratch/master.py" "$scratch/ssh-algo-2" "$1" 2>"$scratch/master.err" &
  master=$!
  eventually 20 test -S "$scratch/ssh-algo-2"
}
master_is_content() { wait "$master" || fail "the other end: $(<"$scratch/master.err")"; }
options=(-o BatchMode=yes -o ConnectTimeout=10 -o "ControlPath=$scratch/ssh-%n")
log_in() {
  run env PATH="$scratch/bin:$PATH" SM_HOSTS='[]' SMLAUNCH_AGENT_TOKEN=sesame LC_TIME=C.UTF-8 \
    "$smlaunch" worker --ssh "$@"
}
assert_ssh() { assert_eq "9 ssh: -x $*" "$status $out"; }

step "the command's words, streams, variables and exit code are those of a login by ssh"
begin '
fields, strings = asked[8:], []
assert asked[:8] == number(0x10000002) + number(0)
assert fields[:4] == number(0) and fields[4:20] == number(0) * 4 and fields[20:24] == b"\xff" * 4
fields = fields[24:]
while fields:
    size = struct.unpack(">I", fields[:4])[0]
    strings.append(fields[4:4 + size])
    fields = fields[4 + size:]
assert strings[:2] == [b"", b"echo  two words"], strings
assert b"LC_TIME=C.UTF-8" in strings[2:]
assert not [each for each in strings[2:] if each.startswith((b"SM_", b"SMLAUNCH_"))]
assert os.read(streams[0], 9) == b""
os.write(streams[1], b"out\n")
os.write(streams[2], b"err\n")
tell(opened)
tell(ended(7))
os.write(streams[1], b"the rest\n")'
log_in "${options[@]}" algo-2 echo ' two words'
assert_eq $'7\nout\nthe rest\nerr' "$status"$'\n'"$out"$'\n'"$err"
master_is_content

step "the connection ends before the command: 255, as from ssh, and no second start"
begin 'tell(opened)'
log_in "${options[@]}" algo-2 true
assert_eq 255 "$status"
assert_eq '' "$out"
assert_eq $'Connection to algo-2 closed by remote host.\r' "$err"
master_is_content

step "something else than the command's end: 255, and it is said what"
begin 'tell(opened, message(0x80000004, number(6), number(0)))'
log_in "${options[@]}" algo-2 true
assert_eq 255 "$status"
assert_eq '' "$out"
assert_eq "smlaunch: what ssh's connection to algo-2 says is not understood: news of session 6 instead of 5" "$err"
master_is_content

step "no session: ssh makes a connection of its own"
for answer in 'tell(message(0x80000003, number(0), text(b"Session open refused by peer")))' \
  'tell(message(0x80000002, number(0), text(b"Permission denied")))' 'tell(b"\xff" * 64)' 'client.close()'; do
  begin "$answer"
  log_in "${options[@]}" algo-2 true
  assert_ssh "-S none ${options[*]} algo-2 true"
  assert_eq '' "$err"
  master_is_content
done

step "no connection, a dead one, a file in its place, a path that is too long: the same"
[[ ! -e $scratch/ssh-algo-2 ]] || fail "the last connection is left"
log_in "${options[@]}" algo-2 true
assert_ssh "-S none ${options[*]} algo-2 true"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$scratch/ssh-algo-2"
log_in "${options[@]}" algo-2 true
assert_ssh "-S none ${options[*]} algo-2 true"
rm "$scratch/ssh-algo-2"
: >"$scratch/ssh-algo-2"
log_in "${options[@]}" algo-2 true
assert_ssh "-S none ${options[*]} algo-2 true"
rm "$scratch/ssh-algo-2"
printf -v long '%0200d' 0
log_in -o "ControlPath=$scratch/$long-%n" algo-2 true
assert_ssh "-S none -o ControlPath=$scratch/$long-%n algo-2 true"

step "words that are not the plan's are ssh's as they are"
log_in -l me "${options[@]}" algo-2 true
assert_ssh "-l me ${options[*]} algo-2 true"

step "it is the ssh of the leader's PATH"
run env PATH=/usr/bin SMLAUNCH_AGENT_PATH="$scratch/bin:$PATH" "$smlaunch" worker --ssh "${options[@]}" algo-2 true
assert_ssh "-S none ${options[*]} algo-2 true"

step "no ssh: it is said"
run env PATH="$scratch" "$smlaunch" worker --ssh "${options[@]}" algo-2 true
assert_eq "smlaunch: ssh cannot be started: No such file or directory" "$err"
[[ $status != 0 ]] || fail "it counts as a login"

step "a signal ends it, and the other end sees that"
begin '
tell(opened)
os.write(streams[1], b"open\n")
assert client.recv(1) == b""'
start env PATH="$scratch/bin:$PATH" "$smlaunch" worker --ssh "${options[@]}" algo-2 sleep 1000
eventually 20 printed 1 open
kill -TERM "$started"
ended
assert_eq 143 "$status"
master_is_content
