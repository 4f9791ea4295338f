# SPDX-License-Identifier: Apache-2.0
"""The thread in a rank's Python processes answers, and the program does not notice it."""
import json
import os
import shutil
import stat
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
        with open(os.path.join(self.folder, str(pid)), "rb") as fifo:
            return json.loads(fifo.read())

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
            os.close(os.open(os.path.join(self.folder, str(process.pid)), os.O_RDONLY))
        self.assertEqual(self.ask(process.pid)["pid"], process.pid)
        self.end(process)

    def test_a_program_that_closes_all_files_can_be_asked(self) -> None:
        process = self.start_python(
            """
            import os, sys
            os.closerange(3, 64)
            print("ready", flush=True)
            sys.stdin.read()
            """
        )
        self.assertEqual(self.ask(process.pid)["pid"], process.pid)
        self.end(process)

    def test_it_is_there_after_an_exec(self) -> None:
        process = self.start_python(
            """
            import os, sys
            program = "import sys; print('ready', flush=True); sys.stdin.read()"
            os.execv(sys.executable, [sys.executable, "-c", program])
            """
        )
        self.assertEqual(self.ask(process.pid)["pid"], process.pid)
        self.end(process)
        self.assertEqual(sorted(os.listdir(self.folder)), ["sitecustomize.py", "tell.py"])

    def test_a_child_of_fork_takes_nothing_away(self) -> None:
        process = self.start_python(
            """
            import os, sys
            if os.fork() == 0:
                sys.exit()
            os.wait()
            print("ready", flush=True)
            sys.stdin.read()
            """
        )
        self.assertEqual(self.ask(process.pid)["pid"], process.pid)
        self.end(process)

    def test_its_start_imports_nothing_but_what_is_inside_of_python(self) -> None:
        program = "import sys; print(*sorted(sys.modules))"
        ours = set(self.run_python(program).stdout.split())
        os.unlink(os.path.join(self.folder, "sitecustomize.py"))
        bare = set(self.run_python(program).stdout.split())
        self.assertIn("site", bare)
        self.assertLessEqual(ours - bare, {"sitecustomize", *sys.builtin_module_names})

    def test_it_imports_nothing_once_it_is_asked(self) -> None:
        process = self.start_python(
            """
            import sys
            class Finder:
                def find_spec(self, name, path=None, target=None):
                    print("looks for", name)
            print("ready", flush=True)
            sys.meta_path.insert(0, Finder())
            before = set(sys.modules)
            sys.stdin.read()
            print(*sorted(set(sys.modules) - before))
            """
        )
        self.ask(process.pid)
        self.assertEqual(process.communicate()[0], "\n")

    def test_what_takes_no_pythonpath_has_no_thread(self) -> None:
        ended = self.run_python(f"import os; print(sorted(os.listdir({self.folder!r})))", "-I")
        self.assertEqual(ended.stdout, "['sitecustomize.py', 'tell.py']\n")

    def test_only_its_user_may_ask(self) -> None:
        process = self.start_python("import sys; print('ready', flush=True); sys.stdin.read()")
        fifo = os.path.join(self.folder, str(process.pid))
        self.assertEqual(stat.filemode(os.stat(fifo).st_mode), "prw-------")
        self.ask(process.pid)
        self.assertEqual(stat.filemode(os.stat(fifo).st_mode), "prw-------")
        self.end(process)


if __name__ == "__main__":
    unittest.main()
