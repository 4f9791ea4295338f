#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What may be wrong with a host before anything runs: it is named with its cause, and nobody hangs.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END'
#!/bin/sh
echo never
END

# STAGE CAUSE [OPTION...]: the run on algo-1 and algo-3, with a fault on algo-2.
refuses() {
  local stage=$1 cause=$2; shift 2
  start algo-3 "$smlaunch"
  eventually 5 printed algo-3 1 "waits for algo-1"
  start algo-1 "$smlaunch" "$@"
  over 69 failure 20 algo-1
  assert_contains "$err" "  algo-2  $stage"
  assert_contains "$err" "algo-2 ($stage): $cause"
  assert_eq '["failure","not_ready",69]' "$(report '[.outcome, .class, .exit_code]')"
  over 69 failure 2 algo-3
  assert_contains "$err" "algo-2 ($stage): $cause"
  assert_eq '' "$(cat "$scratch"/algo-{1,3}.out)"
  assert_nothing_left
}

step "permission denied: at once"
host algo-2 mv /root/.ssh/authorized_keys /root/.ssh/away
refuses login "SSH login denied (publickey"
host algo-2 mv /root/.ssh/away /root/.ssh/authorized_keys

step "another host key: at once"
host algo-1 sed -i.before '/^algo-2,/s/ssh-ed25519 .*/ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtnbHpxd2VydHl1aW9wYXNkZmdoamtsenhjdmJubTEy/' \
  /root/.ssh/known_hosts
refuses login "SSH host key changed"
host algo-1 mv /root/.ssh/known_hosts.before /root/.ssh/known_hosts

with_shell() { # NAME TEXT: algo-2's login shell has this name, and runs TEXT first
  # shellcheck disable=SC2016
  host algo-2 sh -c 'printf "#!/bin/sh\n%s\nexec /bin/sh \"\$@\"\n" "$2" >"/run/$1" && chmod +x "/run/$1" &&
    sed "s#^root:.*#root:x:0:0:root:/root:/run/$1#" /etc/passwd >/run/passwd && mount --bind /run/passwd /etc/passwd' sh "$@"
}
step "a login shell that does not understand mpirun, and a folder where its daemon cannot write: at once"
with_shell fish :
refuses smlaunch "the login shell there is fish, which does not understand what mpirun has it do"
host algo-2 umount /etc/passwd
with_shell sh "export TMPDIR=/no/such/folder"
refuses smlaunch "/no/such/folder cannot be written (No such file or directory) there"
host algo-2 umount /etc/passwd

step "no smlaunch there: at once"
host algo-2 mount -t tmpfs none "${smlaunch%/*}"
refuses smlaunch "no smlaunch there"
step "another version there: at once"
host algo-2 sh -c "printf '#!/bin/sh\necho smlaunch 0.0.7\n' >$smlaunch; chmod +x $smlaunch"
refuses smlaunch "smlaunch 0.0.7 there, $("$smlaunch" --version | cut -d" " -f2) here"
step "something else there"
host algo-2 sh -c "printf '#!/bin/sh\necho hello\n' >$smlaunch"
refuses smlaunch "something else than smlaunch answered (hello)"
host algo-2 umount "${smlaunch%/*}"

step "no daemon of Open MPI there: at once, whoever else is missing"
daemon=$(readlink -f "$(command -v orted || command -v prted)")
host algo-2 mount --bind /dev/null "$daemon"
refuses smlaunch "Open MPI's daemon is not there"
"$cluster" sshd algo-3 stop
run 10 host algo-1 "$smlaunch" ready
assert_eq 69 "$status"
assert_contains "$out" "algo-2  smlaunch  Open MPI's daemon is not there"
run 10 host algo-1 "$smlaunch"
assert_eq 69 "$status"
"$cluster" sshd algo-3 start
host algo-2 umount "$daemon"

