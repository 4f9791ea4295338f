#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every host of a job uploads its own intermediate output while the ranks run, and the last files at the end.
source "$(dirname "$0")/job.sh"
swift=$(dirname "$(readlink -f "$0")")/../process/swift
tool=${SMLAUNCH_BUILD_DIR:?}/tests/programs/s3_tool
command -v curl >/dev/null || skip "curl is not installed"
why=$("$swift" missing)
[[ -z $why ]] || skip "$why"
cluster_up 3
bystanders

"$cluster" put fabric "$swift" /opt/swift
fabric chmod 755 /opt/swift
fabric env SWIFT_ADDRESS=198.18.0.254 /opt/swift /opt/s3 8080 >"$scratch/swift.log" 2>&1 &
eventually 120 fabric test -e /opt/s3/ready
fabric curl -fsS -X PUT --aws-sigv4 aws:amz:us-east-1:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD \
  "http://test%3Atester:testing@198.18.0.254:8080/bucket"
keys=(AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1
  AWS_ENDPOINT_URL=http://198.18.0.254:8080 AWS_EC2_METADATA_DISABLED=true TRAINING_JOB_NAME=job-1)
objects() { fabric env "${keys[@]}" "$tool" list "s3://bucket/$1" | sort; }
has_objects() { local have; have=$(objects "$1"); [[ $have == "$2" ]] || { echo "$have"; return 1; }; }
here=(env "${keys[@]}" "$smlaunch" --ready-timeout 60)
everywhere() { local name; for name in algo-2 algo-3 algo-1; do start "$name" "${here[@]}"; done; }
# As containers are before their job.
fresh() { local name; for name in "${hosts[@]}"; do host "$name" sh -c 'rm -rf /opt/ml/output/intermediate'; done; }

step "while the ranks run, and at the end"
mpi 1 '"sagemaker_s3_output": "s3://bucket/out"'
program <<'END'
#!/bin/sh
cd "$SM_OUTPUT_INTERMEDIATE_DIR" || exit
mkdir "$SM_CURRENT_HOST"
echo first >"$SM_CURRENT_HOST/first"
until [ -e go ]; do sleep 0.05; done
echo last >"$SM_CURRENT_HOST/last"
END
everywhere
prefix=out/job-1/output/intermediate
eventually 60 has_objects out/ "6 $prefix/algo-1/first
6 $prefix/algo-2/first
6 $prefix/algo-3/first"
for name in "${hosts[@]}"; do host "$name" touch /opt/ml/output/intermediate/go; done
over 0 success 30 "${hosts[@]}"
has_objects out/ "0 $prefix/go
5 $prefix/algo-1/last
5 $prefix/algo-2/last
5 $prefix/algo-3/last
6 $prefix/algo-1/first
6 $prefix/algo-2/first
6 $prefix/algo-3/first"
assert_nothing_left

step "of a job that fails, and of a job that is told to stop"
program <<'END'
#!/bin/sh
trap 'echo stopped >"$SM_OUTPUT_INTERMEDIATE_DIR/$SM_CURRENT_HOST"; exit 0' TERM
echo waiting
while [ ! -e /tmp/go ]; do sleep 0.05; done
exit 5
END
mpi 1 '"sagemaker_s3_output": "s3://bucket/failed"'
fresh
everywhere
eventually 20 printed algo-1 3 waiting
host algo-2 touch /tmp/go
over 5 failure 30 "${hosts[@]}"
has_objects failed/ "8 failed/job-1/output/intermediate/algo-1
8 failed/job-1/output/intermediate/algo-3"
mpi 1 '"sagemaker_s3_output": "s3://bucket/stopped"'
fresh
host algo-2 rm /tmp/go
everywhere
eventually 20 printed algo-1 3 waiting
kill -TERM "${started[algo-1]}"
over 143 '' 30 "${hosts[@]}"
has_objects stopped/ "8 stopped/job-1/output/intermediate/algo-1
8 stopped/job-1/output/intermediate/algo-2
8 stopped/job-1/output/intermediate/algo-3"
assert_nothing_left

step "one host without keys says so, and the job does not care"
mpi 1 '"sagemaker_s3_output": "s3://bucket/partly"'
program <<'END'
#!/bin/sh
echo file >"$SM_OUTPUT_INTERMEDIATE_DIR/$SM_CURRENT_HOST"
END
fresh
start algo-2 env AWS_EC2_METADATA_DISABLED=true "$smlaunch"
for name in algo-3 algo-1; do start "$name" "${here[@]}"; done
over 0 success 30 "${hosts[@]}"
assert_contains "$(<"$scratch/algo-2.err")" "smlaunch: warning: intermediate output: AWS credentials: none found"
has_objects partly/ "5 partly/job-1/output/intermediate/algo-1
5 partly/job-1/output/intermediate/algo-3"
assert_nothing_left

step "the digits example as train, from an archive in the bucket with a requirements.txt"
/usr/bin/python3 -c 'import ensurepip, mpi4py, numpy' 2>/dev/null || skip "python3-venv, -mpi4py or -numpy is not installed"
programs=$(cd "$(dirname "$0")/../programs" && pwd)
example=$(cd "$(dirname "$0")/../../examples/digits/opt-ml" && pwd)
python3 "$programs/make_wheel.py" "$scratch/index" tinylib 1.0 'name = "tinylib 1.0"'
mkdir "$scratch/source"
cp "$example/code/train.py" "$scratch/source/digits.py"
echo tinylib >"$scratch/source/requirements.txt"
cat >"$scratch/source/train.py" <<'END'
import os, tinylib, digits
with open(os.path.join(os.environ["SM_OUTPUT_INTERMEDIATE_DIR"], "used-" + os.environ["RANK"]), "w") as file:
    file.write(tinylib.name)
digits.main()
END
tar czf "$scratch/digits.tar.gz" -C "$scratch/source" .
"$cluster" put fabric "$scratch/digits.tar.gz" /opt/digits.tar.gz
fabric env "${keys[@]}" "$tool" put /opt/digits.tar.gz s3://bucket/code/digits.tar.gz
configure inputdataconfig '{"training": {}}'
configure hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 1, "sagemaker_submit_directory": "s3://bucket/code/digits.tar.gz",
  "sagemaker_s3_output": "s3://bucket/digits", "epochs": 2}'
