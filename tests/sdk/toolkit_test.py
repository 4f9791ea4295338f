# SPDX-License-Identifier: Apache-2.0
"""smlaunch beside the Training Toolkit 5.1.4: its Environment attribute by attribute, and the scenarios of its functional
tests, made anew: each job is run by the toolkit's `train` and by smlaunch."""
import json
import os
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
import json, sys
from {module} import environment
env = environment.Environment()
values = {{name: getattr(env, name) for name in {names}}}
json.dump({{"values": values, "types": {{name: type(value).__name__ for name, value in values.items()}},
           "s3": env.sagemaker_s3_output(), "arguments": env.to_cmd_args(), "variables": env.to_env_vars(),
           "mapping": dict(env), "text": str(env) == str(dict(env))}}, sys.stdout)
"""
NAMES = """[name for name in dir(environment.Environment) if isinstance(getattr(environment.Environment, name), property)]"""

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


class EnvironmentTest(unittest.TestCase):
    """One process tells what it finds: the toolkit reads its folder when it is imported."""

    def tell(self, module, container, base, path):
        environ = environ_of(container, base)
        environ.update(PYTHONPATH=path, SMLAUNCH_GPUS_PER_HOST="0")
        answer = subprocess.run([sys.executable, "-c", TELL.format(module=module, names=NAMES)], env=environ,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return json.loads(answer.stdout) if answer.returncode == 0 else answer.stderr.decode()[-300:]

    def compare(self, container):
        with tempfile.TemporaryDirectory(prefix="smlaunch-sdk.") as folder:
            base = os.path.join(folder, "ml")
            containers.make(base, container)
            theirs = self.tell("sagemaker_training", container, base, "")
            ours = self.tell("smlaunch.sagemaker_training", container, base, PACKAGE)
            self.assertIsInstance(theirs, dict, theirs)
            self.assertIsInstance(ours, dict, ours)
            for key in theirs:
                self.assertEqual(ours[key], theirs[key], key)

    def test_recorded_containers(self):
        # Each tenth: a process costs a second.
        for container in containers.goldens()[::10]:
            with self.subTest(container["name"]):
                self.compare(container)

    def test_containers_that_are_made_up(self):
        for seed in range(12):
            with self.subTest(seed):
                self.compare(containers.make_up(seed))


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
