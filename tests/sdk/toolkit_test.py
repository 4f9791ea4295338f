# SPDX-License-Identifier: Apache-2.0
"""smlaunch beside the Training Toolkit 5.1.4: its Environment attribute by attribute, and the scenarios of its functional
tests, made anew: each job is run by the toolkit's `train` and by smlaunch."""
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import containers

KEPT = ("PATH", "HOME", "LANG", "SMLAUNCH_PROGRAM", "PYTHONDONTWRITEBYTECODE", "PIP_INDEX_URL", "PIP_CONFIG_FILE")
PACKAGE = os.path.join(containers.ROOT, "python")

TELL = """
import json, os, sys
from {module} import environment
names = [name for name in dir(environment.Environment) if isinstance(getattr(environment.Environment, name), property)]
def tell():
    env = environment.Environment()
    values = {{name: getattr(env, name) for name in names}}
    return {{"values": values, "types": {{name: type(value).__name__ for name, value in values.items()}},
             "s3": env.sagemaker_s3_output(), "arguments": env.to_cmd_args(), "variables": env.to_env_vars(),
             "mapping": dict(env), "order": list(env), "length": len(env), "text": str(env), "properties": env.properties()}}
before = dict(os.environ)
for line in sys.stdin:
    os.environ.clear()
    os.environ.update(before, **json.loads(line))
    try:
        answer = tell()
    except Exception as error:
        answer = "%s: %s" % (type(error).__name__, error)
    print("answer " + json.dumps(answer), flush=True)
"""

SEEN = """
import json, os, sys
with open(os.path.join(os.environ["SM_MODEL_DIR"], "seen.json"), "w") as file:
    json.dump([sys.argv, os.getcwd(), {n: v for n, v in os.environ.items() if n.startswith("SM_") or n == "CURRENT_HOST"}],
              file, sort_keys=True)
"""
MODULE = """
from sagemaker_training import entry_point, environment
import json, os
def script():
    env = environment.Environment()
    entry_point.run(env.module_dir, env.user_entry_point, env.to_cmd_args(), env.to_env_vars())
def train():
    env = environment.Environment()
    with open(os.path.join(env.model_dir, "model.json"), "w") as file:
        json.dump(env.hyperparameters, file)
def missing():
    raise OSError(2, "No such file or directory")
def wrong():
    raise ValueError("a framework's mistake")
"""


def environ_of(container, base):
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **container.get("environ", {}), "SAGEMAKER_BASE_DIR": base, "SM_STUDIO_LOCAL_MODE": "true"}


