#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Objects to and from a real S3 server on this machine: ours beside curl (one stream, a process each) and boto3 (its
# defaults, in a process that has loaded it already). In turn, so that what else the machine does meets all alike.
# usage: bench/s3_bench.sh S3_TOOL [RUNS] [MIB...]
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bench/compare.sh
source "$here/compare.sh"
tool=$(readlink -f "$1")
runs=${2:-9}
sizes=("${@:3}")
((${#sizes[@]})) || sizes=(0 1 16 64 256)
swift=$here/../tests/process/swift
why=$("$swift" missing)
[[ -z $why ]] || { echo "not measured: $why"; exit 0; }

work=$(mktemp -d)
port=$((20000 + RANDOM % 10000))
"$swift" "$work/swift" "$port" 2>"$work/swift.err" &
server=$!
finish() {
  kill -KILL "$server"
  wait "$server" || :
  rm -rf "$work"
} 2>/dev/null
trap finish EXIT
for ((i = 0; i < 600; i++)); do
  [[ ! -e $work/swift/ready ]] || break
  sleep 0.1
done
[[ -e $work/swift/ready ]] || { echo "not measured: no S3 server within a minute"; exit 0; }

export AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_EC2_METADATA_DISABLED=true
signed=(curl -fsS --aws-sigv4 aws:amz:us-east-1:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD)
bucket=http://test%3Atester:testing@127.0.0.1:$port/bucket
"${signed[@]}" -X PUT "$bucket"

venv=${XDG_CACHE_HOME:-$HOME/.cache}/smlaunch/boto3
if [[ ! -x $venv/bin/python ]] || ! "$venv/bin/python" -c 'import boto3' 2>/dev/null; then
  { python3 -m venv "$venv" && "$venv/bin/pip" -q install boto3; } >"$work/pip" 2>&1 || rm -rf "$venv"
fi
boto3=
if [[ -x $venv/bin/python ]]; then
  coproc BOTO3 {
    exec "$venv/bin/python" -u -c '
import boto3, os, sys, time
client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
print(boto3.__version__)
for line in sys.stdin:
    action, file, key = line.split()
    begin = time.perf_counter()
    if action == "get":
        client.download_file("bucket", key, file)
    else:
        client.upload_file(file, "bucket", key)
    print("%.3f" % (1000 * (time.perf_counter() - begin)))'
  }
  read -r -u "${BOTO3[0]}" boto3
else
  echo "boto3 is not compared with: it could not be installed ($(tail -n 1 "$work/pip"))"
fi
echo "smlaunch $(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo '?'), $(curl --version | awk 'NR == 1 {print $1, $2}')${boto3:+, boto3 $boto3}; $runs runs each, in turn; median (quartiles), milliseconds"

measure() {  # CLIENT ACTION KEY
  case $1/$2 in
    smlaunch/get) milliseconds "$tool" get "s3://bucket/$3" "$work/got" ;;
    smlaunch/put) milliseconds "$tool" put "$work/file" "s3://bucket/$3.smlaunch" ;;
    curl/get) milliseconds "${signed[@]}" -o "$work/got" "$bucket/$3" ;;
    curl/put) milliseconds "${signed[@]}" -T "$work/file" "$bucket/$3.curl" ;;
    boto3/get) echo "get $work/got $3" >&"${BOTO3[1]}" ;;&
    boto3/put) echo "put $work/file $3.boto3" >&"${BOTO3[1]}" ;;&
    boto3/*) read -r -u "${BOTO3[0]}" answer && echo "$answer" ;;
  esac
}

clients=(smlaunch curl ${boto3:+boto3})
printf '%-22s %28s' "" smlaunch
for client in "${clients[@]:1}"; do printf ' %28s %8s' "$client" "times"; done
echo
for size in "${sizes[@]}"; do
  head -c "$((size << 20))" /dev/urandom >"$work/file"
  ((size > 0)) || head -c 1024 /dev/urandom >"$work/file"
  name=$([[ $size == 0 ]] && echo "1 KiB" || echo "$size MiB")
  "$tool" put "$work/file" "s3://bucket/object"
  for action in get put; do
    for client in "${clients[@]}"; do
      measure "$client" "$action" object >/dev/null
      : >"$work/times.$client"
    done
    for ((run = 0; run < runs; run++)); do
      for client in "${clients[@]}"; do printf '%s\n' "$(measure "$client" "$action" object)" >>"$work/times.$client"; done
    done
    printf '%-22s' "$action of $name"
    ours=
    for client in "${clients[@]}"; do
      mapfile -t times <"$work/times.$client"
      record "S3: $action of $name" ms "$client" "${times[@]}"
      quartiles_of "${times[@]}"
      printf ' %28s' "$(printf '%.1f (%.1f to %.1f)' "$median" "$lower" "$upper")"
      if [[ -n $ours ]]; then printf ' %8s' "$(awk "BEGIN {printf \"%.2f\", $median / $ours}")"; fi
      ours=${ours:-$median}
    done
    echo
  done
done
