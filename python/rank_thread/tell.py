# SPDX-License-Identifier: Apache-2.0
"""What a Python process of a rank tells of itself: one JSON object, whose keys are in launcher/inspect/rank_told.hpp.

sitecustomize.py holds this file as text. It compiles it when the process is asked for the first time, which most never
are, and hands it the modules: a hung program may hold a lock of the imports.
"""


def make_describe(sys, os, _thread, main_thread):
    most_threads = 64
    most_frames = 48
    most_tensors = 8
    most_groups = 256
    most_text = 300
    most_recorder = 4 << 20
    from_one_since = (2, 4)  # before, the sequence numbers of a group begin anywhere
    to_peer = ("send", "recv", "isend", "irecv")
    peer_names = ("dst", "src", "group_dst", "group_src")
    c10d_name = "torch.distributed.distributed_c10d"
    escapes = {code: "\\u%04x" % code for code in list(range(32)) + [34, 92, 127]}

    # ---- JSON, since the module may not be imported yet

    def text(value, most=most_text):
        value = str(value)[:most].translate(escapes)
        return '"' + value.encode("utf-8", "replace").decode("utf-8") + '"'

    def number(value):
        return "%d" % value if type(value) is int else "null"

    def array(items):
        return "[" + ",".join(items) + "]"

    def record(**values):
        return "{" + ",".join('"%s":%s' % each for each in values.items()) + "}"

    def attempt(function, *arguments):
        try:
            return function(*arguments)
        except Exception:
            return "null"

    # ---- torch.distributed, if it is there

    def default_group(c10d):
        world = getattr(c10d, "_world", None)
        if world is not None:
            return world.default_pg
        return getattr(c10d, "_default_pg", None) or getattr(c10d.GroupMember, "WORLD", None)

    def of_groups(c10d, what):
        world = getattr(c10d, "_world", None)
        return getattr(c10d, "_" + what) if world is None else getattr(world, what)

    def group_name(c10d, group):
        if group is None or type(group) is object:
            group = default_group(c10d)
        if isinstance(group, str):
            return text(group)
        return text(of_groups(c10d, "pg_names")[group])

    # A group of all ranks is one range, however many there are.
    def ranges(numbers):
        found = []
        for each in numbers:
            if found and found[-1][1] == each - 1:
                found[-1] = (found[-1][0], each)
            else:
                found.append((each, each))
        return found

    def describe_group(c10d, group):
        name = group_name(c10d, group)
        default = default_group(c10d)
        ranks = sorted(of_groups(c10d, "pg_group_ranks")[group])
        kind = of_groups(c10d, "pg_map").get(group, ("",))[0]
        return record(
            name=name,
            description=attempt(lambda: text(group.group_desc)),
            is_default="true" if group is default else "false",
            backend=text(kind),
            ranks=array(["[%d,%d]" % each for each in ranges(ranks)]),
            sequence=attempt(lambda: number(group._get_sequence_number_for_group())),
        )

    def describe_groups(c10d):
        groups = list(of_groups(c10d, "pg_names"))[:most_groups]
        described = [attempt(describe_group, c10d, group) for group in groups]
        return array([each for each in described if each != "null"])

    def tensors_in(value, kinds):
        if type(value) in kinds:
            return [value]
        if type(value) in (list, tuple):
            return [each for each in value[:most_tensors] if type(each) in kinds]
        return []

    # The outermost call of torch.distributed is what the user has called.
    def describe_call(c10d, frame):
        torch = sys.modules["torch"]
        kinds = (torch.Tensor, getattr(getattr(torch, "nn", None), "Parameter", torch.Tensor))
        code = frame.f_code
        given = frame.f_locals
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        values = [given[name] for name in names if name in given]
        tensors = [tensor for value in values for tensor in tensors_in(value, kinds)][:most_tensors]
        peers = [given[name] for name in peer_names if type(given.get(name)) is int]
        return record(
            op=text(code.co_name),
            group=attempt(group_name, c10d, given.get("group")),
            sizes=array([text(list(tensor.shape)) for tensor in tensors]),
            types=array([text(str(tensor.dtype).replace("torch.", "")) for tensor in tensors]),
            peer=number(peers[0]) if peers and code.co_name in to_peer else "null",
        )

    def describe_recorder(library, name):
        recorded = getattr(library, name)()
        if isinstance(recorded, bytes):
            recorded = recorded.decode("utf-8", "replace")
        return text(recorded, most_recorder) if recorded and len(recorded) <= most_recorder else "null"

    # ---- threads

    def describe_thread(c10d, name, is_main, frame):
        frames = []
        call = None
        while frame is not None:
            if len(frames) < most_frames:
                code = frame.f_code
                frames.append(array([text(code.co_name), text(code.co_filename), number(frame.f_lineno)]))
            if c10d is not None and frame.f_globals.get("__name__") == c10d_name:
                call = frame
            frame = frame.f_back
        return record(
            name=text(name),
            is_main="true" if is_main else "false",
            frames=array(frames),
            call="null" if call is None else attempt(describe_call, c10d, call),
        )

    def describe_threads(c10d):
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            return array([])  # frames of threads that run on are not safe to read
        known = dict(getattr(sys.modules.get("threading"), "_active", {}))
        frames = sys._current_frames()
        frames.pop(_thread.get_ident(), None)
        threads = sorted(frames, key=lambda thread: thread != main_thread)[:most_threads]
        return array(
            [
                describe_thread(
                    c10d, getattr(known.get(thread), "_name", ""), thread == main_thread, frames[thread]
                )
                for thread in threads
            ]
        )

    def describe():
        c10d = sys.modules.get(c10d_name)
        # One that is being imported lacks names.
        if not hasattr(c10d, "barrier"):
            c10d = None
        torch = sys.modules.get("torch")
        version = str(getattr(torch, "__version__", ""))
        values = dict(
            pid=number(os.getpid()),
            python=text("%d.%d.%d" % sys.version_info[:3]),
            torch=text(version),
            threads=attempt(describe_threads, c10d),
        )
        if c10d is None:
            return record(**values)
        library = sys.modules.get("torch._C._distributed_c10d")
        parts = version.split(".")
        values.update(
            counts_from_one=attempt(
                lambda: "true" if (int(parts[0]), int(parts[1])) >= from_one_since else "false"
            ),
            rank=attempt(lambda: number(default_group(c10d).rank())),
            groups=attempt(describe_groups, c10d),
            recorder=attempt(describe_recorder, library, "_dump_fr_trace_json"),
            nccl_recorder=attempt(describe_recorder, library, "_dump_nccl_trace_json"),
        )
        return record(**values)

    return describe
