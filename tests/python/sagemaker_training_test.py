# SPDX-License-Identifier: Apache-2.0
"""smlaunch.sagemaker_training against the toolkit's recorded answers, and with real programs."""
import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from unittest import mock

import containers
from smlaunch import program
from smlaunch.sagemaker_training import entry_point, environment, errors, runner

KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", program.PROGRAM_VARIABLE)


class Container(unittest.TestCase):
    """A fresh folder like /opt/ml, and nothing else in the environment."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="smlaunch-python.")
        self.addCleanup(folder.cleanup)
        self.base = os.path.join(folder.name, "ml")
        variables = {name: os.environ[name] for name in KEPT if name in os.environ}
        patched = mock.patch.dict(os.environ, {**variables, "SAGEMAKER_BASE_DIR": self.base}, clear=True)
        patched.start()
        self.addCleanup(patched.stop)
        importlib.reload(environment)

    def make(self, container):
        containers.make(self.base, container)
        os.environ.update(container["environ"])
        os.environ["SMLAUNCH_GPUS_PER_HOST"] = str(container["gpus"])

    def make_job(self, code, hyperparameters=None):
        self.make({
            "code": code, "environ": {}, "gpus": 0,
            "config": {"hyperparameters": hyperparameters or {}, "inputdataconfig": {},
                       "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}}})
        os.environ.update(SM_STUDIO_LOCAL_MODE="true", SMLAUNCH_SMOKE="off")
        del os.environ["SMLAUNCH_GPUS_PER_HOST"]

    def path(self, *names):
        return os.path.join(self.base, *names)


class EnvironmentTest(Container):
    def test_every_recorded_answer_is_ours(self):
        for golden in containers.goldens():
            with self.subTest(golden["name"]):
                self.setUp()
                self.make(golden)
                expected = {name: value.replace("${BASE}", self.base)
                            for name, value in golden["expect"]["env"].items()}
                attributes = json.loads(expected["SM_TRAINING_ENV"])
                if "SM_NUM_CPUS" in expected:
                    attributes["num_cpus"] = os.cpu_count()
                found = environment.Environment()
                self.assertEqual(dict(found), attributes)
                for name, value in attributes.items():
                    self.assertIs(type(getattr(found, name)), type(value), name)
                self.assertEqual(found.to_cmd_args(), [word.replace("${BASE}", self.base) for word in golden["expect"]["args"]])
                variables = found.to_env_vars()
                for name in set(expected) - {"SM_TRAINING_ENV", "SM_NUM_CPUS"}:
                    self.assertEqual(variables[name], expected[name], name)
                self.assertEqual(set(variables), set(expected))
                self.doCleanups()
        self.setUp()

    def test_is_a_mapping_of_its_attributes(self):
        self.make_job({"train.py": ""}, {"lr": "0.1", "sagemaker_s3_output": "s3://bucket/there"})
        found = environment.Environment()
        self.assertEqual(found["hyperparameters"], {"lr": 0.1})
        self.assertEqual(len(found), len(list(found)))
        self.assertEqual(found.sagemaker_s3_output(), "s3://bucket/there")
        with self.assertRaises(KeyError):
            found["to_cmd_args"]
        with self.assertRaises(AttributeError):
            found.hosts = []

    def test_dictionaries_have_the_order_of_their_files(self):
        self.make_job({"train.py": ""}, {"z": "1", "a": "{\"y\": 1, \"b\": 2}", "sagemaker_y": "1", "sagemaker_b": "1"})
        found = environment.Environment()
        self.assertEqual(list(found.hyperparameters), ["z", "a"])
        self.assertEqual(list(found.hyperparameters["a"]), ["y", "b"])
        self.assertEqual(list(found.additional_framework_parameters), ["sagemaker_y", "sagemaker_b"])
        self.assertEqual(list(found.resource_config), ["current_host", "hosts", "network_interface_name"])
        self.assertEqual(found.to_env_vars()["SM_HPS"], '{"a":{"b":2,"y":1},"z":1}')

    def test_takes_configs_instead_of_the_files(self):
        self.make_job({"train.py": ""}, {"lr": "0.1"})
        found = environment.Environment(
            resource_config={"current_host": "b", "hosts": ["a", "b"]}, hyperparameters={"e": "1", "x": [1]})
        self.assertEqual(found.current_host, "b")
        self.assertEqual(found.hyperparameters, {"e": "1", "x": [1]})
        self.assertEqual(found.to_cmd_args(), ["-e", "1", "-x", "[1]"])
        self.assertEqual(found.model_dir, self.path("model"))

    def test_a_config_that_is_wrong_is_told(self):
        self.make_job({"train.py": ""})
        os.remove(self.path("input/config/resourceconfig.json"))
        with self.assertRaisesRegex(program.SmlaunchError, "resourceconfig.json does not exist|does not exist"):
            environment.Environment()


class DriverTest(unittest.TestCase):
    def test_gives_smlaunch_what_its_files_do_not_tell_it(self):
        place = os.path.join(containers.ROOT, "python/smlaunch/drivers/smlaunch_driver.py")
        spec = importlib.util.spec_from_file_location("smlaunch_driver", place)
        driver = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(driver)
        self.assertEqual(driver.make_command("smlaunch", {}), ["smlaunch", "--smoke", "auto"])
        self.assertEqual(
            driver.make_command("/usr/bin/smlaunch", {"smoke": "cpu", "max_restarts": 2, "options": ["--hang-timeout", "600"],
                                                      "process_count_per_node": 8, "mpi_additional_options": ["-x", "A=b"]}),
            ["/usr/bin/smlaunch", "--smoke", "cpu", "--max-restarts", "2", "--hang-timeout", "600"])


class RunTest(Container):
    CODE = ("import json, os, sys\n"
            "json.dump([sys.argv, os.getcwd(), os.environ.get('OWN')], open(os.environ['SM_MODEL_DIR'] + '/seen', 'w'))\n")

    def seen(self):
        with open(self.path("model/seen"), encoding="utf-8") as file:
            return json.load(file)

    def test_runs_a_program_with_its_arguments_and_variables(self):
        self.make_job({"train.py": self.CODE}, {"lr": "0.1"})
        ended = entry_point.run(self.path("code"), "train.py", ["--a", "b c", ""], {"OWN": "x"})
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(self.seen(), [["train.py", "--a", "b c", ""], self.path("code"), "x"])
        self.assertEqual(os.environ["OWN"], "x")

    def test_fetches_the_code_where_there_is_none(self):
        self.make_job({})
        packed = self.path("packed.tar.gz")
        with open(self.path("train.py"), "w", encoding="utf-8") as file:
            file.write(self.CODE)
        with tarfile.open(packed, "w:gz") as archive:
            archive.add(self.path("train.py"), "train.py")
        entry_point.run(packed, "train.py", [])
        self.assertEqual(self.seen()[0], ["train.py"])

    def test_runs_a_shell_script_that_is_not_executable(self):
        self.make_job({"run.sh": '#!/bin/sh\necho "[\\"$1\\"]" >"$SM_MODEL_DIR/seen"\n'})
        entry_point.run(self.path("code"), "run.sh", ["a b"])
        self.assertEqual(self.seen(), ["a b"])

    def test_a_program_that_fails_is_the_toolkits_exception(self):
        self.make_job({"train.py": "raise ValueError('no such thing')\n"})
        with self.assertRaises(errors.ExecuteUserScriptError) as caught:
            entry_point.run(self.path("code"), "train.py", ["--lr", "1"], capture_error=True)
        self.assertEqual(str(caught.exception),
                         "ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"raise ValueError('no such thing')\n ValueError: no such thing\"\n"
                         f"Command \"{sys.executable} -- train.py --lr 1\"")
        with self.assertRaises(errors.ExecuteUserScriptError) as caught:
            entry_point.run(self.path("code"), "train.py", [])
        self.assertIn('ErrorMessage ""', str(caught.exception))

    def test_its_exit_code_is_told(self):
        self.make_job({"train.py": "import sys; sys.exit(42)\n"})
        with self.assertRaises(errors.ExecuteUserScriptError) as caught:
            entry_point.run(self.path("code"), "train.py", [])
        self.assertEqual(caught.exception.return_code, "42")

    def test_requirements_that_cannot_be_had_are_the_toolkits_exception(self):
        self.make_job({"train.py": "", "requirements.txt": "no-such-package-here\n"})
        os.environ["PIP_NO_INDEX"] = "1"
        with self.assertRaises(errors.InstallRequirementsError) as caught:
            entry_point.run(self.path("code"), "train.py", [])
        self.assertEqual(caught.exception.return_code, "1")
        self.assertTrue(caught.exception.cmd.endswith("-m pip install -r requirements.txt"), caught.exception.cmd)
        self.assertIsNone(caught.exception.output)
        self.make_job({"train.py": "", "requirements.txt": "42/0\n"})
        with self.assertRaises(errors.InstallRequirementsError) as caught:
            entry_point.run(self.path("code"), "train.py", [], capture_error=True)
        self.assertTrue(caught.exception.output.startswith("ERROR: Invalid requirement: '42/0'"), caught.exception.output)

    def test_a_program_outside_the_code_is_refused(self):
        self.make_job({"train.py": ""})
        with self.assertRaisesRegex(errors.ClientError, "leads out of the folder of the code"):
            entry_point.run(self.path("code"), "../train.py", [])

    def test_a_program_that_is_not_there_is_told_as_the_toolkit_tells_it(self):
        self.make_job({"other.py": ""})
        with self.assertRaises(errors.ExecuteUserScriptError) as caught:
            entry_point.run(self.path("code"), "train.py", [])
        self.assertEqual(caught.exception.return_code, "2")
        with self.assertRaises(FileNotFoundError) as caught:
            entry_point.run(self.path("code"), "train.sh", [])
        self.assertEqual(caught.exception.filename, self.path("code/train.sh"))
        with self.assertRaisesRegex(errors.ClientError, "name of the program is empty"):
            entry_point.run(self.path("code"), "", [])
        os.remove(self.path("code/other.py"))
        with self.assertRaises(FileNotFoundError) as caught:
            entry_point.run("/nowhere/at/all", "train.py", [])
        self.assertEqual(caught.exception.filename, "/nowhere/at/all")

    def test_a_signal_is_told_as_the_toolkit_tells_it(self):
        self.make_job({"train.py": "import os; os.kill(os.getpid(), 15)", "train.sh": "#!/bin/sh\nkill -15 $$\n"})
        for name, code in (("train.py", "-15"), ("train.sh", "143")):
            with self.assertRaises(errors.ExecuteUserScriptError) as caught:
                entry_point.run(self.path("code"), name, ["a b"])
            self.assertEqual(caught.exception.return_code, code)
        self.assertEqual(caught.exception.cmd, "/bin/sh -c ./train.sh 'a b'")

    def test_an_error_on_stdout_is_told_before_that_on_stderr(self):
        self.make_job({"train.py": "print('before\\nKeyError: 1', flush=True)\nraise ValueError(2)\n"})
        with self.assertRaises(errors.ExecuteUserScriptError) as caught:
            entry_point.run(self.path("code"), "train.py", [], capture_error=True)
        self.assertEqual(caught.exception.output, "KeyError: 1\n raise ValueError(2)\n ValueError: 2")

    def test_does_not_wait_where_it_is_not_to(self):
        self.make_job({"train.py": "import sys; sys.exit(3)\n"})
        started = entry_point.run(self.path("code"), "train.py", [], wait=False)
        self.assertEqual(started.wait(), 3)

    def test_a_runner_that_is_none_is_refused(self):
        self.make_job({"train.py": ""})
        with self.assertRaisesRegex(ValueError, "Invalid identifier"):
            entry_point.run(self.path("code"), "train.py", [], runner_type="Other")

    def test_an_option_of_mpi_is_for_mpi_and_one_that_is_none_here_is_refused(self):
        self.make_job({"run.sh": '#!/bin/sh\ntouch "$SM_MODEL_DIR/$$"\n'})
        entry_point.run(self.path("code"), "run.sh", [], extra_opts={"sagemaker_mpi_num_of_processes_per_host": 2,
                                                                      "sagemaker_mpi_custom_mpi_options": "-x A=b"})
        self.assertEqual(len(os.listdir(self.path("model"))), 1)
        with self.assertRaisesRegex(ValueError, "set it as a hyperparameter"):
            entry_point.run(self.path("code"), "run.sh", [], runner_type=runner.MPIRunnerType,
                            extra_opts={"sagemaker_mpi_num_processes": 2})

    def test_mpi_starts_as_many_as_its_options_say(self):
        if subprocess.call(["which", "mpirun"], stdout=subprocess.DEVNULL) != 0:
            self.skipTest("mpirun is not installed")
        self.make_job({"run.sh": '#!/bin/sh\ntouch "$SM_MODEL_DIR/$RANK"\n'})
        entry_point.run(self.path("code"), "run.sh", [], runner_type=runner.MPIRunnerType,
                        extra_opts={"sagemaker_mpi_num_of_processes_per_host": 2})
        self.assertEqual(sorted(os.listdir(self.path("model"))), ["0", "1"])


if __name__ == "__main__":
    unittest.main()
