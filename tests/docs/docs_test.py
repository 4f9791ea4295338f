# SPDX-License-Identifier: Apache-2.0
"""README.md and docs/: every link leads somewhere, every command runs, every message is one of the program's."""
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMLAUNCH = os.environ["SMLAUNCH_PROGRAM"]
# What is shown of other programs, and what runs it, or what it takes that a test has not.
OTHER_PROGRAMS = {
    "./dev build": "by CI, since ./dev test builds",
    "./dev test": "by CI",
    "./dev check": "by CI",
    "./dev demo": "by CI",
    "./dev install": "by tests/container, where SMLAUNCH_IMAGE_FROM_SOURCE is set",
    "./dev wheel": "by ./dev check wheel",
    "./dev fuzz": "by ./dev check fuzz",
    "./dev lint": "by who offers a change",
    "./dev format": "changes the sources",
    "./dev docs": "takes MkDocs",
    "./dev bench": "measures, which no test does",
    "cmake": "by ./dev install and ./dev check",
    "cpack": "by ./dev check package",
    "apt": "by tests/package, in a bare Debian",
    "pip": "by tests/package, in a virtual environment",
    "pipx": "as pip",
    "python3": "by tests/package",
    "sbatch": "by tests/slurm",
    "salloc": "by tests/slurm",
    "srun": "by tests/slurm",
    "ln": "an image to be built",
    "docker": "takes Docker",
    "podman": "by tests/container",
    "buildah": "by tests/container",
    "kubectl": "takes a Kubernetes cluster",
    "openssl": "makes a secret",
    "c++": "by ./dev check library",
    "g++": "by ./dev check library",
    "train": "by tests/process/arguments_test.sh",
    "export": "is the shell's own",
    ".": "is the shell's own",
}
WAITS_FOR_HOSTS = ("ready", "smoke", "doctor")


