#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image of docker/: small, stripped, without root, keys and tools to build; right as PID 1; three lines put the
# program into somebody else's image; three containers train, and what compose runs ends with their exit code.
# Base images are the bare Debian, since no registry can be reached. The stage that compiles is given the wheel's program,
# which is built by the same steps, unless SMLAUNCH_IMAGE_FROM_SOURCE is set: minutes more.
# usage: image_test.sh FOLDER     where ./dev wheel has put the wheel; SMLAUNCH_COMPOSE: a place for podman-compose
# shellcheck source=tests/package/bare_debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package/bare_debian.sh"

for tool in buildah podman runc; do
  command -v $tool >/dev/null || skip "$tool is not installed"
done
wheel=$(echo "${1:?the folder of the wheel}"/smlaunch-*.whl)
[[ -e $wheel || -n ${SMLAUNCH_IMAGE_FROM_SOURCE:-} ]] || skip "there is no wheel: ./dev wheel builds it"

step "what this machine lets containers do"
# Storage and networks of the test's own. Limits that this machine may set: a sandbox can raise none.
mkdir -p "$work/store"
cat >"$work/containers.conf" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$work/networks"
END
cat >"$work/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$work/store/images"
runroot = "$work/store/run"
END
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
clean_up() {
  if [[ -e $work/docker ]]; then compose down --volumes --timeout 0 >/dev/null 2>&1 || :; fi
  podman rm --force --all --time 0 >/dev/null 2>&1 || :
  podman network prune --force >/dev/null 2>&1 || :
  if mountpoint -q "$work/store/images/overlay"; then umount -l "$work/store/images/overlay"; fi
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
tools=${SMLAUNCH_COMPOSE:-$work/compose}
# A name of its own: another's networks stay apart.
compose() { (cd "$work/docker" && timeout 400 "$tools/bin/podman-compose" -p "smlaunch$$" "$@"); }
bare_debian "nothing was built"
quietly buildah from --name base scratch
quietly buildah add base "$root" /
buildah commit base localhost/debian:12 >"$work/log" 2>&1 || skip "buildah cannot make an image here: $(tail -n 1 "$work/log")"
quietly buildah rm base
podman run --rm localhost/debian:12 true >"$work/log" 2>&1 || skip "podman cannot run a container here: $(tail -n 1 "$work/log")"

# image NAME FILE ARGUMENT...
image() { quietly buildah build --isolation chroot --tag "$1" --file "$2" "${@:3}" "$source"; }
bases=(--build-arg BASE=localhost/debian:12 --build-arg BUILDER=localhost/debian:12)
if [[ -z ${SMLAUNCH_IMAGE_FROM_SOURCE:-} ]]; then
  mkdir -p "$work/wheel" "$work/built/opt/smlaunch/bin"
  python3 -m zipfile -e "$wheel" "$work/wheel"
  install -m 755 "$work"/wheel/smlaunch-*.data/scripts/smlaunch "$work/built/opt/smlaunch/bin"
  bases+=(--build-context "build=$work/built")
fi

step "the image"
image localhost/smlaunch "$source/docker/Dockerfile" "${bases[@]}"
image localhost/smlaunch:bare "$source/docker/Dockerfile" "${bases[@]}" --build-arg PYTHON_PACKAGES=
size() { podman image inspect --format '{{.Size}}' "$1"; }
more=$((($(size localhost/smlaunch:bare) - $(size localhost/debian:12)) / 1000000))
echo "base $(($(size localhost/debian:12) / 1000000)) MB; beyond it $more MB without Python packages of jobs," \
  "$((($(size localhost/smlaunch) - $(size localhost/debian:12)) / 1000000)) MB with"
((more < 250)) || fail "it is $more MB larger than its base"
assert_contains "$(podman image inspect --format '{{.Config.User}}' localhost/smlaunch)" 10001:10001
labels=$(podman image inspect --format '{{json .Labels}}' localhost/smlaunch)
for label in title description licenses version; do assert_contains "$labels" "org.opencontainers.image.$label"; done
run() { podman run --rm "$@"; }
run localhost/smlaunch sh -c 'for tool in gcc g++ cc make cmake ninja git ccache; do ! command -v $tool || exit 1; done' ||
  fail "it holds a tool to build with"
left=$(run --user root localhost/smlaunch find / -xdev \( -name 'ssh_host_*' -o -name 'id_ed25519*' -o -name 'authorized_keys' \) ! -path '/proc/*')
[[ -z $left ]] || fail "it holds keys: $left"
podman create --name look localhost/smlaunch >/dev/null
podman cp look:/usr/local/bin/smlaunch "$work/smlaunch"
podman rm look >/dev/null
assert_lacks "$(readelf -S "$work/smlaunch")" .symtab

step "as PID 1, on a read-only root: orphans leave no zombies, and a stop is a stop"
mkdir -p "$work/job/code" "$work/job/config"
echo '{"sagemaker_program": "job.sh"}' >"$work/job/config/hyperparameters.json"
echo '{"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}' >"$work/job/config/resourceconfig.json"
cat >"$work/job/code/job.sh" <<'END'
#!/bin/bash
set -e
for i in 1 2 3; do (sh -c 'exec true' & disown) & done
wait
until ! grep -qs '^State:.*Z' /proc/[0-9]*/status; do :; done
touch "$SM_MODEL_DIR/model"
echo "no zombie; pid 1 is $(tr '\0' ' ' </proc/1/cmdline); $(id -un)"
exec sleep 1000
END
chmod -R a+rX "$work/job" && chmod 755 "$work/job/code/job.sh" && chmod 755 "$work"
readonly=(--read-only --tmpfs /tmp --tmpfs /opt/ml/output --tmpfs /opt/ml/model
  --volume "$work/job/code:/opt/ml/code:ro" --volume "$work/job/config:/opt/ml/input/config:ro")
podman run --detach --name one "${readonly[@]}" localhost/smlaunch >/dev/null
for ((i = 0; i < 3000; i++)); do # the test's own bound ends it otherwise
  [[ $(podman logs one 2>&1) == *"no zombie"* || $(podman inspect --format '{{.State.Running}}' one) == false ]] && break
done
assert_contains "$(podman logs one 2>&1)" "no zombie; pid 1 is train ; train"
podman stop --time 60 one >/dev/null
assert_contains "$(podman logs one 2>&1)" "smlaunch: stopped by SIGTERM"
status=$(podman inspect --format '{{.State.ExitCode}}' one)
((status == 143)) || fail "podman stop ended it with $status"

step "three lines put it into somebody else's image"
# The lines of docs/install.md, and what theirs says with them. theirs BASE NAME
theirs() {
  awk '/^```dockerfile/ {inside = 1; next} /^```/ {inside = 0} inside' "$source/docs/install.md" >"$work/Dockerfile"
  sed -i "s#^FROM .*#FROM $1#; s#--from=smlaunch #--from=localhost/smlaunch #" "$work/Dockerfile"
  (($(grep -c . "$work/Dockerfile") == 3)) || fail "docs/install.md shows not three lines: $(<"$work/Dockerfile")"
  image "$2" "$work/Dockerfile"
  assert_contains "$(run "$2" train --version)" "smlaunch "
  assert_contains "$(run "$2" sh -c 'train 2>&1 || echo $?')" "/opt/ml"
}
theirs localhost/debian:12 localhost/theirs

# Its glibc is newer than the builder's, and many of its libraries have other names than Debian 12's, as in Ubuntu 24.04.
step "another base, Debian 13: the whole image, and the three lines"
if unpack_debian trixie "$work/trixie" "${SMLAUNCH_BARE_DEBIAN:+${SMLAUNCH_BARE_DEBIAN%.tar}-13.tar}"; then
  quietly buildah from --name base scratch
  quietly buildah add base "$work/trixie" /
  quietly buildah commit --rm base localhost/debian:13
  rm -rf --one-file-system "$work/trixie"
  image localhost/smlaunch:13 "$source/docker/Dockerfile" "${bases[@]}" --build-arg BASE=localhost/debian:13
  doctor=$(run localhost/smlaunch:13 smlaunch doctor)
  echo "$doctor"
  for line in "Open MPI    fine" "ssh         fine" "libcurl     fine" "libarchive  fine"; do assert_contains "$doctor" "$line"; done
  theirs localhost/debian:13 localhost/theirs:13
else
  echo "debootstrap could not make it from $mirror: $(tail -n 1 "$work/log")"
fi

step "three hosts by compose"
if [[ ! -e $tools/bin/podman-compose ]]; then
  { python3 -m venv "$tools" && "$tools/bin/pip" -q install podman-compose; } >"$work/log" 2>&1 ||
    skip "all but compose has passed; podman-compose could not be had from PyPI: $(tail -n 1 "$work/log")"
fi
cp -r "$source/docker" "$source/examples" "$work"
chmod -R a+rX "$work/docker" "$work/examples"
sed -i 's/"epochs": "60"/"epochs": "5"/' "$work/examples/digits/opt-ml/input/config/hyperparameters.json"
up() {
  status=0
  compose up --no-build --exit-code-from algo-1 >"$work/out" 2>&1 || status=$?
  grep -o 'smlaunch: .*' "$work/out" || :
}
up
((status == 0)) || fail "it ended with $status: $(<"$work/out")"
assert_contains "$(<"$work/out")" accuracy
assert_contains "$(<"$work/out")" "smoke test: pass"

step "and it ends with the job's exit code"
echo 'raise SystemExit(7)' >"$work/examples/digits/opt-ml/code/train.py"
up
((status == 7)) || fail "it ended with $status: $(<"$work/out")"
