#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every host fetches and installs the user's code for itself before the first rank runs; where one cannot, none runs
# anything, and all know why.
source "$(dirname "$0")/job.sh"
tools=$(cd "$(dirname "$0")/../programs" && pwd)
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || skip "python3-venv is not installed"
cluster_up 3
bystanders

python3 "$tools/make_wheel.py" "$scratch/index" tinylib 1.0 'name = "tinylib 1.0"'
mkdir "$scratch/source"
cat >"$scratch/source/train.py" <<'END'
import os, tinylib
print("rank", os.environ["RANK"], "on", os.environ["SM_CURRENT_HOST"], "has", tinylib.name, flush=True)
END
pack() { tar czf "$scratch/code.tar.gz" -C "$scratch/source" .; }
place() { local name; for name; do "$cluster" put "$name" "$scratch/code.tar.gz" /opt/code.tar.gz; done; }
python=/opt/python/bin/python3
offline=(env PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/index PIP_DISABLE_PIP_VERSION_CHECK=1)
run_here=("${offline[@]}" "$smlaunch" --ready-timeout 60 --python "$python")
run_slowly=("${offline[@]}" "$smlaunch" --ready-timeout 60 --python /opt/slow)
# One environment is made, and is the same for all: it takes seconds of a processor.
host algo-1 /usr/bin/python3 -m venv /opt/python
host algo-1 tar -C /opt -c python >"$scratch/python.tar"
for name in "${hosts[@]}"; do
  [[ $name == algo-1 ]] || host "$name" tar -C /opt -x <"$scratch/python.tar"
  host "$name" mkdir /opt/index
  "$cluster" put "$name" "$scratch"/index/*.whl "/opt/index/$(cd "$scratch/index" && echo *.whl)"
done
# As containers are before their job.
fresh() {
  local name
  for name in "${hosts[@]}"; do
    host "$name" sh -c 'rm -rf /opt/python/lib/python3*/site-packages/tinylib* /opt/ml/code /opt/ml/output/*
      mkdir -p /opt/ml/code /opt/ml/output/data'
  done
}
job() { # JSON MEMBER...
  configure hyperparameters "{\"sagemaker_program\": \"train.py\", \"sagemaker_mpi_enabled\": true,
    \"sagemaker_mpi_num_of_processes_per_host\": 1, \"sagemaker_submit_directory\": \"/opt/code.tar.gz\"}"
}
failure() { host "$1" cat /opt/ml/output/failure; }
everywhere() { local name; for name in "${hosts[@]}"; do start "$name" "${run_here[@]}" "$@"; done; }
ranks="rank 0 on algo-1 has tinylib 1.0;rank 1 on algo-2 has tinylib 1.0;rank 2 on algo-3 has tinylib 1.0"
lines() { sed -n 's/^\[[0-9] algo-[0-9]] //p' <<<"$out" | sort | paste -sd ';'; }
job

step "from an archive with requirements, on every host for itself"
echo tinylib >"$scratch/source/requirements.txt"
pack
place "${hosts[@]}"
everywhere
over 0 success 60 algo-1
assert_eq "$ranks" "$(lines)"
over 0 success 2 algo-2 algo-3
for name in "${hosts[@]}"; do
  assert_contains "$(<"$scratch/$name.err")" "smlaunch: code from /opt/code.tar.gz is in /opt/ml/code"
  assert_contains "$(<"$scratch/$name.err")" "smlaunch: pip: Successfully installed tinylib-1.0"
done
assert_nothing_left

step "started on the leader only: its logins do it"
fresh
for name in "${hosts[@]}"; do "$cluster" sshd "$name" start; done
start algo-1 "${run_here[@]}"
over 0 success 60 algo-1
assert_eq "$ranks" "$(lines)"
assert_nothing_left

step "a host that cannot fetch it: nothing runs anywhere, and all know why"
fresh
host algo-2 rm /opt/code.tar.gz
cause="algo-2: sagemaker_submit_directory /opt/code.tar.gz: does not exist; put the code there, or into /opt/ml/code"
everywhere
over 78 failure 60 algo-1
assert_eq "" "$out"
assert_eq "smlaunch: $cause" "$(tail -n 1 <<<"$err")"
over 78 failure 5 algo-2 algo-3
for name in "${hosts[@]}"; do assert_eq "configuration: $cause" "$(failure "$name")"; done
assert_eq '["failure","configuration",78]' "$(report '[.outcome, .class, .exit_code]')"
assert_nothing_left

step "the same, started on the leader only"
fresh
start algo-1 "${run_here[@]}"
over 78 failure 60 algo-1
assert_eq "smlaunch: $cause" "$(tail -n 1 <<<"$err")"
assert_eq "configuration: $cause" "$(failure algo-1)"
assert_nothing_left
place algo-2

step "a host that cannot install it"
fresh
echo absent-package >"$scratch/source/requirements.txt"
pack
place algo-3
everywhere
over 1 failure 60 algo-1
cause="algo-3: $python -m pip install -r requirements.txt exited with code 1: ERROR: No matching distribution found for \
absent-package"
assert_eq "smlaunch: $cause" "$(tail -n 1 <<<"$err")"
over 1 failure 5 algo-2 algo-3
for name in "${hosts[@]}"; do
  assert_contains "$(failure "$name")" $'InstallRequirementsError:\nExitCode 1\nErrorMessage "ERROR: '
  assert_contains "$(failure "$name")" 'ExtraInfo "algo-3"'
done
assert_eq '["failure","InstallRequirementsError",1]' "$(report '[.outcome, .class, .exit_code]')"
assert_nothing_left

step "the leader that cannot"
fresh
place algo-1
echo tinylib >"$scratch/source/requirements.txt"
pack
place algo-3
everywhere
over 1 failure 60 algo-1
assert_contains "$(tail -n 1 <<<"$err")" "smlaunch: algo-1: $python -m pip install"
over 1 failure 5 algo-2 algo-3
for name in "${hosts[@]}"; do assert_contains "$(failure "$name")" 'ExtraInfo "algo-1"'; done
assert_nothing_left
place algo-1

# A pip that waits until it is told to go on.
slow_python() { # HOST
  host "$1" sh -c 'cat >/opt/slow' <<END
#!/bin/sh
case "\$*" in *pip*) echo begun; while [ ! -e /tmp/go ]; do sleep 0.05; done ;; esac
exec $python "\$@"
END
  host "$1" chmod +x /opt/slow
}
for name in "${hosts[@]}"; do slow_python "$name"; done
# The leader has its own, and is connected to this one, which is at it.
is_awaited() { printed algo-1 1 "$1: its code is being prepared" && printed "$1" 1 "pip: begun"; }

step "nobody starts before the last is ready"
fresh
for name in "${hosts[@]}"; do start "$name" "${run_slowly[@]}"; done
host algo-1 touch /tmp/go
host algo-2 touch /tmp/go
eventually 30 printed algo-2 1 "pip: Successfully installed"
eventually 30 printed algo-1 1 "algo-3: its code is being prepared"
assert_eq "" "$(<"$scratch/algo-1.out")"
host algo-3 touch /tmp/go
over 0 success 60 algo-1
assert_eq "$ranks" "$(lines)"
over 0 success 2 algo-2 algo-3
assert_nothing_left

step "a host that is told to stop meanwhile stops all"
fresh
host algo-2 rm /tmp/go
for name in "${hosts[@]}"; do start "$name" "${run_slowly[@]}"; done
eventually 30 is_awaited algo-2
kill -TERM "${started[algo-2]}"
over 143 '' 30 algo-1 algo-2 algo-3
assert_nothing_left

step "the leader that is told to stop"
fresh
for name in "${hosts[@]}"; do start "$name" "${run_slowly[@]}"; done
eventually 30 is_awaited algo-2
kill -TERM "${started[algo-1]}"
over 143 '' 30 algo-1 algo-2 algo-3
assert_nothing_left

step "a leader that is killed while its logins prepare leaves nothing behind"
fresh
start algo-1 "${run_slowly[@]}"
is_at_it() { host algo-2 pgrep -f '^/bin/sh /opt/slow -m pip'; }
eventually 30 is_at_it
kill -KILL "${started[algo-1]}"
ended algo-1 5
assert_nothing_left
assert_no_process_left algo-2 '/opt/slow' 10

step "a worker that is killed meanwhile is a lost host"
fresh
for name in "${hosts[@]}"; do start "$name" "${run_slowly[@]}" --lost-after 2; done
eventually 30 is_awaited algo-2
kill -KILL "${started[algo-2]}"
ended algo-2 5
over 76 failure 30 algo-1
over 76 failure 5 algo-3
assert_no_process_left algo-2 '/opt/slow' 10
assert_nothing_left
host algo-2 touch /tmp/go

step "a folder that all share is filled once"
fresh
shared=$SMLAUNCH_BUILD_DIR/tests/cluster-shared.$$
mkdir -p "$shared/input/config"
host algo-1 cat /opt/ml/input/config/hyperparameters.json >"$shared/input/config/hyperparameters.json"
everywhere --base-dir "$shared" --resource-config /opt/ml/input/config/resourceconfig.json
for name in "${hosts[@]}"; do ended "$name" 60; assert_eq "$name 0" "$name $status"; done
out=$(<"$scratch/algo-1.out")
assert_eq "$ranks" "$(lines)"
assert_eq 1 "$(cat "$scratch"/algo-?.err | grep -c "code from /opt/code.tar.gz is in")"
assert_eq "requirements.txt train.py" "$(cd "$shared/code" && echo *)"
[[ -z $(cd "$shared" && find . -name '.smlaunch*') ]] || fail "$(find "$shared")"
rm -rf "$shared"
assert_nothing_left