class Teller:
    """A process that tells what a package finds, container after container, in one folder."""

    def __init__(self, module, base, path):
        environ = environ_of({}, base)
        environ.update(PYTHONPATH=path, SMLAUNCH_GPUS_PER_HOST="0", PYTHONIOENCODING="utf-8")
        self.process = subprocess.Popen([sys.executable, "-c", TELL.format(module=module)], env=environ, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def tell(self, container):
        self.process.stdin.write(json.dumps(container["environ"]) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            # The toolkit logs there, too.
            if line.startswith("answer "):
                return json.loads(line[len("answer "):])
        raise AssertionError("no answer")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class EnvironmentTest(unittest.TestCase):
    """Environment, attribute by attribute, beside the toolkit's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="smlaunch-sdk.")
        self.addCleanup(folder.cleanup)
        self.base = os.path.join(folder.name, "ml")
        containers.make(self.base, {"code": {}, "config": {}})
        self.tellers = [Teller("sagemaker_training", self.base, ""), Teller("smlaunch.sagemaker_training", self.base, PACKAGE)]
        for teller in self.tellers:
            self.addCleanup(teller.close)

    def compare(self, container):
        for name in ("code", "input/config"):
            shutil.rmtree(os.path.join(self.base, name))
        containers.make(self.base, container)
        theirs, ours = (teller.tell(container) for teller in self.tellers)
        self.assertIsInstance(theirs, dict, theirs)
        self.assertIsInstance(ours, dict, ours)
        self.assertGreater(len(theirs["values"]), 30)
        for key in theirs:
            self.assertEqual(ours[key], theirs[key], key)

    def test_recorded_containers(self):
        for container in containers.goldens():
            with self.subTest(container["name"]):
                self.compare(container)

    def test_containers_that_are_made_up(self):
        for seed in range(int(os.environ.get("SMLAUNCH_TEST_SEEDS", "150"))):
            with self.subTest(seed):
                self.compare(containers.make_up(seed))


RUN = """
import importlib, json, os, sys
case = json.loads(os.environ["CASE"])
environment, entry_point = (importlib.import_module("{module}." + name) for name in ("environment", "entry_point"))
try:
    ended = entry_point.run(case.get("uri", environment.code_dir), case["program"], ["--lr", "a b"], {{"OWN": "x"}},
                            capture_error=case["capture"], **case.get("more", {{}}))
    answer = ended.returncode
except BaseException as error:
    fields = {{name: getattr(error, name, None) for name in ("cmd", "return_code", "output", "extra_info", "errno", "filename")}}
    answer = [[each.__name__ for each in type(error).__mro__], str(error), fields]
with open(os.environ["ANSWER"], "w") as file:
    json.dump(answer, file)
"""
RAISES = "import sys\ndef main():\n    raise ValueError('no such thing')\nprint('KeyError: 1', flush=True)\nmain()\n"


class EntryPointTest(unittest.TestCase):
    """What entry_point.run() raises: class, text and attributes."""

    CASES = {
        "ends with 0": ({"train.py": ""}, {"program": "train.py"}),
        "ends with an exit code": ({"train.py": "import sys; sys.exit(42)"}, {"program": "train.py"}),
        "ends with words": ({"train.py": "import sys; sys.exit('ValueError: wrong')"}, {"program": "train.py"}),
        "raises": ({"train.py": RAISES}, {"program": "train.py"}),
        "raises while another is handled": (
            {"train.py": "try:\n    1 / 0\nexcept Exception as e:\n    raise RuntimeError('two  words:') from e\n"},
            {"program": "train.py"}),
        "is killed": ({"train.py": "import os; os.kill(os.getpid(), 9)"}, {"program": "train.py"}),
        "is terminated": ({"train.py": "import os; os.kill(os.getpid(), 15)"}, {"program": "train.py"}),
        "ends with 137": ({"train.py": "import sys; sys.exit(137)"}, {"program": "train.py"}),
        "a shell script's exit code": ({"train.sh": "#!/bin/sh\nexit 7\n"}, {"program": "train.sh"}),
        "a shell script is killed": ({"train.sh": "#!/bin/sh\nkill -9 $$\n"}, {"program": "train.sh"}),
        "is not there": ({"other.py": ""}, {"program": "train.py"}),
        "a shell script is not there": ({"other.py": ""}, {"program": "train.sh"}),
        "no code": ({}, {"program": "train.py"}),
        "no code where it should come from": ({}, {"program": "train.py", "uri": "/nowhere/at/all"}),
        "requirements cannot be had": ({"train.py": "", "requirements.txt": "no-such-package-here\n"}, {"program": "train.py"}),
        "requirements are none": ({"train.py": "", "requirements.txt": "42/0\n"}, {"program": "train.py"}),
        "a setup.py raises": ({"train.py": "", "setup.py": "raise ValueError('x')"}, {"program": "train.py"}),
        "no runner": ({"train.py": ""}, {"program": "train.py", "more": {"runner_type": "Other"}}),
    }

    def run_one(self, module, path, code, case):
        with tempfile.TemporaryDirectory(prefix="smlaunch-sdk.") as folder:
            base = os.path.join(folder, "ml")
            containers.make(base, {"code": code, "config": {
                "hyperparameters": {}, "inputdataconfig": {},
                "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}}})
            answer = os.path.join(folder, "answer")
            environ = environ_of({}, base)
            environ.update(PYTHONPATH=path, CASE=json.dumps(case), ANSWER=answer, PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
            said = subprocess.run([sys.executable, "-c", RUN.format(module=module)], env=environ, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
            self.assertTrue(os.path.exists(answer), said)
            with open(answer, encoding="utf-8") as file:
                return json.loads(file.read().replace(folder, "FOLDER"))

    def test_raises_what_the_toolkit_raises(self):
        raised = set()
        for name, (code, case) in self.CASES.items():
            for capture in (False, True):
                with self.subTest(name, capture=capture):
                    case["capture"] = capture
                    theirs = self.run_one("sagemaker_training", "", code, case)
                    self.assertEqual(self.run_one("smlaunch.sagemaker_training", PACKAGE, code, case), theirs)
                    raised.add(theirs[0][0] if theirs else None)
        self.assertEqual(raised, {None, "ExecuteUserScriptError", "FileNotFoundError", "InstallModuleError",
                                  "InstallRequirementsError", "ValueError"})

    def test_the_names_that_begin_an_error_are_the_toolkits(self):
        environ = environ_of({}, "/nowhere")
        environ["PYTHONPATH"] = PACKAGE
        ask = ("import sagemaker_training as theirs; from smlaunch.sagemaker_training import _told as ours; "
               "print(sorted(set(theirs._PYTHON_ERRORS_ + theirs._MPI_ERRORS_ + ['ExecuteUserScriptError']) ^ set(ours._NAMES)))")
        self.assertEqual(subprocess.check_output([sys.executable, "-c", ask], env=environ, text=True), "[]\n")

    def test_refuses_what_leads_out_of_the_code(self):
        for name in ("../x.py", "/x.py", ""):
            with self.subTest(name):
                case = {"program": name, "capture": False}
                theirs, ours = (self.run_one(module, path, {"train.py": ""}, case)
                                for module, path in (("sagemaker_training", ""), ("smlaunch.sagemaker_training", PACKAGE)))
                self.assertEqual(ours[0], theirs[0])
                self.assertEqual(ours[0][0], "ClientError")


class ArchivesTest(unittest.TestCase):
    """Archives with entries and links that lead out of the folder, devices and FIFOs, unpacked by both."""

    BEFORE = ("", "", "", "./", "../", "/", "a/../", "../../b/", "sub/", "x\\y\\", "..\\", "C:\\", "//", "sub/./")
    TARGETS = ("e0", "../e0", "../../e0", "/etc/passwd", "nowhere", "../sub/nowhere", ".", "..", "sub/../e0",
               "a/b/../../../../x", "./e1")

    def make_up(self, seed, place):
        dice = random.Random(seed)
        files = []
        with tarfile.open(place, "w:gz") as tar:
            for i in range(dice.randint(1, 12)):
                entry = tarfile.TarInfo(dice.choice(self.BEFORE) + "e%d" % i)
                kind = dice.choice(["file"] * 5 + ["link"] * 3 + ["hard link"] * 2 + ["folder", "fifo", "device"])
                data = b""
                if kind == "file":
                    data = b"data %d" % i
                    entry.size = len(data)
                    # The toolkit does not find again what it has renamed.
                    files += [entry.name] if re.fullmatch(r"(sub/)?e\d+", entry.name) else []
                elif kind == "link":
                    entry.type, entry.linkname = tarfile.SYMTYPE, dice.choice(self.TARGETS)
                elif kind == "hard link":
                    entry.type, entry.linkname = tarfile.LNKTYPE, dice.choice(files + ["../e0", "/etc/passwd"])
                elif kind == "folder":
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                elif kind == "fifo":
                    entry.type = tarfile.FIFOTYPE
                else:
                    entry.type, entry.devmajor, entry.devminor = tarfile.CHRTYPE, 1, 3
                tar.addfile(entry, io.BytesIO(data))

    @staticmethod
    def tree(folder):
        found = {}
        for place, folders, files in os.walk(folder):
            for path in (os.path.join(place, name) for name in folders + files):
                if os.path.islink(path):
                    found[os.path.relpath(path, folder)] = "-> " + os.readlink(path)
                elif os.path.isdir(path):
                    found[os.path.relpath(path, folder)] = "a folder"
                else:
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, folder)] = file.read()
        return found

    def test_archives_that_are_made_up(self):
        with tempfile.TemporaryDirectory(prefix="smlaunch-sdk.") as folder:
            environ = environ_of({}, os.path.join(folder, "ml"))
            environ["PYTHONPATH"] = PACKAGE
            archives = []
            for seed in range(60):
                archives.append(os.path.join(folder, "%d.tar.gz" % seed))
                self.make_up(seed, archives[-1])
            for unpack in ("from sagemaker_training.files import download_and_extract as unpack; end = '.theirs'",
                           "from smlaunch.sagemaker_training import _code; end = '.ours'\n"
                           "unpack = lambda archive, code: _code.prepare(archive, 'train.py', code)"):
                subprocess.run([sys.executable, "-c", "import sys\n%s\nfor each in sys.argv[1:]: unpack(each, each + end)" % unpack,
                                *archives], env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = [self.tree(each + ".ours") for each in archives]
            self.assertEqual(found, [self.tree(each + ".theirs") for each in archives])
            self.assertGreater(sum(map(len, found)), 100)
            self.assertFalse(any("passwd" in str(each) for each in found))


class FunctionalTest(unittest.TestCase):
    """Each scenario by both; what differs, and why, stands in docs/toolkit.md."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="smlaunch-sdk.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_both(self, code, hyperparameters=None, module=None, archive=False, local=False):
        """What came of it: {name: {exit, success, failure, model}}."""
        return {name: self.run_one(name, code, dict(hyperparameters or {}), module, archive, local)
                for name in ("toolkit", "smlaunch")}

    def run_one(self, name, code, hyperparameters, module, archive, local):
        base = os.path.join(self.folder, "ml")
        shutil.rmtree(base, ignore_errors=True)
        source = os.path.join(self.folder, "source")
        shutil.rmtree(source, ignore_errors=True)
        os.makedirs(source)
        for file, text in code.items():
            with open(os.path.join(source, file), "w", encoding="utf-8") as out:
                out.write(text)
        if archive:
            packed = os.path.join(self.folder, "source.tar.gz")
            with tarfile.open(packed, "w:gz") as tar:
                for file in code:
                    tar.add(os.path.join(source, file), file)
            hyperparameters["sagemaker_submit_directory"] = packed
        if local:
            hyperparameters["sagemaker_submit_directory"] = source
        containers.make(base, {
            "code": {} if archive or local else code,
            "config": {"hyperparameters": hyperparameters, "inputdataconfig": {"training": {}},
                       "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"]}}})
        if local:
            os.rmdir(os.path.join(base, "code"))
        environ = environ_of({}, base)
        if module:
            with open(os.path.join(self.folder, "own_framework.py"), "w", encoding="utf-8") as out:
                out.write(MODULE)
            environ.update(SAGEMAKER_TRAINING_MODULE="own_framework:" + module, PYTHONPATH=self.folder)
        if name == "toolkit":
            command = [os.path.join(os.path.dirname(sys.executable), "train")]
        else:
            command = [os.environ["SMLAUNCH_PROGRAM"], "--python", sys.executable, "--gpus-per-host", "0"]
        ended = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        output = os.path.join(base, "output")
        return {
            "exit": ended.returncode,
            "success": os.path.exists(os.path.join(output, "success")),
            "failure": self.read(os.path.join(output, "failure")),
            "model": {file: self.read(os.path.join(base, "model", file)) for file in sorted(os.listdir(os.path.join(base, "model")))},
            "said": ended.stdout.decode("utf-8", "replace")[-2000:],
        }

    @staticmethod
    def read(place):
        if not os.path.exists(place):
            return None
        with open(place, encoding="utf-8") as file:
            return file.read()

    def assert_same(self, both, keys=("exit", "success", "model")):
        for key in keys:
            self.assertEqual(both["smlaunch"][key], both["toolkit"][key], (key, both))

    def test_script_mode(self):
        both = self.run_both({"train.py": SEEN}, {"sagemaker_program": "train.py", "epochs": "10", "model_dir": "/opt/ml/model"})
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both)
        self.assertIsNone(both["smlaunch"]["failure"])

    def test_script_mode_from_a_local_directory(self):
        both = self.run_both({"train.py": SEEN}, {"sagemaker_program": "train.py", "epochs": "10"}, local=True)
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both)

    def test_script_mode_from_an_archive(self):
        both = self.run_both({"train.py": SEEN}, {"sagemaker_program": "train.py", "epochs": "10"}, archive=True)
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both)

    def test_a_shell_script(self):
        both = self.run_both({"train.sh": '#!/bin/sh\nprintf "%s|" "$@" >"$SM_MODEL_DIR/seen"\n'},
                             {"sagemaker_program": "train.sh", "name": "a b 'c'", "e": "1"})
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both)

    def test_a_client_error(self):
        both = self.run_both({"train.py": "42 / 0\n"}, {"sagemaker_program": "train.py"})
        self.assert_same(both)
        self.assertEqual(both["smlaunch"]["exit"], 1)
        self.assertTrue(both["toolkit"]["failure"].startswith("ExecuteUserScriptError:"), both)
        self.assertIn("ZeroDivisionError: division by zero", both["smlaunch"]["failure"])

    def test_requirements_that_are_none(self):
        both = self.run_both({"train.py": SEEN, "requirements.txt": "42/0\n"}, {"sagemaker_program": "train.py"})
        self.assert_same(both)
        for each in both.values():
            self.assertTrue(each["failure"].startswith("InstallRequirementsError:\nExitCode 1\n"), both)

    def test_a_framework_reports_success(self):
        both = self.run_both({"train.py": ""}, {"sagemaker_program": "train.py", "epochs": "10"}, module="train")
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both)

    def test_a_framework_in_script_mode(self):
        both = self.run_both({"train.py": SEEN}, {"sagemaker_program": "train.py", "epochs": "10"}, module="script")
        self.assertEqual(both["toolkit"]["exit"], 0, both)
        self.assert_same(both, ("exit", "success"))
        seen = {name: json.loads(each["model"]["seen.json"]) for name, each in both.items()}
        self.assertEqual(seen["smlaunch"][:2], seen["toolkit"][:2])

    def test_a_framework_reports_failure(self):
        both = self.run_both({"train.py": ""}, {"sagemaker_program": "train.py"}, module="missing")
        self.assertEqual(both["toolkit"]["exit"], 2, both)
        self.assert_same(both)
        for each in both.values():
            self.assertIn("No such file or directory", each["failure"])
        self.assertTrue(both["toolkit"]["failure"].startswith("Framework Error:"), both)
        self.assert_same(self.run_both({"train.py": ""}, {"sagemaker_program": "train.py"}, module="wrong"))

    def test_a_program_outside_the_code(self):
        both = self.run_both({"train.py": SEEN}, {"sagemaker_program": "../train.py"})
        self.assertEqual(both["toolkit"]["exit"], 1, both)
        self.assertEqual(both["smlaunch"]["exit"], 78, both)
        for each in both.values():
            self.assertFalse(each["success"])
            self.assertIn("../train.py", each["failure"])


if __name__ == "__main__":
    unittest.main()
