#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the program needs is installed by the real pip, from a folder and without a network; its failures are told
# as the toolkit tells them.
source "$(dirname "$0")/lib.sh"
needs python3
tools=$(cd "$(dirname "$0")/../programs" && pwd)
# Debian's own interpreter lets nobody install into it (PEP 668): one of its virtual environments does.
/usr/bin/python3 -m venv "$scratch/venv" >"$scratch/venv.log" 2>&1 || skip "python3-venv is not installed"
python=$scratch/venv/bin/python3
python3 "$tools/make_wheel.py" "$scratch/index" tinylib 1.0 'name = "tinylib 1.0"'
offline=(PIP_NO_INDEX=1 PIP_FIND_LINKS="$scratch/index" PIP_DISABLE_PIP_VERSION_CHECK=1)
runs=("${offline[@]}" "$smlaunch" --python "$python")
forget() { "$python" -m pip -q uninstall -y tinylib job 2>/dev/null || :; }
words() { sed '/^smlaunch: \(Reporting\|plan\|success\)/d; s/^smlaunch: //' <<<"$err"; }
no_carriers() { [[ -z $(carriers "$marker") ]]; }
program() { hyperparameters '{"sagemaker_program": "train.py"}'; cat >"$base/code/train.py"; }

step "a program's requirements"
container
program <<<'import tinylib; print(tinylib.name, flush=True)'
echo tinylib >"$base/code/requirements.txt"
run "${runs[@]}"
assert_success
assert_eq "tinylib 1.0" "$out"
assert_eq "$python -m pip install -r requirements.txt" "$(words | head -n 1)"
assert_contains "$err" "smlaunch: pip: Successfully installed tinylib-1.0"
run "${runs[@]}" -q
assert_success
assert_eq "" "$err"
forget

step "fetched code is installed too, and what pip installs is known to the plan"
container
cp -r "$base/code" "$scratch/source"
printf 'import tinylib; print(tinylib.name, flush=True)\n' >"$scratch/source/train.py"
echo tinylib >"$scratch/source/requirements.txt"
tar czf "$scratch/code.tar.gz" -C "$scratch/source" .
hyperparameters "{\"sagemaker_program\": \"train.py\", \"sagemaker_submit_directory\": \"$scratch/code.tar.gz\"}"
run "${runs[@]}"
assert_success
assert_eq "tinylib 1.0" "$out"
forget

step "a package, with its requirements, by one pip"
container
program <<<'import tinylib; print(__spec__.name, tinylib.name, flush=True)'
echo tinylib >"$base/code/requirements.txt"
echo 'from setuptools import setup; setup(name="job", version="1", py_modules=["train"])' >"$base/code/setup.py"
run "${runs[@]}"
assert_success
assert_eq "train tinylib 1.0" "$out"
assert_eq "$python -m pip install . -r requirements.txt" "$(words | head -n 1)"
forget

step "pyproject.toml with a build system is a package; a pyproject.toml that only sets up tools is none"
container
program <<<'print("runs", flush=True)'
printf '[tool.black]\nline-length = 100\n' >"$base/code/pyproject.toml"
run "${runs[@]}"
assert_success
assert_eq "" "$(words)"
printf '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "job"\nversion = "1"\n' \
  >"$base/code/pyproject.toml"
cat >"$base/code/backend.py" <<END
import subprocess, sys
def build_wheel(folder, *_):
    subprocess.run([sys.executable, "$tools/make_wheel.py", folder, "job", "1", "built = True"], check=True)
    return "job-1-py3-none-any.whl"
END
program <<<'import job; print("runs", job.built, flush=True)'
run "${runs[@]}"
assert_success
assert_eq "runs True" "$out"
forget

step "nothing for a command"
container
printf '#!/bin/sh\necho runs\n' >"$base/code/run.sh"
echo no-such-package >"$base/code/requirements.txt"
hyperparameters '{"sagemaker_program": "run.sh"}'
run "${runs[@]}"
assert_success
assert_eq "" "$(words)"

