#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The harness itself: hosts are what they claim to be, faults are what they are called, and nothing stays.
source "$(dirname "$0")/lib.sh"

mounts_before=$(</proc/self/mountinfo)
links_before=$(ip -o link)

# What host FROM finds at port 22 of TO: open, closed (somebody is there and says no) or silence.
answer() { # FROM TO [FOLDER]
  local status=0
  SMLAUNCH_CLUSTER_DIR=${3:-$SMLAUNCH_CLUSTER_DIR} \
    "$cluster" exec "$1" timeout 2 bash -c ": </dev/tcp/$2/22" 2>"$scratch/answer" || status=$?
  case $status/$(<"$scratch/answer") in
    0/) echo open ;;
    124/*) echo silence ;;
    */*"Connection refused"*) echo closed ;;
    *) cat "$scratch/answer" ;;
  esac
}
login() { within 20 host "$1" ssh -o BatchMode=yes "$2" "${@:3}"; }

# All processes, this machine's pids, that live in a network of the cluster.
members() {
  local networks pid net
  networks=" $(for pid in $(cut -d' ' -f1 "$SMLAUNCH_CLUSTER_DIR"/{switch,pids/*}); do
    readlink "/proc/$pid/ns/net" || :
  done | tr '\n' ' ') "
  for pid in /proc/[0-9]*; do
    net=$(readlink "$pid/ns/net" 2>/dev/null) || continue
    [[ $networks == *" $net "* ]] || continue
    sed 's/([^)]*)/-/' "$pid/stat" 2>/dev/null | cut -d' ' -f1,22 || :
  done
}
# Those of MEMBERS (lines "pid start") that still run; an ended one may wait a moment to be reaped.
survivors() {
  local pid start stat
  while read -r pid start; do
    stat=$(sed 's/([^)]*)/-/' "/proc/$pid/stat" 2>/dev/null) || continue
    read -ra stat <<<"$stat"
    if [[ ${stat[21]} == "$start" && ${stat[2]} != Z ]]; then echo "$pid"; fi
  done <<<"$1"
}

cluster_up 4

step "every host is itself"
for name in "${hosts[@]}"; do
  assert_eq "$name" "$(host "$name" hostname)"
  config=$(host "$name" cat /opt/ml/input/config/resourceconfig.json)
  assert_contains "$config" "\"current_host\": \"$name\""
  assert_contains "$config" '"hosts": ["algo-1", "algo-2", "algo-3", "algo-4"]'
  assert_contains "$config" '"network_interface_name": "eth0"'
  assert_contains "$(host "$name" ip -4 -o addr show eth0)" "198.18.0.${name#algo-}/24"
done
assert_eq $'{}\n{}' "$(host algo-2 cat /opt/ml/input/config/{hyperparameters,inputdataconfig}.json)"
assert_eq '' "$(host algo-1 cat /etc/resolv.conf)"
assert_eq fabric "$(fabric hostname)"
assert_eq absent "$(fabric sh -c '[ -e /opt/ml/input ] || echo absent')"

step "files of a host are its own; the project is in sight"
for file in /tmp/trace /dev/shm/trace /run/trace /root/trace /opt/ml/model/trace /etc/trace "${cluster%/*}/trace"; do
  host algo-1 sh -c "mkdir -p ${file%/*} && touch $file"
  assert_eq 1 "$(host algo-2 sh -c "[ -e $file ] || echo 1")"
  [[ ! -e $file ]] || fail "$file appeared outside"
done
host algo-3 test -x "$cluster"

step "the environment is clean, status and streams pass through"
run 5 env STRAY=1 "$cluster" exec algo-1 \
  bash -c 'echo "$PATH $HOME ${STRAY-none}"; cat; echo oops >&2; exit 42' <<<"input"
assert_eq 42 "$status"
assert_eq $'/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /root none\ninput' "$out"
assert_eq oops "$err"
for _ in {1..10}; do
  run 5 host algo-1 sh -c 'kill -KILL $$'
  assert_eq "137//" "$status/$out/$err"
done
run 5 host algo-1 no-such-program
assert_eq 127 "$status"
run 5 host algo-9 true
assert_eq "125 cluster: no host is called algo-9" "$status $err"

step "exec hands on signals, and its death is the program's"
for signal in INT TERM; do
  "$cluster" exec algo-2 \
    bash -c 'trap "echo got it; exit 7" INT TERM; echo ready; while :; do sleep 0.1; done' \
    </dev/null >"$scratch/$signal" &
  background=$!
  eventually 5 grep -q ready "$scratch/$signal"
  kill -s "$signal" "$background"
  status=0; wait "$background" || status=$?
  assert_eq "7 ready got it" "$status $(xargs <"$scratch/$signal")"