furnish() {
  host "$1" sh -c 'rm -rf /opt/ml/output/intermediate /opt/ml/code/* && mkdir -p /opt/index /opt/ml/input/data/training'
  host "$1" /usr/bin/python3 -m venv --system-site-packages /opt/python
  "$cluster" put "$1" "$scratch"/index/*.whl "/opt/index/$(cd "$scratch/index" && echo *.whl)"
  "$cluster" put "$1" "$example/input/data/training/digits.csv.gz" /opt/ml/input/data/training/digits.csv.gz
  host "$1" ln -sf "$smlaunch" /usr/local/bin/train
}
pids=()
for name in "${hosts[@]}"; do furnish "$name" & pids+=($!); done
for pid in "${pids[@]}"; do wait "$pid"; done
here=(env "${keys[@]}" PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/index SMLAUNCH_PYTHON=/opt/python/bin/python3
  SMLAUNCH_READY_TIMEOUT=60 train)
everywhere
over 0 success 60 algo-1
assert_contains "$out" "accuracy: "
over 0 success 5 algo-2 algo-3
for name in "${hosts[@]}"; do
  assert_contains "$(<"$scratch/$name.err")" "smlaunch: code from s3://bucket/code/digits.tar.gz is in /opt/ml/code"
  assert_contains "$(<"$scratch/$name.err")" "smlaunch: pip: Successfully installed tinylib-1.0"
done
prefix=digits/job-1/output/intermediate
has_objects digits/ "11 $prefix/used-0
11 $prefix/used-1
11 $prefix/used-2"
assert_nothing_left