daemon_is() { # TEXT: instead of Open MPI's daemon on algo-2
  host algo-2 sh -c 'cp "$2" /run/daemon; printf "#!/bin/sh\n%s\n" "$1" >/run/instead; chmod +x /run/instead
    mount --bind /run/instead "$2"' sh "$1" "$daemon"
}
step "a daemon of Open MPI that does not run there: at once"
daemon_is "kill -SEGV \$\$"
refuses smlaunch "Open MPI's daemon does not run there: it was killed by signal 11 (SIGSEGV)"
host algo-2 umount "$daemon"
daemon_is "echo 'orted: error while loading shared libraries: libopen-rte.so.40' >&2; exit 127"
refuses smlaunch "Open MPI's daemon does not run there: it says: orted: error while loading shared libraries"
host algo-2 umount "$daemon"
step "a daemon that fails when mpirun has started it: the host is named, and mpirun's reason"
daemon_is '[ "$1" != --help ] || exec /run/daemon --help; exit 1'
start algo-3 "$smlaunch"
eventually 5 printed algo-3 1 "waits for algo-1"
start algo-1 "$smlaunch"
over 71 failure 30 algo-1 algo-3
assert_contains "$err" "daemon"
assert_contains "$err" "algo-2"
assert_nothing_left
host algo-2 umount "$daemon"

step "no such interface there: at once, whoever else is missing"
host algo-2 ip link set eth0 name eth9
host algo-2 ip link set eth9 up
host algo-2 ip route add 198.18.0.0/24 dev eth9 2>/dev/null || :
"$cluster" sshd algo-3 stop
run 10 host algo-1 "$smlaunch" ready
assert_eq 69 "$status"
assert_contains "$out" "algo-2  smlaunch  network interface eth0 does not exist there"
run 10 host algo-1 "$smlaunch"
assert_eq 78 "$status"
assert_contains "$err" "algo-2: network interface eth0: does not exist there"
"$cluster" sshd algo-3 start
host algo-2 ip link set eth9 name eth0

step "a login that hangs"
host algo-2 sh -c 'echo "sleep 1000" >/root/.bashrc'
refuses login "SSH login" --ready-timeout 3
host algo-2 rm /root/.bashrc

step "a port without an SSH server"
"$cluster" sshd algo-2 stop
start algo-2 python3 -c 'import socket, time
listener = socket.create_server(("", 22))
print("listens", flush=True)
time.sleep(1000)'
eventually 5 printed algo-2 1 listens
refuses banner "no SSH banner (198.18.0.2 port 22, 5 s waited)" --ready-timeout 9
kill -TERM "${started[algo-2]}"
"$cluster" sshd algo-2 start

step "a name that nobody knows"
host algo-1 cp /etc/hosts /etc/hosts.before
host algo-1 sh -c 'grep -v "algo-2$" /etc/hosts.before >/etc/hosts'
refuses name "name unknown" --ready-timeout 2
host algo-1 cp /etc/hosts.before /etc/hosts

step "frozen"
"$cluster" freeze algo-2
refuses_frozen() { local hosts=(algo-1 algo-3); refuses "$@"; }
refuses_frozen banner "SSH banner awaited" --ready-timeout 2
"$cluster" thaw algo-2

step "cut off"
"$cluster" cut algo-2
refuses tcp "TCP connecting" --ready-timeout 2
"$cluster" mend algo-2

step "all mended: it runs, also where the temporary folder runs no programs, which is said"
host algo-2 mount -o remount,noexec /tmp
run 30 host algo-1 "$smlaunch"
assert_eq 0 "$status"
assert_eq 3 "$(grep -c never <<<"$out")"
assert_contains "$err" "warning: algo-2: /tmp is mounted noexec: what the job compiles there"
host algo-2 mount -o remount,exec /tmp
run 30 host algo-1 "$smlaunch"
assert_eq "0 3" "$status $(grep -c never <<<"$out")"
[[ $err != *noexec* ]] || fail "$err"