step "a requirement that is nowhere"
container
program <<<'print("never runs", flush=True)'
printf 'tinylib\nno-such-package==7\n' >"$base/code/requirements.txt"
run "${runs[@]}"
assert_eq 1 "$status"
assert_eq "" "$out"
assert_eq "smlaunch: algo-1: $python -m pip install -r requirements.txt exited with code 1: ERROR: No matching \
distribution found for no-such-package==7" "$(tail -n 1 <<<"$err")"
assert_eq "InstallRequirementsError:
ExitCode 1
ErrorMessage \"ERROR: Could not find a version that satisfies the requirement no-such-package==7 (from versions: none)
ERROR: No matching distribution found for no-such-package==7\"
ExtraInfo \"algo-1\"
Command \"$python -m pip install -r requirements.txt\"" "$(<"$base/output/failure")"
assert_report '[.outcome, .class, .exit_code, .ranks]' '["failure","InstallRequirementsError",1,[]]'
assert_nothing_left

step "a package that cannot be built: the words that matter are within what SageMaker shows"
container
program <<<'print("never runs", flush=True)'
cat >"$base/code/setup.py" <<'END'
for i in range(300): print("noise", i)
raise RuntimeError("no compiler for this")
END
run "${runs[@]}"
assert_eq 1 "$status"
assert_report '[.class, .exit_code]' '["InstallModuleError",1]'
shown=$(head -c 1024 "$base/output/failure")
assert_contains "$shown" $'InstallModuleError:\nExitCode 1\nErrorMessage "'
assert_contains "$shown" "Command \"$python -m pip install .\""
assert_contains "$(<"$base/output/failure")" "RuntimeError: no compiler for this"

