#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Objects and intermediate output with a real S3 server, which verifies every signature.
# shellcheck source=tests/process/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
needs curl
needs python3
why=$("$here/swift" missing)
[[ -z $why ]] || skip "$why"

for name in "${!AWS_@}"; do unset "$name"; done
unset name S3_ENDPOINT_URL http_proxy HTTP_PROXY
export AWS_EC2_METADATA_DISABLED=true HOME=$scratch

# Four ports in a row that are free now.
free_ports() {
  python3 - <<'END'
import random, socket
while True:
    port = random.randrange(20000, 30000)
    sockets = [socket.socket() for _ in range(4)]
    try:
        for i, one in enumerate(sockets):
            one.bind(("127.0.0.1", port + i))
        print(port)
        break
    except OSError:
        pass
    finally:
        for one in sockets:
            one.close()
END
}

port=$(free_ports)
env "$marker" "$here/swift" "$scratch/swift" "$port" 2>"$scratch/swift.err" &
server=$!
is_up() { [[ -e $scratch/swift/ready ]] || { kill -0 "$server" 2>/dev/null || fail "$(<"$scratch/swift.err")"; return 1; }; }
eventually 120 is_up

endpoint=http://127.0.0.1:$port
keys=(AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1 "AWS_ENDPOINT_URL=$endpoint")
s3() { env "${keys[@]}" "$programs/s3_tool" "$@"; }
# What another client of S3 says, here curl: bucket PATH [CURL-ARGUMENT...]
other() {
  curl -fsS --aws-sigv4 aws:amz:us-east-1:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD "${@:2}" \
    "http://test%3Atester:testing@127.0.0.1:$port/$1"
}
other bucket -X PUT
objects() { s3 list s3://bucket/ | sort; }
object() { s3 get "s3://bucket/$1" "$scratch/object"; cat "$scratch/object"; }
s3_refused() {  # SENTENCE COMMAND...
  local sentence=$1; shift
  local said
  if said=$("$@" 2>&1); then fail "accepted: $*"; fi
  assert_eq "$sentence" "$said"
}

step "objects of any size and name go there and come back"
for size in 0 1 16777216 16777217 70000000; do
  head -c "$size" /dev/urandom >"$scratch/file"
  s3 put "$scratch/file" "s3://bucket/a b/ü=&+'\"<(~/$size"
  s3 get "s3://bucket/a b/ü=&+'\"<(~/$size" "$scratch/back"
  cmp "$scratch/file" "$scratch/back"
done
assert_eq "0 a b/ü=&+'\"<(~/0
1 a b/ü=&+'\"<(~/1
16777216 a b/ü=&+'\"<(~/16777216
16777217 a b/ü=&+'\"<(~/16777217
70000000 a b/ü=&+'\"<(~/70000000" "$(s3 list "s3://bucket/a b/" | sort -n)"

step "what another client wrote is read, and the other way round"
printf 'of curl' | other bucket/theirs -T -
assert_eq "of curl" "$(object theirs)"
printf 'of smlaunch' >"$scratch/file"
s3 put "$scratch/file" s3://bucket/ours
assert_eq "of smlaunch" "$(other bucket/ours)"

step "another region than the server's is followed"
AWS_REGION=eu-west-1 s3 put "$scratch/file" s3://bucket/region
keys+=(AWS_REGION=eu-west-1)
assert_eq "of smlaunch" "$(object region)"
unset 'keys[-1]'

step "what is refused is said"
s3_refused "s3://bucket/none: is not there at $endpoint; check the bucket and the key" s3 get s3://bucket/none "$scratch/x"
s3_refused "s3://nobody/none: there is no bucket nobody at $endpoint; check the bucket's name" \
  s3 get s3://nobody/none "$scratch/x"
s3_refused "s3://bucket/ours: the server does not accept the keys from the environment (SignatureDoesNotMatch); \
check the access key and its secret key" \
  env "${keys[@]}" AWS_SECRET_ACCESS_KEY=wrong "$programs/s3_tool" get s3://bucket/ours "$scratch/x"
[[ ! -e $scratch/x ]] || fail "a file is there"

job() { run env "${keys[@]}" TRAINING_JOB_NAME=job-1 "$smlaunch" "$@"; }
start_job() { start env "${keys[@]}" TRAINING_JOB_NAME=job-1 "$smlaunch" "$@"; }
intermediate=$base/output/intermediate
program() { cat >"$scratch/program.sh"; }
has_object() { s3 list "s3://bucket/$1" | grep -qxF -- "$2 $1"; }

step "intermediate files are in the bucket while the job runs, to the toolkit's keys"
container
hyperparameters '{"sagemaker_s3_output": "s3://bucket/out put/"}'
program <<'END'
cd "$SM_OUTPUT_INTERMEDIATE_DIR"
echo first >metric
mkdir -p new/folder
echo deep >new/folder/file
echo deleted >deleted && rm deleted
echo part >.part && mv .part moved
mkdir outside.tmp && echo in >outside.tmp/file && mv outside.tmp inside
until [[ -e go ]]; do sleep 0.05; done
echo last >metric
END
start_job -- bash "$scratch/program.sh"
prefix="out put/job-1/output/intermediate"
eventually 30 has_object "$prefix/metric" 6
eventually 30 has_object "$prefix/new/folder/file" 5
eventually 30 has_object "$prefix/moved" 5
eventually 30 has_object "$prefix/inside/file" 3
touch "$intermediate/go"
ended
assert_success
assert_eq last "$(object "$prefix/metric")"
assert_contains "$err" "to s3://bucket/$prefix"
[[ $err != *"not uploaded"* ]] || fail "something was not uploaded: $err"
[[ $out$err != *testing* ]] || fail "the secret is told"
if grep -rq testing "$base"; then fail "the secret is in a file"; fi

step "the last ones too, of a job that fails; large ones in parts"
container
hyperparameters '{"sagemaker_s3_output": "s3://bucket"}'
program <<'END'
head -c 70000000 /dev/zero >"$SM_OUTPUT_INTERMEDIATE_DIR/large"
exit 3
END
run env "${keys[@]}" "$smlaunch" -- bash "$scratch/program.sh"
assert_eq 3 "$status"
has_object output/intermediate/large 70000000
assert_contains "$err" "smlaunch: intermediate output: 1 upload to s3://bucket/output/intermediate"

step "the last ones too, of a job that is told to stop"
container
hyperparameters '{"sagemaker_s3_output": "s3://bucket/stopped"}'
program <<'END'
trap 'echo checkpoint >"$SM_OUTPUT_INTERMEDIATE_DIR/checkpoint"; exit 0' TERM
echo ready
while :; do sleep 0.05; done
END
start_job -- bash "$scratch/program.sh"
eventually 30 printed 1 ready
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_neither_file
has_object stopped/job-1/output/intermediate/checkpoint 11

step "a second run in the same folder goes on, with what is there first"
rm -f "$intermediate/checkpoint"
echo there >"$intermediate/there"
job -- true
assert_success
has_object stopped/job-1/output/intermediate/there 6

step "a folder that somebody else made is theirs to upload; file:// and no location upload nothing"
container
mkdir -p "$intermediate"
hyperparameters '{"sagemaker_s3_output": "s3://bucket/theirs"}'
before=$(objects)
job -- bash -c "echo a >$intermediate/a"
assert_success
assert_eq "$before" "$(objects)"
assert_contains "$err" "smlaunch: $intermediate was there before the job: whoever made it uploads it"
container
hyperparameters '{"sagemaker_s3_output": "file:///tmp/out"}'
job -- bash -c "echo a >$intermediate/a"
assert_success
assert_eq a "$(<"$intermediate/a")"
container
job -- test ! -e "$intermediate"
assert_success
assert_eq "$before" "$(objects)"

step "another scheme is a bad configuration"
container
hyperparameters '{"sagemaker_s3_output": "ftp://bucket/out"}'
job -- true
assert_eq 78 "$status"
assert_contains "$err" 'smlaunch: hyperparameter sagemaker_s3_output: "ftp://bucket/out" is no S3 URL; write s3://BUCKET/PREFIX or file://FOLDER'

step "a job without keys, or of a bucket that is not there, runs, and says what was not uploaded"
container
hyperparameters '{"sagemaker_s3_output": "s3://nobody/out"}'
job -- bash -c "echo a >$intermediate/a; echo b >$intermediate/b"
assert_success
assert_contains "$err" "smlaunch: warning: intermediate output: s3://nobody/out/job-1/output/intermediate/a: there is no bucket nobody at $endpoint; check the bucket's name"
assert_contains "$err" "smlaunch: warning: 2 intermediate files were not uploaded (there is no bucket nobody at $endpoint): a, b"
assert_eq 1 "$(grep -c "intermediate output: s3://nobody" <<<"$err")"
rm -r "$intermediate"
run env AWS_ENDPOINT_URL="$endpoint" "$smlaunch" -- bash -c "echo a >$intermediate/a"
assert_success
assert_contains "$err" "warning: intermediate output: AWS credentials: none found (environment: AWS_ACCESS_KEY_ID is not set; "

step "the user's code comes from the bucket, whole or not at all"
rm -rf "$scratch/code"
mkdir "$scratch/code"
echo 'import helper; print(helper.text, flush=True)' >"$scratch/code/train.py"
echo 'text = "from the bucket"' >"$scratch/code/helper.py"
head -c 20000000 /dev/urandom >"$scratch/code/large"
tar czf "$scratch/code.tar.gz" -C "$scratch/code" .
s3 put "$scratch/code.tar.gz" "s3://bucket/job 1/source/code.tar.gz"
head -c 10000000 "$scratch/code.tar.gz" >"$scratch/cut.tar.gz"
s3 put "$scratch/cut.tar.gz" s3://bucket/cut.tar.gz
code() { hyperparameters "{\"sagemaker_program\": \"train.py\", \"sagemaker_submit_directory\": \"$1\"}"; }
container
code "s3://bucket/job 1/source/code.tar.gz"
job
assert_success
assert_eq "from the bucket" "$out"
assert_contains "$err" "smlaunch: code from s3://bucket/job 1/source/code.tar.gz is in $base/code"
assert_eq "helper.py large train.py" "$(cd "$base/code" && ls -d -- *.py large | paste -sd ' ')"
cmp "$scratch/code/large" "$base/code/large"
code_refused() { # EXIT-CODE WORDS
  assert_eq "smlaunch: algo-1: $2" "$(tail -n 1 <<<"$err")"
  assert_eq "$1" "$status"
  assert_eq "" "$(ls -A "$base/code")"
  assert_eq "code input model output" "$(ls -A "$base" | paste -sd ' ')"
}
container
code s3://bucket/none.tar.gz
job
code_refused 71 "s3://bucket/none.tar.gz: is not there at $endpoint; check the bucket and the key"
code s3://bucket/cut.tar.gz
job
code_refused 78 "s3://bucket/cut.tar.gz: ./large is cut off, or what follows it is damaged: truncated gzip input; \
pack and upload it again"
code s3://bucket/theirs
job
code_refused 78 "s3://bucket/theirs: is no tar archive; pack the code with tar and gzip"
code s3://bucket/code.tar.gz
run env "AWS_ENDPOINT_URL=$endpoint" "$smlaunch"
assert_eq 71 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "smlaunch: algo-1: AWS credentials: none found"

step "a bucket that does not answer is waited for no longer than --upload-timeout"
python3 - "$scratch/silent" <<'END' &
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
connections = []
while True:
    connections.append(listener.accept())
END
silent=$!
eventually 30 test -s "$scratch/silent"
keys+=("AWS_ENDPOINT_URL=http://127.0.0.1:$(<"$scratch/silent")")
container
hyperparameters '{"sagemaker_s3_output": "s3://bucket/silent"}'
job --upload-timeout 0.5 -- bash -c "echo a >$intermediate/a"
assert_success
assert_contains "$err" "smlaunch: warning: 1 intermediate file was not uploaded (no time was left): a"

step "and a signal ends the waiting: the first bounds it by --stop-grace, the second at once"
rm -r "$intermediate"
start_job --stop-grace 3000 -- bash -c "echo a >$intermediate/a; echo b >$intermediate/b"
eventually 30 grep -q "smlaunch: waiting for 2 intermediate files to be uploaded, for at most 300 s" "$scratch/err"
kill -TERM "$started"
kill -INT "$started"
ended
assert_success
assert_contains "$err" "smlaunch: warning: 2 intermediate files were not uploaded (no time was left): a, b"
rm -r "$intermediate"
start_job --stop-grace 0 -- bash -c "echo a >$intermediate/a"
eventually 30 grep -q "smlaunch: waiting for 1 intermediate file to be uploaded" "$scratch/err"
kill -TERM "$started"
ended
assert_success
kill "$silent"

step "the server is gone with all its processes"
kill -KILL "$server"
{ wait "$server" || :; } 2>/dev/null
server_is_gone() { [[ -z $(carriers "$marker") ]]; }
eventually 10 server_is_gone
