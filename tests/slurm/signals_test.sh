#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Slurm's signals before the end of a job's time, requeued jobs, and jobs of another user than root.
# shellcheck source=tests/cluster/lib.sh
source "$(dirname "$0")/../cluster/lib.sh"
# shellcheck disable=SC2034 # it is lib.sh's
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
cluster_up 2
# A node of Slurm's is no container of SageMaker's.
for name in "${hosts[@]}"; do host "$name" sh -c "umount -l /opt/ml; rmdir /opt/ml"; done

# The ranks say USR1 when it comes, and end when both have said so, or when a file is there.
host algo-1 tee /tmp/rank.sh >/dev/null <<'END'
trap 'echo got USR1; kill $waiting; exit 0' USR1
trap 'echo got TERM; kill $waiting; exit 0' TERM
echo up $SLURM_RESTART_COUNT
sleep 300 & waiting=$!
wait
END
host algo-1 cat /tmp/rank.sh | host algo-2 tee /tmp/rank.sh >/dev/null
submit() { # OPTION...: a job of two nodes
  host algo-1 tee /tmp/job.sh >/dev/null <<END
#!/bin/sh
exec "$smlaunch" --launcher ddp --smoke off -- sh /tmp/rank.sh
END
  run 60 host algo-1 sbatch --parsable -N2 --output=/tmp/out --open-mode=append "$@" /tmp/job.sh
  assert_eq 0 "$status"
  job=$out
}
# shellcheck disable=SC2317
said() { (($(host algo-1 grep "$1\$" /tmp/out | sort -u | wc -l) == $2)) || { host algo-1 cat /tmp/out; false; }; } # by so many ranks
# shellcheck disable=SC2317
is_over() { [[ -z $(host algo-1 squeue --noheader --jobs "$job" --states pending,running,completing 2>/dev/null) ]]; }

for to in --batch "" --full; do
  step "USR1 ${to:-to the steps} reaches the ranks"
  host algo-1 rm -f /tmp/out
  submit
  eventually 60 said up 2
  # shellcheck disable=SC2086
  host algo-1 scancel $to --signal=USR1 "$job"
  eventually 60 said "got USR1" 2
  eventually 60 is_over
  assert_contains "$(host algo-1 cat /tmp/out)" "Reporting training SUCCESS"
done

step "a job that is requeued says the second time that it is the second"
host algo-1 rm -f /tmp/out
submit --requeue
eventually 60 said up 2
host algo-1 scontrol requeue "$job"
eventually 60 said "got TERM" 2
eventually 60 eval '[[ $(host algo-1 squeue --noheader --format=%T --jobs "$job") == PENDING ]]'
host algo-1 scontrol update "JobId=$job" StartTime=now
eventually 60 said "up 1" 2
host algo-1 scancel "$job"
eventually 60 is_over

step "a user who is not root"
"$cluster" as nobody algo-1 sh -c 'cd /tmp; exec salloc --quiet -N2 "$1" --launcher ddp --smoke off -- sh -c "echo \$RANK is \$(id -un)"' \
  sh "$smlaunch" >"$scratch/out" 2>"$scratch/err" || fail "$(<"$scratch/err")"
assert_eq "[0 algo-1] 0 is nobody
[1 algo-2] 1 is nobody" "$(sort "$scratch/out")"
