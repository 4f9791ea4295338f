#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What somebody on the network reads, and what everyone on a host reads on command lines: no token and no secret of a job,
# though mpirun sends its daemons all that it is told in the clear; and the ranks have every secret all the same.
source "$(dirname "$0")/job.sh"
host_python=/usr/bin/python3
[[ -x $host_python ]] || skip "$host_python is not installed"
cluster_up 3
bystanders
"$cluster" put algo-1 "$(dirname "$0")/listen.py" /tmp/listen.py
program <<'END_OF_PROGRAM'
#!/bin/sh
# The agent of a rank on the leader's host has its token in its environment, and the login has left the job's on the other.
agent=$(tr '\0' '\n' <"/proc/$PPID/environ" | sed -n 's/^SMLAUNCH_AGENT_TOKEN=//p')
left=$(cat "/tmp/smlaunch-0/token.$SMLAUNCH_JOB" 2>/dev/null)
mca="$OMPI_MCA_foo_password and $OMPI_MCA_bar_password"
echo "rank $RANK got $*; MARK=$MARK AWS=$AWS_SECRET_ACCESS_KEY MINE=$MY_TOKEN KEY=$SM_HP_API_KEY MCA=$mca agent=$agent left=$left"
# mpirun, and what starts or is one of its daemons.
for process in /proc/[0-9]*; do
  words=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)
  case $words in mpirun\ * | */mpirun\ * | *orte_hnp_uri*) echo "rank $RANK sees: $words" ;; esac
done
END_OF_PROGRAM
secrets=(of-aws-1 of-option-2 of-argument-3 of-parameter-4 of-mca-5 of-mca-6)

listen() {
  host algo-1 sh -c 'rm -rf /tmp/wire && mkdir /tmp/wire'
  "$cluster" exec algo-1 "$host_python" /tmp/listen.py /tmp/wire >"$scratch/listener" 2>&1 &
  listener=$!
  eventually 5 grep -qx listens "$scratch/listener"
}
was_carried() { host algo-1 grep -qaF -- "$1" /tmp/wire/carried; }
end_listening() {
  host algo-1 touch /tmp/wire/enough
  wait "$listener" || fail "the listener failed: $(<"$scratch/listener")"
  was_carried mark-of-mpirun || fail "mpirun's own message was not seen: the test proves nothing"
  was_carried SMLAUNCH_AGENT_CHANNEL || fail "the agents' variables were not seen: the test proves nothing"
}
tokens() { sed -nE 's/.* agent=([0-9a-f]*) left=([0-9a-f]*)$/\1 \2/p' <<<"$out" | tr ' ' '\n' | grep -x '[0-9a-f]\{64\}' | sort -u; }
no_token_left() { for name in "${hosts[@]}"; do host "$name" sh -c 'ls /tmp/smlaunch-0/token.* 2>/dev/null || :'; done; }

check() { # RANK...: these had every secret, and nothing of it, nor a token, was carried
  local rank word all
  for rank; do
    assert_eq "rank $rank got $arguments; MARK=mark-of-mpirun AWS=of-aws-1 MINE=of-option-2 KEY=$parameter MCA=of-mca-5 and of-mca-6" \
      "$(sed -nE "s/^(\[[^]]*\] )?(rank $rank got .*) agent=.*/\2/p" <<<"$out")"
  done
  mapfile -t all < <(tokens)
  # The job's, on the host that mpirun reaches, and the agents'.
  assert_eq 2 "${#all[@]}"
  end_listening
  commands=$(sed -nE 's/^(\[[^]]*\] )?rank [0-9]+ sees: //p' <<<"$out")
  for word in mpirun orted; do assert_contains "$commands" "$word"; done
  for word in "${all[@]}" "${secrets[@]}"; do
    [[ $commands != *"$word"* ]] || fail "$word stands on a command line of mpirun's: $commands"
    ! was_carried "$word" || fail "$word crossed the network in the clear"
  done
  assert_eq "" "$(no_token_left)"
}
options="-x MY_TOKEN=of-option-2 -x MARK=mark-of-mpirun -mca foo_password of-mca-5"

step "hosts that were named, launcher mpi: no packet holds a token or a secret"
parameter='' arguments="--password of-argument-3"
listen
start algo-1 env AWS_SECRET_ACCESS_KEY=of-aws-1 OMPI_MCA_bar_password=of-mca-6 "$smlaunch" --hosts algo-1:1,algo-2:2 --launcher mpi \
  --mpi-options "$options" -- /opt/ml/code/train.sh --password of-argument-3
ended algo-1 60
[[ $status == 0 ]] || fail "$status: $err"
check 0 1 2
assert_nothing_left

step "the same with workers, hyperparameters, and checks before the job"
parameter=of-parameter-4 arguments="--api_key of-parameter-4"
mpi 1 '"api_key": "of-parameter-4"' "\"sagemaker_mpi_custom_mpi_options\": \"$options\""
listen
for name in algo-2 algo-3; do start "$name" env AWS_SECRET_ACCESS_KEY=of-aws-1 "$smlaunch"; done
for name in algo-2 algo-3; do eventually 5 printed "$name" 1 "waits for algo-1"; done
start algo-1 env AWS_SECRET_ACCESS_KEY=of-aws-1 OMPI_MCA_bar_password=of-mca-6 "$smlaunch" --smoke cpu
over 0 success 90 algo-1 algo-2 algo-3
out=$(<"$scratch/algo-1.out")
assert_contains "$(<"$scratch/algo-1.err")" "smoke"
check 0 1 2
assert_nothing_left

step "a job that never begins leaves no token either"
host algo-3 pkill sshd
run 60 host algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi --ready-timeout 3 -- true
assert_eq 69 "$status"
assert_eq "" "$(no_token_left)"
