# SPDX-License-Identifier: Apache-2.0
"""The thread in a rank's Python processes answers, and the program does not notice it."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import unittest

SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "..", "python", "rank_thread")


class RankThread(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="t")
        for name in ("sitecustomize.py", "tell.py"):
            shutil.copy(os.path.join(SCRIPTS, name), self.folder)
        self.theirs = tempfile.mkdtemp(prefix="u")

    def tearDown(self) -> None:
        shutil.rmtree(self.folder)
        shutil.rmtree(self.theirs)

    def environment(self) -> dict:
        path = self.folder + os.pathsep + self.theirs
        return dict(os.environ, PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")

    def run_python(self, program: str, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *options, "-c", textwrap.dedent(program)]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)

    def start_python(self, program: str) -> "subprocess.Popen[str]":
        """One that has printed a line and waits for its stdin's end."""
        command = [sys.executable, "-c", textwrap.dedent(program)]
        process = subprocess.Popen(
            command, env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def end(self, process: "subprocess.Popen[str]") -> None:
        process.communicate()
        self.assertEqual(process.returncode, 0)

    def ask(self, pid: int) -> dict:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(self.folder, str(pid)))
            answer = b""
            while part := client.recv(1 << 16):
                answer += part
        return json.loads(answer)

    def test_it_tells_where_each_thread_is(self) -> None:
        process = self.start_python(
            """
            import sys, threading
            def load():
                print("ready", flush=True)
                sys.stdin.read()
            def wait(event):
                event.wait()
            event = threading.Event()
            other = threading.Thread(target=wait, args=(event,), name='a "worker"')
            other.start()
            load()
            event.set()
            """
        )
        for _ in range(2):  # it can be asked again
            told = self.ask(process.pid)
            self.assertEqual((told["pid"], told["torch"]), (process.pid, ""))
            main, other = told["threads"]
            self.assertTrue(main["is_main"])
            self.assertEqual([frame[0] for frame in main["frames"]], ["load", "<module>"])
            self.assertEqual(main["frames"][0][1], "<string>")
            self.assertIn(main["frames"][0][2], (4, 5))
            self.assertFalse(other["is_main"])
            self.assertEqual(other["name"], 'a "worker"')
            self.assertIn("wait", [frame[0] for frame in other["frames"]])
            self.assertNotIn("groups", told)
        self.end(process)
        self.assertEqual(sorted(os.listdir(self.folder)), ["sitecustomize.py", "tell.py"])

    def test_the_program_does_not_notice(self) -> None:
        ended = self.run_python(
            f"""
            import signal, sys, threading
            import sitecustomize
            print(threading.active_count(), {self.folder!r} in sys.path, "json" in sys.modules)
            print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
            """
        )
        self.assertEqual((ended.stdout, ended.stderr), ("1 False False\n[]\n", ""))

    def test_their_own_sitecustomize_counts(self) -> None:
        with open(os.path.join(self.theirs, "sitecustomize.py"), "w", encoding="ascii") as file:
            file.write("import sys\nsys.theirs = __file__\n")
        ended = self.run_python("import sys, sitecustomize; print(sys.theirs == sitecustomize.__file__)")
        self.assertEqual((ended.stdout, ended.stderr), ("True\n", ""))

    def test_an_error_of_theirs_is_told_as_ever(self) -> None:
        with open(os.path.join(self.theirs, "sitecustomize.py"), "w", encoding="ascii") as file:
            file.write("import no_such_module\n")
        ended = self.run_python("print('runs')")
        self.assertEqual(ended.stdout, "runs\n")
        self.assertIn("Error in sitecustomize", ended.stderr)
        self.assertIn("no_such_module", ended.stderr)

    def test_a_client_that_goes_ends_nothing(self) -> None:
        process = self.start_python(
            """
            import signal, sys
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            print("ready", flush=True)
            sys.stdin.read()
            """
        )
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(os.path.join(self.folder, str(process.pid)))
        self.assertEqual(self.ask(process.pid)["pid"], process.pid)
        self.end(process)

    def test_a_program_that_closes_all_files_runs_on(self) -> None:
        ended = self.run_python("import os; os.closerange(3, 64); print('runs')")
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("runs\n", "", 0))

    def test_what_takes_no_pythonpath_has_no_thread(self) -> None:
        ended = self.run_python(f"import os; print(sorted(os.listdir({self.folder!r})))", "-I")
        self.assertEqual(ended.stdout, "['sitecustomize.py', 'tell.py']\n")

    def test_a_folder_too_long_for_a_socket_is_left_alone(self) -> None:
        longer = os.path.join(self.folder, "x" * 120)
        os.mkdir(longer)
        shutil.move(os.path.join(self.folder, "sitecustomize.py"), longer)
        environment = dict(self.environment(), PYTHONPATH=longer)
        ended = subprocess.run(
            [sys.executable, "-c", "print('runs')"], env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual((ended.stdout, ended.stderr), ("runs\n", ""))


if __name__ == "__main__":
    unittest.main()