def pages():
    names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
    names += ["docs/" + name for name in sorted(os.listdir(os.path.join(ROOT, "docs"))) if name.endswith(".md")]
    return names


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(name, language):
    return re.findall(r"^```%s\n(.*?)^```" % language, read(name), re.M | re.S)


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text):
    titles = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(name):
    """The commands of a page, as words."""
    for block in blocks(name, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                if words:
                    yield words
    for block in blocks(name, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield shlex.split(line[2:], comments=True)


def run(words, folder, **more):
    return subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False, **more)


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="smlaunch-docs.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        os.mkdir(os.path.join(self.folder, "bin"))
        os.symlink(SMLAUNCH, os.path.join(self.folder, "bin", "smlaunch"))
        self.environment = {**kept, "HOME": self.folder, "PATH": f"{self.folder}/bin:{kept['PATH']}"}

    def a_users_folder(self):
        """What the commands of the pages speak of."""
        os.mkdir(os.path.join(self.folder, "pkg"))
        for name in ("train.py", "pkg/__init__.py", "pkg/train.py"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write("print('trains')\n")
        with open(os.path.join(self.folder, "hosts"), "w", encoding="utf-8") as file:
            file.write("node-a slots=2\nnode-b slots=2\n")
        with open(os.path.join(self.folder, "simulate"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(os.path.join(self.folder, "simulate"), 0o755)
        shutil.copy(os.path.join(ROOT, "tests/golden/topologies/pascal-2xp100.xml"), os.path.join(self.folder, "saved.xml"))
        os.makedirs(os.path.join(self.folder, "opt-ml/input/config"))
        shutil.copytree(os.path.join(ROOT, "examples/digits"), os.path.join(self.folder, "digits"))

    def test_every_link_leads_somewhere(self):
        count = 0
        for name in pages():
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(name))):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                place = os.path.normpath(os.path.join(os.path.dirname(name), urllib.parse.unquote(path))) if path else name
                self.assertTrue(os.path.exists(os.path.join(ROOT, place)), f"{name}: {target}")
                if anchor:
                    self.assertIn(anchor, anchors(read(place)), f"{name}: {target}")
                count += 1
        self.assertGreater(count, 50)

    def test_the_index_leads_to_every_page(self):
        index = read("docs/index.md")
        for name in pages():
            if name.startswith("docs/") and name != "docs/index.md":
                self.assertIn(f"({name[5:]})", index, name)

    def test_the_page_of_speed_is_made_of_the_results_that_are_kept(self):
        results = sorted(glob.glob(os.path.join(ROOT, "bench/results/*.json")))
        self.assertTrue(results)
        page, picture = os.path.join(self.folder, "page"), os.path.join(self.folder, "picture")
        answer = run([os.path.join(ROOT, "bench/make_page"), "--page", page, "--picture", picture, *results], self.folder)
        self.assertEqual(0, answer.returncode, answer.stderr)
        for made, kept in ((page, "docs/speed.html"), (picture, "docs/images/speed.svg")):
            with open(made, encoding="utf-8") as file:
                self.assertEqual(file.read(), read(kept), f"write {kept} anew: bench/make_page")
        for foreign in ("<script", "http:", "https:", "src=", "@import", "url("):
            self.assertNotIn(foreign, read("docs/speed.html").replace("http://www.w3.org/2000/svg", ""))

    def test_a_result_is_packed_and_judged(self):
        records = os.path.join(self.folder, "records")
        with open(records, "w", encoding="utf-8") as file:
            for who, values in (("mpirun <1>", [10, 20, 30]), ("smlaunch", [30, 40, 60])):
                file.write(json.dumps({"measure": "start", "unit": "ms", "who": who, "values": values}) + "\n")
            for of, most in (("difference", 20), ("difference", 19), ("ratio", 2), ("ratio", 1.9), ("value", 40), ("value", 39)):
                file.write(json.dumps({"measure": "start", "budget": {"of": of, "most": most}}) + "\n")
            for who, values in (("smlaunch", [4000]), ("mpirun", [1000])):
                file.write(json.dumps({"measure": "lines", "unit": "lines/s", "who": who, "values": values}) + "\n")
            for who, values in (("smlaunch --smoke off", [100]), ("smlaunch --smoke cpu", [150])):
                file.write(json.dumps({"measure": "the test", "unit": "ms", "who": who, "values": values}) + "\n")
            for most in (50, 49):
                file.write(json.dumps({"measure": "the test", "budget": {"of": "difference", "most": most}}) + "\n")
        packed = run([os.path.join(ROOT, "bench/pack_results"), "start", records, "1.5", "Release", "abc"], self.folder)
        self.assertEqual(0, packed.returncode, packed.stderr)
        result = json.loads(packed.stdout)
        self.assertEqual(["smlaunch.bench/1", "start", 1.5], [result["schema"], result["bench"], result["load"]["before"]])
        self.assertEqual([[True, False], [False, True], [False, False]],
                         [[series["is_peer"] for series in measure["series"]] for measure in result["measures"]])
        file_name = os.path.join(self.folder, "result.json")
        with open(file_name, "w", encoding="utf-8") as file:
            file.write(packed.stdout)
        page = os.path.join(self.folder, "page")
        made = run([os.path.join(ROOT, "bench/make_page"), "--page", page, file_name], self.folder)
        self.assertEqual(0, made.returncode, made.stderr)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(["kept", "exceeded"] * 4, re.findall(r'">(kept|exceeded)</b>', text))
        self.assertIn("2 × (2 to 3)", text)  # 30/10, 40/20, 60/30
        self.assertIn("0.25 × (0.25 to 0.25)", text)  # four times the lines are a quarter of the time
        self.assertIn("50 ms more than smlaunch --smoke off; it is 50 ms", text)
        self.assertIn("mpirun &lt;1&gt;", text)
        self.assertNotIn("<1>", text)

    def test_the_options_are_those_of_the_program(self):
        answer = run([SMLAUNCH, "help", "markdown"], self.folder, env=self.environment)
        self.assertEqual(answer.stdout, read("docs/options.md"),
                         "write it anew: build/launcher/smlaunch help markdown >docs/options.md")

    def test_every_command_is_one_that_smlaunch_takes(self):
        self.a_users_folder()
        count = 0
        for name in pages():
            for words in commands(name):
                while words and re.match(r"[A-Z_]+=", words[0]):
                    words = words[1:]
                if not words or words[0] in OTHER_PROGRAMS or " ".join(words[:2]) in OTHER_PROGRAMS:
                    continue
                self.assertEqual("smlaunch", words[0], f"{name}: {words}: not run by this test, and not in its table")
                count += 1
                self.takes(name, words[1:])
        self.assertGreater(count, 20)

    def takes(self, name, words):
        if any(word in ("…", "...") for word in words):
            return
        if any("opt-ml" in word for word in words):
            return  # ./dev demo runs it
        given = list(words)
        if given[:1] and given[0] in WAITS_FOR_HOSTS:
            given[1:1] = ["--ready-timeout", "1"]
        elif given[:1] and given[0] in ("topology", "env", "help", "--version", "report", "status"):
            pass
        else:
            given[:0] = ["--dry-run"]
        answer = run([SMLAUNCH, *given], self.folder, env=self.environment)
        may_end_with = (0, 69) if given[:1] and given[0] in WAITS_FOR_HOSTS else (0,)
        if given[:1] == ["status"] and given[1:] and not given[1].startswith("-"):
            may_end_with = (64,)  # no such job runs
        if given == ["--dry-run", "--dry-run"]:
            may_end_with = (64,)  # no job here
        self.assertIn(answer.returncode, may_end_with, f"{name}: smlaunch {' '.join(words)}\n{answer.stderr}")

    def test_every_option_that_is_spoken_of_exists(self):
        table = set(re.findall(r"`--([a-z0-9-]+)", read("docs/options.md"))) | {"help", "version", "help-all"}
        for name in ("docs/migration.md", "docs/failures.md", "docs/getting-started.md", "docs/stopping.md",
                     "docs/smoke-test.md", "docs/hosts.md", "docs/exit-codes.md"):
            text = re.sub(r"^```.*?^```", "", read(name), flags=re.M | re.S)
            for line in text.splitlines():
                # Of a table's row the last cell speaks of smlaunch.
                cell = line.rstrip(" |").split(" | ")[-1] if line.startswith("|") else line
                for option in re.findall(r"(?<=`)--([a-z][a-z-]*)", cell):
                    known = option in table or any(option in each for each in self.foreign(line))
                    self.assertTrue(known, f"{name}: --{option}")

    @staticmethod
    def foreign(line):
        """Options of other programs in this line."""
        return re.findall(r"(?:container's|Slurm's) `?--([a-z]+)", line)

    def test_every_message_is_one_of_the_programs(self):
        sources = ""
        for folder in ("base", "topology", "cuda", "mpi", "launcher"):
            for path, _, names in os.walk(os.path.join(ROOT, folder)):
                for name in names:
                    if name.endswith((".cpp", ".hpp")):
                        with open(os.path.join(path, name), encoding="utf-8") as file:
                            sources += file.read()
        sources = re.sub(r'"\s*\n\s*"', "", sources).replace("\\\"", '"')
        count, missing = 0, []
        for line in read("docs/failures.md").splitlines():
            if not line.startswith("| `"):
                continue
            for message in re.findall(r"`([^`]*)`", line.split(" | ")[0]):
                count += 1
                for part in re.split(r"…|\d+|\(|\)|\"", message):
                    part = part.strip(" ,:;")
                    if len(part) > 8 and part not in sources:
                        missing.append(part)
        self.assertEqual([], missing)
        self.assertGreaterEqual(count, 40)

    def container_of(self, pod, name):
        container, = [each for each in pod["containers"] if each["name"] == name]
        self.assertEqual("smlaunch", container["command"][0])
        return container

    def plan_in_pod(self, container, variables):
        """What the pod with index 0 would run."""
        self.a_users_folder()
        words = [word.replace("/workspace", self.folder) for word in container["command"][1:]]
        env = {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}
        answer = run([SMLAUNCH, "--dry-run", "--format", "json", *words], self.folder,
                     env={**self.environment, **env, **variables})
        self.assertEqual(0, answer.returncode, answer.stderr)
        return json.loads(answer.stdout)

    def takes_the_secret(self, container):
        secret = yaml.safe_load(read("examples/kubernetes/secret.yaml"))
        self.assertEqual(("v1", "Secret"), (secret["apiVersion"], secret["kind"]))
        self.assertIn(f"kubectl create secret generic {secret['metadata']['name']} --from-literal=token=",
                      read("docs/clusters.md"))
        taken, = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if each["name"] == "SMLAUNCH_JOB_TOKEN"]
        self.assertEqual({"name": secret["metadata"]["name"], "key": "token"}, taken)
        self.assertEqual(["token"], list(secret["stringData"]))

    @unittest.skipUnless(yaml, "PyYAML is not installed")
    def test_the_jobset_is_four_pods_that_start_themselves(self):
        job = yaml.safe_load(read("examples/kubernetes/jobset.yaml"))
        self.assertEqual(("jobset.x-k8s.io/v1alpha2", "JobSet"), (job["apiVersion"], job["kind"]))
        part, = job["spec"]["replicatedJobs"]
        spec = part["template"]["spec"]
        self.assertEqual(spec["parallelism"], spec["completions"])
        pod = spec["template"]["spec"]
        container = self.container_of(pod, "train")
        self.takes_the_secret(container)
        stop_grace = int(re.search(r"`--stop-grace SECONDS` .*?\[(\d+)\]", read("docs/options.md")).group(1))
        self.assertGreater(pod["terminationGracePeriodSeconds"], stop_grace)
        plan = self.plan_in_pod(container, {"JOB_COMPLETION_INDEX": "0"})
        self.assertEqual(spec["completions"], len(plan["hosts"]))
        # JobSet calls a pod JOBSET-JOB-REPLICA-INDEX, and its network by the JobSet's name.
        self.assertEqual(f"{job['metadata']['name']}-{part['name']}-0-0.{job['metadata']['name']}", plan["leader"])
        self.assertIn(f"kubectl logs -f {plan['leader'].split('.')[0]}-", read("docs/clusters.md"))

    @unittest.skipUnless(yaml, "PyYAML is not installed")
    def test_the_trainjob_needs_no_option(self):
        job = yaml.safe_load(read("examples/kubernetes/trainjob.yaml"))
        self.assertEqual(("trainer.kubeflow.org/v1alpha1", "TrainJob"), (job["apiVersion"], job["kind"]))
        trainer = job["spec"]["trainer"]
        self.takes_the_secret(trainer)
        plan = self.plan_in_pod(trainer, {"PET_NNODES": str(trainer["numNodes"]), "PET_NODE_RANK": "0",
                                          "PET_NPROC_PER_NODE": str(trainer["numProcPerNode"]),
                                          "PET_MASTER_ADDR": "ddp-node-0-0.ddp", "PET_MASTER_PORT": "29400"})
        self.assertEqual(trainer["numNodes"] * trainer["numProcPerNode"], plan["world_size"])
        self.assertEqual("hosts", plan["engine"])

    @unittest.skipUnless(yaml, "PyYAML is not installed")
    def test_the_mpijob_finds_its_workers_in_the_operators_hostfile(self):
        job = yaml.safe_load(read("examples/kubernetes/mpijob.yaml"))
        self.assertEqual(("kubeflow.org/v2beta1", "MPIJob"), (job["apiVersion"], job["kind"]))
        kinds = job["spec"]["mpiReplicaSpecs"]
        slots, workers = job["spec"]["slotsPerWorker"], kinds["Worker"]["replicas"]
        hostfile = os.path.join(self.folder, "hostfile")
        with open(hostfile, "w", encoding="utf-8") as file:
            for index in range(workers):
                file.write(f"{job['metadata']['name']}-worker-{index}.{job['metadata']['name']}.default.svc slots={slots}\n")
        container = self.container_of(kinds["Launcher"]["template"]["spec"], "launcher")
        plan = self.plan_in_pod(container, {"OMPI_MCA_orte_default_hostfile": hostfile,
                                            "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
                                            "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10"})
        self.assertEqual((workers * slots, workers, "mpirun"), (plan["world_size"], len(plan["hosts"]), plan["engine"]))

    def test_the_first_steps_are_as_the_page_says(self):
        program, = blocks("docs/getting-started.md", "python")
        with open(os.path.join(self.folder, "train.py"), "w", encoding="utf-8") as file:
            file.write(program)
        local = [words for words in commands("docs/getting-started.md") if "localhost:2" in words]
        self.assertEqual(3, len(local))
        codes = []
        for words in local:
            answer = run([SMLAUNCH, "--smoke", "off", *words[1:]], self.folder, env=self.environment)
            codes.append(answer.returncode)
        self.assertEqual([0, 0, 1], codes, answer.stderr)
        self.assertRegex(answer.stderr.splitlines()[-1],
                         r"rank 1 on localhost exited with code 1 .* before any other: ValueError: the loss is nan")


if __name__ == "__main__":
    unittest.main()
