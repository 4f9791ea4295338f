#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What cannot be run is refused before anything starts: one clear line a problem, the exit code of its kind, and
# beside the failure file and the report nothing is written.
source "$(dirname "$0")/lib.sh"

resource_config() { printf '%s' "$1" >"$base/input/config/resourceconfig.json"; }
own_files() { (cd "$base" && find . -type f ! -path './input/*' ! -path './code/*' | sort); }

# Takes the exit code, the exact lines (without "smlaunch: "; @ is the folder of the configuration) and the command. A
# run that has failed says so before them; a command line that is none is no run.
refused() { # CODE LINES CMD...
  local code=$1 lines=$2 expected="" line; shift 2
  lines=${lines//'@'/$base/input/config}
  [[ $code == 64 || " $* " == *" --dry-run "* ]] || expected=$'smlaunch: Reporting training FAILURE\n'
  while IFS= read -r line; do expected+="smlaunch: $line"$'\n'; done <<<"$lines"
  run "$@"
  assert_eq "${expected%$'\n'}" "$err"
  assert_eq "$code" "$status"
  assert_eq "" "$out"
  assert_nothing_left
}
refused_configuration() { # LINES CMD...
  refused 78 "$@"
  assert_eq $'./output/data/smlaunch/report.html\n./output/data/smlaunch/report.json\n./output/failure' "$(own_files)"
  assert_report '[.outcome, .class, .exit_code, .ranks, .plan_hash]' '["failure","configuration",78,[],""]'
  assert_eq "configuration: ${1//'@'/$base/input/config}" "$(<"$base/output/failure")"
  # The same job, only shown: the same words, no file at all.
  rm -r "$base/output"
  mkdir "$base/output"
  refused 78 "$1" "${@:2}" --dry-run
  assert_eq "" "$(own_files)"
}
runs=("$smlaunch" --processes-per-host 1)
program() { cp "$programs/end_with" "$base/code/train"; hyperparameters '{"sagemaker_program": "train"}'; }

step "no resourceconfig.json"
container; program
rm "$base/input/config/resourceconfig.json"
refused_configuration "@/resourceconfig.json: does not exist; name the hosts with --hosts or --hostfile, another file with \
--resource-config, or the folder above input/ with --base-dir" "${runs[@]}"

step "files that are no JSON, or not the right one"
while IFS='|' read -r text line; do
  container; program
  resource_config "$text"
  refused_configuration "@/resourceconfig.json: $line" "${runs[@]}"
done <<'END'
|is empty; write a JSON object into it, at least {}
{"current_host": "algo-1", "hosts": ["al|line 1 column 38: is not JSON: a string that does not end
{"current_host": "algo-1", "hosts": 5}|hosts: must be a list, not 5
{"current_host": "algo-2", "hosts": ["algo-1"]}|current_host: "algo-2" is not in hosts; name the one of hosts that this machine is, here or with --current-host
{"current_host": "algo-1", "hosts": ["algo-1", "algo-1"]}|hosts[1]: "algo-1" is already hosts[0]
{"current_host": "algo 1", "hosts": ["algo 1"]}|hosts[0]: "algo 1" is no host name: it holds a blank
{"current_host": "-algo", "hosts": ["-algo"]}|hosts[0]: "-algo" is no host name: it begins with a dash
{"current_host": "algo-1", "hosts": []}|hosts: is empty; list the names of all hosts of the job
END

step "every problem of the files at once"
container
resource_config '{"current_host": "algo-2", "hosts": ["algo-1", "algo-1"]}'
hyperparameters '{"a=b": "x", "sagemaker_program": 5}'
refused_configuration "@/hyperparameters.json: [\"a=b\"]: the name holds '=', so no SM_HP_ variable can have it; rename the \
hyperparameter
@/resourceconfig.json: hosts[1]: \"algo-1\" is already hosts[0]
@/resourceconfig.json: current_host: \"algo-2\" is not in hosts; name the one of hosts that this machine is, here or with \
--current-host
@/hyperparameters.json: sagemaker_program: must be text, not 5" "${runs[@]}"

step "processes per host, where the launcher uses them"
for number in 0 -1 '"many"'; do
  container; echo true >"$base/code/train"
  hyperparameters "{\"sagemaker_program\": \"train\", \"sagemaker_mpi_num_of_processes_per_host\": $number}"
  refused_configuration "@/hyperparameters.json: sagemaker_mpi_num_of_processes_per_host: must be a whole number above 0, \
not $number" "$smlaunch" --launcher ddp
  run "$smlaunch"
  assert_success
  run "$smlaunch" env
  assert_eq 0 "$status"
done

step "what the toolkit takes, too"
container; echo true >"$base/code/train"
resource_config '{"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": null, "current_group_name": "odd",
  "instance_groups": [{"instance_group_name": "group", "hosts": ["algo-1"]}]}'
hyperparameters '{"sagemaker_program": "train", "sagemaker_mpi_num_processes": 0, "sagemaker_distribution_instance_groups": "odd"}'
run "$smlaunch"
assert_success
assert_eq "smlaunch: warning: $base/input/config/resourceconfig.json: current_group_name: no group of instance_groups is named odd" \
  "$(head -n 1 <<<"$err")"

step "a network interface that is not here, for whoever is told to use it"
container; echo true >"$base/code/train"
resource_config '{"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "nope0"}'
hyperparameters '{"sagemaker_program": "train"}'
if command -v mpirun >/dev/null; then
  run "$smlaunch" --launcher mpi
  assert_eq 78 "$status"
  assert_contains "$err" "smlaunch: algo-1: network interface nope0: does not exist there, so it cannot carry the job; "
fi
run "$smlaunch" --launcher mpi --dry-run
assert_eq 0 "$status"
assert_contains "$err" "smlaunch: warning: algo-1: network interface nope0: does not exist there"
for launcher in ddp process; do
  run "$smlaunch" --launcher $launcher
  assert_success
done
run "$smlaunch" --launcher ddp --dry-run
assert_success
[[ $out != *_SOCKET_IFNAME* ]] || fail "ranks are told of it: $out"

step "no program is named"
container
rm -f "$base/input/config/hyperparameters.json"
refused_configuration "@/hyperparameters.json: does not exist, and nothing else names a program to run; set the \
hyperparameter sagemaker_program or the variable SAGEMAKER_PROGRAM, or name the program after --" "${runs[@]}"
container
hyperparameters '{}'
refused_configuration "@/hyperparameters.json: names no program to run; set the hyperparameter sagemaker_program or the \
variable SAGEMAKER_PROGRAM, or name the program after --" "${runs[@]}"

step "the program is not there"
container
hyperparameters '{"sagemaker_program": "absent.py"}'
refused 71 "$base/code/absent.py: does not exist; name a file that is there, or a program on PATH" "${runs[@]}"
assert_eq $'./output/data/smlaunch/report.html\n./output/data/smlaunch/report.json\n./output/failure' "$(own_files)"
assert_report '[.class, .exit_code]' '["start",71]'

step "an argument that no kernel takes"
container; program
long=$(head -c 131072 /dev/zero | tr '\0' x)
hyperparameters "{\"sagemaker_program\": \"train\", \"long\": \"$long\"}"
refused_configuration "argument 2 (after --long): is 131072 bytes long, Linux passes at most 131071; hand it over in a file \
or channel instead of a hyperparameter" "${runs[@]}"

step "a variable that no kernel takes is in a file"
container
cp "$programs/write_environment" "$base/code/train"
value=${long:0:131060}
hyperparameters "{\"sagemaker_program\": \"train\", \"long\": \"$value\"}"
run WRITE_TO="$scratch/variables" "$smlaunch"
assert_success
assert_eq "SM_HP_LONG=$value" "$(grep -z ^SM_HP_LONG= "$scratch/variables" | tr -d '\0')"
for name in SM_HPS SM_TRAINING_ENV SM_USER_ARGS; do
  ! grep -qz "^$name=" "$scratch/variables" || fail "$name is set"
  assert_contains "$err" "ranks find it in $base/output/data/smlaunch/env/$name"
done
assert_eq "$value" "$(jq -r .long "$base/output/data/smlaunch/env/SM_HPS")"
assert_eq 600 "$(stat -c %a "$base/output/data/smlaunch/env/SM_HPS")"

step "the command line"
container; program
before=$(tree)
more="smlaunch --help-all lists all options"
refused 64 "command line: --nonsense is no option of smlaunch; $more" "$smlaunch" --nonsense
refused 64 "command line: --launcher: \"nope\" is none of auto|process|mpi|ddp|torchrun|xla|smddp; $more" \
  "$smlaunch" --launcher nope
refused 64 "command line: --processes-per-host: \"many\" is no number; $more" "$smlaunch" --processes-per-host many
refused 64 "command line: --processes-per-host: 0 is not between 1 and 65536; $more" "$smlaunch" --processes-per-host 0
refused 64 "command line: --stop-grace: -1 is not between 0 and 31536000; $more" "$smlaunch" --stop-grace -1
refused 64 "command line: no entry point after --; $more" "$smlaunch" --
assert_eq "$before" "$(tree)"
for each in "a ,,b|entry 2: an empty host name" "a:0|entry 1: '0' is no number of slots from 1 to 65536" \
  "-x:2|entry 1: host name '-x' begins with a dash" \
  "a,a|entry 2: host 'a' is named already as entry 1; name each host once, with all its slots"; do
  refused 64 "option --hosts, ${each#*|}" "$smlaunch" --hosts "${each%%|*}"
done
refused 64 "--hosts: does not go with --hostfile; give one of them" "$smlaunch" --hosts a --hostfile b
refused 78 "--current-host: \"other\" is not among the hosts given" "$smlaunch" --hosts localhost:2 --current-host other