done
"$cluster" exec algo-2 env MARKER=short-lived sleep 1000 </dev/null &
background=$!
eventually 5 eval '[[ $(processes algo-2 MARKER=short-lived) == *" sleep 1000" ]]'
kill -KILL "$background"
wait "$background" 2>/dev/null || :
assert_no_process_left algo-2 MARKER=short-lived
for delay in 0 0.001 0.003 0.01; do
  "$cluster" exec algo-2 env MARKER=short-lived sleep 1000 </dev/null &
  background=$!
  eventually 5 eval '[[ $(processes algo-2 MARKER=short-lived) ]]'
  sleep "$delay"
  kill -KILL "$background"
  wait "$background" 2>/dev/null || :
  assert_no_process_left algo-2 MARKER=short-lived
done

step "put copies a file with its mode"
printf '#!/bin/sh\necho copied\n' >"$scratch/script"; chmod 755 "$scratch/script"
"$cluster" put algo-4 "$scratch/script" /opt/ml/code/script
assert_eq copied "$(host algo-4 /opt/ml/code/script)"

step "ssh logs in without a question, from hosts and from the machine beside them"
assert_eq algo-2 "$(login algo-1 algo-2 hostname)"
assert_eq algo-3 "$(within 20 fabric ssh -o BatchMode=yes algo-3 hostname)"
assert_eq "algo-4" "$(login algo-2 198.18.0.4 hostname)"
if key=$(host algo-1 cat /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null); then
  fail "the public host key was left behind: $key"
fi
assert_eq 4 "$(host algo-1 cut -d' ' -f3 /root/.ssh/known_hosts | sort -u | wc -l)"

mpi() { # HOSTS CMD...: as training containers call it
  host algo-1 mpirun --host "$1" -np 3 --allow-run-as-root --tag-output -mca btl_tcp_if_include eth0 \
    -mca oob_tcp_if_include eth0 -mca plm_rsh_no_tree_spawn 1 -bind-to none -map-by slot -mca pml ob1 \
    -mca btl ^openib,ofi -mca orte_abort_on_non_zero_status 1 -mca btl_vader_single_copy_mechanism none \
    -mca mpi_yield_when_idle 1 -mca plm_rsh_num_concurrent 3 -x PATH "${@:2}"
}
if host algo-1 sh -c 'command -v mpirun' >/dev/null; then
  step "mpirun starts one rank on each of three hosts, in order"
  out=$(mpi algo-1,algo-2,algo-3 hostname | sort)
  assert_eq "algo-1 algo-2 algo-3" "$(sed 's/.*>://' <<<"$out" | xargs)"
  assert_eq "0 1 2" "$(sed 's/^\[[0-9]*,\([0-9]*\)\].*/\1/' <<<"$out" | xargs)"
  for name in algo-1 algo-2 algo-3; do assert_no_process_left "$name" 'mpirun|orted' 5; done
else
  step "no mpirun here: not tried"
fi

step "kill takes every process; start brings the host back with fresh files"
"$cluster" exec algo-3 sleep 1000 </dev/null &
background=$!
eventually 5 eval '[[ -n $(processes algo-3 "sleep 1000") ]]'
host algo-3 touch /etc/before-the-kill
"$cluster" kill algo-3
status=0; wait "$background" || status=$?
assert_eq 137 "$status"
assert_contains "$("$cluster" status)" "algo-3 198.18.0.3 down"
run 5 host algo-3 true
assert_eq "125 cluster: algo-3 is not running" "$status $err"
assert_eq silence "$(answer algo-1 algo-3)"
"$cluster" start algo-3
assert_eq algo-3 "$(login algo-1 algo-3 hostname)"
run 5 host algo-3 test -e /etc/before-the-kill
assert_eq 1 "$status"
run 5 "$cluster" start algo-3
assert_eq "1 cluster: algo-3 is running" "$status $err"
for _ in {1..5}; do "$cluster" power algo-4; "$cluster" start algo-4; done
assert_eq open "$(answer algo-1 algo-4)"

step "cut is silence, mend ends it"
"$cluster" cut algo-2
assert_contains "$("$cluster" status)" "cut off"
assert_eq silence "$(answer algo-1 algo-2)" # neither refused nor unreachable
assert_eq algo-2 "$(host algo-2 hostname)"
"$cluster" mend algo-2
assert_eq open "$(answer algo-1 algo-2)"
assert_eq algo-2 "$(login algo-1 algo-2 hostname)"

step "a frozen host still answers in its kernel, but no process of it moves"
"$cluster" exec algo-2 bash -c 'while :; do echo tick; sleep 0.05; done' </dev/null >"$scratch/ticks" &
background=$!
eventually 5 grep -q tick "$scratch/ticks"
"$cluster" freeze algo-2
states=$(host algo-2 ps -eo pid=,stat=,comm= |
  awk '$1 != 1 && $3 != "ps" {print substr($2, 1, 1)}' | sort -u)