step "an interpreter that nobody may install into, and one without pip: what to do is said"
container
program <<<'print("never runs", flush=True)'
echo tinylib >"$base/code/requirements.txt"
if [[ -e $(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/EXTERNALLY-MANAGED ]] &&
  /usr/bin/python3 -m pip --version >"$scratch/log" 2>&1; then
  run "${offline[@]}" "$smlaunch" --python /usr/bin/python3
  assert_eq 1 "$status"
  assert_contains "$(tail -n 1 <<<"$err")" "externally-managed-environment; name the interpreter of a virtual \
environment with --python, or set PIP_BREAK_SYSTEM_PACKAGES=1 in the container"
else
  echo "this machine's python3 has no pip, or lets everybody install"
fi
/usr/bin/python3 -m venv --without-pip "$scratch/bare"
rm -f "$base/output/failure"
run "${offline[@]}" "$smlaunch" --python "$scratch/bare/bin/python3"
assert_eq 1 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "No module named pip; install pip for this interpreter (Debian: python3-pip)"
rm -f "$base/output/failure"
run "${offline[@]}" "$smlaunch" --python "$scratch/absent"
assert_eq 71 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "$scratch/absent: $scratch/absent: No such file or directory; name the job's \
interpreter with --python"

step "pip that hangs ends with us, and all that it has started"
cat >"$scratch/pip_hangs" <<END
#!/bin/sh
$programs/wait_forever &
echo begun
exec $programs/ignore_sigterm
END
chmod +x "$scratch/pip_hangs"
for signal in TERM INT HUP; do
  container
  program <<<'print("never runs", flush=True)'
  echo tinylib >"$base/code/requirements.txt"
  start "$smlaunch" --python "$scratch/pip_hangs"
  eventually 10 grep -q 'pip: begun' "$scratch/err"
  kill "-$signal" "$started"
  ended 15
  number=$(kill -l "$signal")
  assert_eq $((128 + number)) "$status"
  assert_contains "$err" "smlaunch: stopped by SIG$signal while the code was prepared"
  assert_neither_file
  assert_report '[.outcome, .class]' '["stopped",null]'
  eventually 2 no_carriers
  [[ ! -e $base/.smlaunch-code.lock ]] || fail "its lock is left"
done

step "killed, it takes pip along"
container
program <<<'print("never runs", flush=True)'
echo tinylib >"$base/code/requirements.txt"
start "$smlaunch" --python "$scratch/pip_hangs"
eventually 10 grep -q 'pip: begun' "$scratch/err"
kill -KILL "$started"
ended 5
eventually 15 no_carriers

step "CodeArtifact: pip is let in, and nobody sees the token"
token=s3cret-t0ken
# Its build needs another package of the same index, and tells what other processes can see meanwhile.
mkdir -p "$scratch/sdist/built-1.0"
cat >"$scratch/sdist/built-1.0/pyproject.toml" <<'END'
[build-system]
requires = ["tinylib"]
build-backend = "backend"
backend-path = ["."]
END
printf 'Metadata-Version: 2.1\nName: built\nVersion: 1.0\n' >"$scratch/sdist/built-1.0/PKG-INFO"
cat >"$scratch/sdist/built-1.0/backend.py" <<END
import glob, subprocess, sys
import tinylib
def build_wheel(folder, *_):
    with open("$scratch/seen", "wb") as seen:
        for name in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
            try:
                text = open(name, "rb").read()
            except OSError:
                continue
            if b"pip" in text: seen.write(text + b"\n")
    subprocess.run([sys.executable, "$tools/make_wheel.py", folder, "built", "1.0", "name = 'built'"], check=True)
    return "built-1.0-py3-none-any.whl"
END
tar czf "$scratch/index/built-1.0.tar.gz" -C "$scratch/sdist" built-1.0
python3 "$tools/package_server.py" "$scratch/index" "$scratch/port" "$token" >"$scratch/requests" 2>&1 &
server=$!
trap 'kill "$server"; finish' EXIT
eventually 10 test -e "$scratch/port"
url=http://127.0.0.1:$(<"$scratch/port")
arn=arn:aws:codeartifact:eu-test-1:42:repository/dom/repo
mkdir "$scratch/home"
echo "machine elsewhere login me password mine" >"$scratch/home/.netrc"
with_artifact=(HOME="$scratch/home" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 AWS_ACCESS_KEY_ID=AKID
  AWS_SECRET_ACCESS_KEY=secret AWS_ENDPOINT_URL_CODEARTIFACT="$url" CA_REPOSITORY_ARN="$arn" "$smlaunch" --python "$python")
container
program <<<'import built; print(built.name, flush=True)'
echo built >"$base/code/requirements.txt"
run "${with_artifact[@]}"
assert_success
assert_eq built "$out"
assert_contains "$err" "smlaunch: pip: Looking in indexes: $url/pypi/repo/simple/"
assert_eq "POST /v1/authorization-token?domain=dom&domain-owner=42 AWS4-HMAC-SHA256
GET /v1/repository/endpoint?domain=dom&domain-owner=42&format=pypi&repository=repo AWS4-HMAC-SHA256" \
  "$(head -n 2 "$scratch/requests")"
assert_contains "$(<"$scratch/requests")" "GET /pypi/repo/simple/tinylib/ aws"
assert_contains "$(tr '\0' ' ' <"$scratch/seen")" "NETRC=/proc/"
! grep -rqF "$token" "$base" "$scratch"/{seen,out,err,home} || fail "the token is to be seen"

step "CodeArtifact that refuses"
container
program <<<'print("never runs", flush=True)'
echo built >"$base/code/requirements.txt"
run "${with_artifact[@]/dom\/repo/other\/repo}"
assert_eq 71 "$status"
assert_eq "smlaunch: algo-1: CodeArtifact repository repo of domain other: $url answers 403 (AccessDeniedException: who \
are you?); see CA_REPOSITORY_ARN, and that the job's role may read from it" "$(tail -n 1 <<<"$err")"
assert_report '[.class, .exit_code]' '["start",71]'
run "${with_artifact[@]/arn:aws/none:aws}"
assert_eq 78 "$status"
assert_contains "$(tail -n 1 <<<"$err")" "is no repository's ARN; set it to arn:aws:codeartifact:REGION:ACCOUNT:"