assert_eq T "$states"
kill -0 "$background"
run 2 host algo-1 \
  bash -c 'exec 3<>/dev/tcp/algo-2/22 && echo accepted && read -r banner <&3 && echo "$banner"'
assert_eq "124 accepted" "$status $out"
"$cluster" thaw algo-2
assert_eq algo-2 "$(login algo-1 algo-2 hostname)"
# shellcheck disable=SC2034 # in what eval reads
ticks=$(wc -l <"$scratch/ticks")
eventually 5 eval '(($(wc -l <"$scratch/ticks") > ticks))'
kill "$background"
status=0; wait "$background" || status=$?
assert_eq 143 "$status"
"$cluster" freeze algo-2 # so that the end below has a frozen host to deal with

step "without sshd a login is refused"
"$cluster" sshd algo-3 stop
run 20 host algo-1 ssh -o BatchMode=yes algo-3 true
assert_eq 255 "$status"
assert_contains "$err" "Connection refused"
"$cluster" sshd algo-3 stop
"$cluster" sshd algo-3 start
"$cluster" sshd algo-3 start
assert_eq algo-3 "$(login algo-1 algo-3 hostname)"

step "a second up says that there is a cluster"
run 20 "$cluster" up 2
assert_eq "1 cluster: a cluster is up already, in $SMLAUNCH_CLUSTER_DIR (cluster down ends it)" \
  "$status $err"

step "another folder is another cluster, which does not see this one"
other() { SMLAUNCH_CLUSTER_DIR=$scratch/other "$cluster" "$@"; }
other up 2 --no-sshd
other exec algo-2 touch /opt/ml/model/other
run 5 host algo-2 test -e /opt/ml/model/other
assert_eq 1 "$status"
assert_eq silence "$(answer algo-1 198.18.0.4 "$scratch/other")"
assert_eq closed "$(answer algo-1 198.18.0.2 "$scratch/other")"
other down
[[ ! -e $scratch/other ]]
assert_eq algo-1 "$(host algo-1 hostname)"

step "an up that fails half way leaves nothing"
run 60 env SMLAUNCH_CLUSTER_DIR="$scratch/other" SMLAUNCH_CLUSTER_BIND=/no/such/folder "$cluster" up 3
assert_eq 1 "$status"
assert_contains "$err" "/no/such/folder"
[[ ! -e $scratch/other ]]

step "an up that is killed half way takes its switch with it"
SMLAUNCH_CLUSTER_DIR=$scratch/other "$cluster" up 9 </dev/null &
eventually 5 test -s "$scratch/other/switch"
# shellcheck disable=SC2034 # in what eval reads
read -r switch _ <"$scratch/other/switch"
kill -KILL $!
wait $! 2>/dev/null || :
eventually 10 test ! -e "$scratch/other"
eventually 10 eval '[[ ! -e /proc/$switch || $(ps -o stat= -p $switch) == Z* ]]'

step "a cluster ends with its owner"
sleep 1000 &
owner=$!
other up 1 --no-sshd --with $owner
# shellcheck disable=SC2034 # in what eval reads
read -r switch _ <"$scratch/other/switch"
kill -KILL $owner
wait $owner 2>/dev/null || :
eventually 10 test ! -e "$scratch/other"
eventually 10 eval '[[ ! -e /proc/$switch || $(ps -o stat= -p $switch) == Z* ]]'

step "the default folder is remembered for the user"
(
  unset SMLAUNCH_CLUSTER_DIR SMLAUNCH_CLUSTER_BIND
  export TMPDIR=$scratch
  "$cluster" up 1 --no-sshd
  assert_eq algo-1 "$("$cluster" exec algo-1 hostname)"
  run 20 "$cluster" up 1
  assert_contains "$err" "a cluster is up already"
  "$cluster" down
  assert_eq '' "$(compgen -G "$scratch/smlaunch-cluster*" || :)"
)

step "where it cannot be used it says so"
run 20 setpriv --reuid 65534 --clear-groups bash "$cluster" up 1
assert_eq "77 cluster: cannot be used here: needs root" "$status $err"
run 20 setpriv --bounding-set -sys_admin --inh-caps -sys_admin bash "$cluster" up 1
assert_eq 77 "$status"
assert_contains "$err" "cluster: cannot be used here: "
assert_contains "$err" "not permitted"

step "down leaves no process, mount, link or folder"
before=$(members)
(($(wc -l <<<"$before") >= 10)) # the switch, the machine beside it, and two for each host
"$cluster" down
assert_eq '' "$(survivors "$before")"
# What others take away meanwhile is theirs.
assert_eq '' "$(grep -vxF "$mounts_before" /proc/self/mountinfo || :)"
assert_eq '' "$(ip -o link | grep -vxF "$links_before" || :)"
[[ ! -e $SMLAUNCH_CLUSTER_DIR ]]
"$cluster" down
assert_eq "no cluster is up" "$("$cluster" status || :)"
