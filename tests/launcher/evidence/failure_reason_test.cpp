// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/failure_reason.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

constexpr const char* python_traceback = R"(Traceback (most recent call last):
  File "/w/train.py", line 12, in main
    work()
)";

struct Case {
  const char* name;
  std::string printed;
  const char* reason;
  bool is_error = true;
};

void expect_reasons(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    const auto reason = find_reason(lines_of(each.printed));
    ASSERT_TRUE(reason) << each.name;
    EXPECT_EQ(reason->text, each.reason) << each.name;
    EXPECT_EQ(reason->is_error, each.is_error) << each.name;
  }
}

TEST(Reason, IsThePythonExceptionWithItsCause) {
  const std::string cause = std::string(python_traceback) + "KeyError: 'lr'\n";
  const std::string then = std::string(python_traceback) + "RuntimeError: no lr\n";
  expect_reasons({
      {"plain", then, "RuntimeError: no lr"},
      {"from", cause + "\nThe above exception was the direct cause of the following exception:\n\n" + then,
       "RuntimeError: no lr; caused by KeyError: 'lr'"},
      {"handling", cause + "\nDuring handling of the above exception, another exception occurred:\n\n" + then,
       "RuntimeError: no lr; while handling KeyError: 'lr'"},
      {"the same again",
       cause + "\nThe above exception was the direct cause of the following exception:\n\n" + cause,
       "KeyError: 'lr'"},
      {"no message", std::string(python_traceback) + "AssertionError\n",
       "AssertionError, at train.py line 12: work()"},
      {"message below", std::string(python_traceback) + "ValueError: \nshapes differ\n",
       "ValueError: shapes differ"},
      {"a list below",
       std::string(python_traceback) + "RuntimeError: Error(s) in loading:\n\tmissing: a\n\tmissing: b\n",
       "RuntimeError: Error(s) in loading: missing: a missing: b"},
      {"pydantic",
       std::string(python_traceback) +
           "ValidationError: 1 validation error for Config\nlr\n  field required\n",
       "ValidationError: 1 validation error for Config lr field required"},
      {"more after a whole message", then + "said by somebody else\n", "RuntimeError: no lr"},
      {"of a thread before it", "Exception in thread Thread-1:\n" + cause + then, "RuntimeError: no lr"},
      {"of a destructor after it", then + "Exception ignored in: <function f>\n" + cause,
       "RuntimeError: no lr"},
      {"of a thread alone", "Exception in thread Thread-1:\n" + cause, "KeyError: 'lr'"},
      {"ignored without a traceback", "Exception ignored in: <stdout>\nBrokenPipeError: [Errno 32]\n" + then,
       "RuntimeError: no lr"},
  });
}

TEST(Reason, IsWhatAWorkerProcessRaised) {
  expect_reasons({
      {"DataLoader",
       std::string(python_traceback) +
           "ValueError: Caught ValueError in DataLoader worker process 0.\nOriginal " + python_traceback +
           "ValueError: bad sample\n\n",
       "ValueError: bad sample, in DataLoader worker process 0"},
      {"DataParallel",
       std::string(python_traceback) +
           "RuntimeError: Caught RuntimeError in replica 1 on device 1.\nOriginal " + python_traceback +
           "RuntimeError: shape\n",
       "RuntimeError: shape, in replica 1 on device 1"},
      {"torch.multiprocessing.spawn",
       std::string(python_traceback) +
           "torch.multiprocessing.spawn.ProcessRaisedException: \n\n-- Process 1 terminated with the "
           "following "
           "error:\n" +
           python_traceback + "KeyError: 1\n",
       "KeyError: 1"},
  });
}

TEST(Reason, IsThatOfRichInItsBox) {
  const std::string box = R"(╭─────────────── Traceback (most recent call last) ───────────────╮
│ /w/train.py:12 in <module>                                      │
│   12 main()                                                     │
╰─────────────────────────────────────────────────────────────────╯
ValueError: Expected more than 1 value per channel when training, got
input size torch.Size([1, 512])
)";
  expect_reasons({
      {"a box", box,
       "ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, "
       "512])"},
      {"two boxes",
       std::string("╭─ Traceback (most recent call last) ─╮\n│ x  │\n╰──╯\nKeyError: 1\n\n") +
           "The above exception was the direct cause of the following exception:\n\n" + box,
       "ValueError: Expected more than 1 value per channel when training, got input size torch.Size([1, "
       "512]); "
       "caused by KeyError: 1"},
      {"a box of an error",
       "Usage: t.py [OPTIONS]\n╭─ Error ───────╮\n│ No such option │\n╰────────────────╯\n", "No such option",
       false},
  });
}

TEST(Reason, IsWhatOtherRuntimesSay) {
  expect_reasons({
      {"C++", "terminate called after throwing an instance of 'c10::Error'\n  what():  CUDA error: illegal\n",
       "c10::Error: CUDA error: illegal"},
      {"C++, its message below",
       "terminate called after throwing an instance of 'c10::Error'\n  what():  \nCUDA error: illegal\n",
       "c10::Error: CUDA error: illegal"},
      {"C++ without a message", "terminate called after throwing an instance of 'int'\n",
       "terminate called after throwing an instance of 'int'"},
      {"C++ without an exception", "terminate called without an active exception\n",
       "terminate called without an active exception"},
      {"libc++", "libc++abi: terminating due to uncaught exception of type std::runtime_error: no\n",
       "libc++abi: terminating due to uncaught exception of type std::runtime_error: no"},
      {"faulthandler",
       "Fatal Python error: Segmentation fault\n\nCurrent thread 0x1 (most recent call first):\n  File "
       "\"/w/t.py\", line 5 in work\n",
       "Fatal Python error: Segmentation fault, at t.py, line 5 in work"},
      {"faulthandler of several threads",
       "Fatal Python error: Segmentation fault\n\nThread 0x2 (most recent call first):\n  File \"/w/l.py\", "
       "line 1 in "
       "wait\n\nCurrent thread 0x1 (most recent call first):\n  File \"/w/t.py\", line 5 in work\n",
       "Fatal Python error: Segmentation fault, at t.py, line 5 in work"},
      {"faulthandler after an abort",
       "terminate called after throwing an instance of 'E'\n  what():  no\nFatal Python error: Aborted\n",
       "E: no"},
      {"Rust", "thread 'main' panicked at src/main.rs:2:5:\nno data\nnote: run with `RUST_BACKTRACE=1`\n",
       "thread 'main' panicked at src/main.rs:2:5: no data"},
      {"Go", "panic: no data\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: no data"},
      {"JVM", "Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat A.main(A.java:1)\n",
       "java.lang.IllegalStateException: no"},
      {"Node.js",
       "/w/t.js:1\nthrow new Error('no')\n^\n\nError: no\n    at Object.<anonymous> (/w/t.js:1)\n\nNode.js "
       "v18\n",
       "Error: no"},
      {"assertion", "t: t.c:3: main: Assertion `n' failed.\n", "t: t.c:3: main: Assertion `n' failed."},
      {"glog",
       "F0101 00:00:00.0 12 t.cc:3] Check failed: n == 3 (2 vs. 3)\n*** Check failure stack trace: ***\n",
       "F0101 00:00:00.0 12 t.cc:3] Check failed: n == 3 (2 vs. 3)"},
      {"glibc", "double free or corruption (!prev)\n", "double free or corruption (!prev)"},
      {"sanitizer", "====\n==12==ERROR: AddressSanitizer: heap-use-after-free\n    #0 0x1 in main\n",
       "AddressSanitizer: heap-use-after-free"},
      {"loader", "t: error while loading shared libraries: libcuda.so.1: cannot open\n",
       "t: error while loading shared libraries: libcuda.so.1: cannot open"},
      {"Fortran",
       "At line 3 of file t.f90\nFortran runtime error: End of file\n\nError termination. Backtrace:\n#0\n",
       "Fortran runtime error: End of file"},
      {"MPI",
       "[a:1] *** An error occurred in MPI_Send\n[a:1] *** reported by\n[a:1] *** MPI_ERR_RANK: invalid "
       "rank\n",
       "An error occurred in MPI_Send: MPI_ERR_RANK: invalid rank"},
      {"MPI_Abort", "MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD\nwith errorcode 3.\n",
       "MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD with errorcode 3."},
      {"Python without the module", "/usr/bin/python3: No module named train\n",
       "/usr/bin/python3: No module named train"},
  });
}

TEST(Reason, OfAnInterpreterThatAbortsOnItsWayOutIsTheException) {
  const std::string exception = std::string(python_traceback) + "ValueError: x\n";
  const std::string abort =
      "terminate called after throwing an instance of 'E'\n  what():  driver shutting down\n";
  std::string between;
  for (int i = 0; i < 20; ++i) between += "step " + std::to_string(i) + "\n";
  expect_reasons({
      {"on its way out", exception + abort, "ValueError: x"},
      {"much later", exception + between + abort, "E: driver shutting down"},
      {"another crash", exception + "double free or corruption (out)\n", "double free or corruption (out)"},
      {"the assertion of a GPU",
       "l.cu:2: f: block: [0,0,0] Assertion `t >= 0` failed.\n" + std::string(python_traceback) +
           "RuntimeError: CUDA error: device-side assert triggered\n",
       "RuntimeError: CUDA error: device-side assert triggered; l.cu:2: f: block: [0,0,0] Assertion `t >= 0` "
       "failed."},
  });
}

TEST(Reason, IsOtherwiseTheLastWordsThatAreNoNotice) {
  expect_reasons({
      {"sys.exit", "loading\nconf.yaml lacks lr\n", "conf.yaml lacks lr", false},
      {"an error by its words", "loading\nERROR: no data\n", "ERROR: no data"},
      {"before a warning", "conf.yaml lacks lr\n/w/t.py:3: UserWarning: slow\n  warnings.warn(\"slow\")\n",
       "conf.yaml lacks lr", false},
      {"before advice", "ERROR: No matching distribution found for x\n\n[notice] A new release of pip\n",
       "ERROR: No matching distribution found for x"},
      {"several lines", "bad configuration:\n  line 3\n  line 4\n", "bad configuration: line 3 line 4",
       false},
      {"argparse", "usage: t.py [-h] --lr LR\nt.py: error: the following arguments are required: --lr\n",
       "t.py: error: the following arguments are required: --lr"},
      {"a build under pip",
       "  error: subprocess-exited-with-error\n  \n  × setup.py did not run\n  │ exit code: 1\n  ╰─> [6 "
       "lines of output]\n"
       "      RuntimeError: needs nvcc\n      [end of output]\n  \n  note: This error originates\nerror: "
       "metadata-generation-failed\n\n× Encountered error while generating package metadata.\n╰─> See "
       "above\n\nhint: See\n",
       "error: metadata-generation-failed: RuntimeError: needs nvcc"},
  });
  EXPECT_FALSE(find_reason({}));
  EXPECT_FALSE(find_reason({"", "/w/t.py:3: UserWarning: slow", "=====", " 10%|#  | 1/10 [00:01<00:09]"}));
}

TEST(Reason, IsAnErrorLineBeforeHarmlessLastWords) {
  expect_reasons({
      {"FATAL", "epoch 1\nFATAL: shard 3 corrupt\ncleanup done\n", "FATAL: shard 3 corrupt"},
      {"in brackets", "[ERROR] shard 3 corrupt\ncleanup done\n", "[ERROR] shard 3 corrupt"},
      {"Error", "Error: shard 3 corrupt\nbye\nbye\n", "Error: shard 3 corrupt"},
      {"loguru",
       "00:00:00.100 | ERROR    | __main__:f:3 - shard 3 corrupt\n00:00:00.100 | INFO     | __main__:f:4 - "
       "bye\n",
       "00:00:00.100 | ERROR    | __main__:f:3 - shard 3 corrupt"},
      {"fields", "time=1 level=error msg=\"shard 3 corrupt\"\ntime=1 level=info msg=\"bye\"\n",
       "time=1 level=error msg=\"shard 3 corrupt\""},
      {"fields of JSON", "{\"level\": \"error\", \"msg\": \"shard 3\"}\n{\"level\": \"info\"}\n",
       "{\"level\": \"error\", \"msg\": \"shard 3\"}"},
      {"logging", "2026-01-01 ERROR root: loss is nan\n2026-01-01 INFO root: bye\n",
       "2026-01-01 ERROR root: loss is nan"},
      {"CRITICAL", "CRITICAL:root:disk is full\nbye\n", "CRITICAL:root:disk is full"},
      {"an exception without a traceback", "ValueError: no data\nbye\n", "ValueError: no data"},
      {"what is indented below it", "Error: bad configuration:\n  line 3\n  line 4\nbye\n",
       "Error: bad configuration: line 3 line 4"},
      {"the last of two", "ERROR: first\nERROR: second\nbye\n", "ERROR: second"},
      {"a few lines before", "FATAL: no data\n1\n2\n3\n4\n5\n6\n7\nbye\n", "FATAL: no data"},
  });
}

TEST(Reason, IsNoErrorLineBeforeLastWordsThatComplain) {
  expect_reasons({
      {"a complaint", "ERROR: retry 1\nconf.yaml lacks lr\n", "conf.yaml lacks lr", false},
      {"too far away", "FATAL: no data\n1\n2\n3\n4\n5\n6\n7\n8\n9\nbye\n", "bye", false},
      {"no error", "0 ERROR, 3 INFO\nNCCL_ASYNC_ERROR_HANDLING=1\nlevel=info\nterror: none\nbye\n", "bye",
       false},
  });
}

TEST(Reason, IsWhatOtherInterpretersSay) {
  expect_reasons({
      {"bash", "t.sh: line 2: syntax error near unexpected token `then'\nt.sh: line 2: `if then'\n",
       "t.sh: line 2: syntax error near unexpected token `then'"},
      {"dash", "t.sh: 2: Syntax error: \"then\" unexpected\n", "t.sh: 2: Syntax error: \"then\" unexpected"},
      {"R", "Error in eval(expr) : object 'x' not found\nCalls: source -> withVisible\nExecution halted\n",
       "Error in eval(expr) : object 'x' not found"},
      {"R, its message below", "Error in f(x) : \n  no data\nCalls: f\nExecution halted\n",
       "Error in f(x) : no data"},
      {"Perl",
       "Can't locate Foo.pm in @INC at t.pl line 1.\nBEGIN failed--compilation aborted at t.pl line 1.\n",
       "Can't locate Foo.pm in @INC at t.pl line 1."},
      {"pip, whose shown output is the last",
       "  error: subprocess-exited-with-error\n  \n  × setup.py egg_info did not run\n  │ exit code: 1\n  "
       "╰─> [6 lines of output]\n      Traceback (most recent call last):\n        File \"<string>\", line "
       "2, "
       "in <module>\n      ModuleNotFoundError: No module named 'torch'\n      [end of output]\n  \n  note: "
       "This error originates\n",
       "error: subprocess-exited-with-error: ModuleNotFoundError: No module named 'torch'"},
      {"an output of nobody", "bye\n[end of output]\n", "[end of output]", false},
  });
}

TEST(Reason, HasTheComplaintAfterATracebackThatWasOnlyPrinted) {
  const std::string handled = std::string(python_traceback) + "ZeroDivisionError: division by zero\n";
  expect_reasons({
      {"sys.exit", handled + "lr missing\n", "ZeroDivisionError: division by zero; then: lr missing"},
      {"no complaint", handled + "bye\n", "ZeroDivisionError: division by zero"},
      {"only a warning", handled + "WARNING: lr missing\n", "ZeroDivisionError: division by zero"},
      {"nothing", handled, "ZeroDivisionError: division by zero"},
  });
}

TEST(Reason, IsTheWordsOfACalledProgramThatFailed) {
  expect_reasons({
      {"its error",
       "ERROR: no wheel\n" + std::string(python_traceback) +
           "subprocess.CalledProcessError: Command 'pip' failed.\n",
       "subprocess.CalledProcessError: Command 'pip' failed.; ERROR: no wheel"},
      {"no error",
       "loading\n" + std::string(python_traceback) + "subprocess.CalledProcessError: Command 'pip' failed.\n",
       "subprocess.CalledProcessError: Command 'pip' failed."},
  });
}

TEST(Reason, IsTheRanksAndNotTorchruns) {
  const std::string torchrun = R"(WARNING:torch.distributed.run:
*****************************************
Setting OMP_NUM_THREADS environment variable for each process to be 1 in default
*****************************************
config.yaml lacks lr
W1129 08:00:00.123000 12 torch/distributed/elastic/multiprocessing/api.py:897] Sending process 12 closing signal SIGTERM
[2026-01-01 00:00:00,000] torch.distributed.elastic.multiprocessing.api: [ERROR] failed (exitcode: 1) local_rank: 1
ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: 1) local_rank: 1 (pid: 2) of binary: /usr/bin/python3
Traceback (most recent call last):
  File "/usr/bin/torchrun", line 33, in <module>
torch.distributed.elastic.multiprocessing.errors.ChildFailedError: 
============================================================
ex.py FAILED
------------------------------------------------------------
Failures:
  <NO_OTHER_FAILURES>
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-11-29_08:37:44
  rank      : 1 (local_rank: 1)
  exitcode  : 1 (pid: 19481)
  python_traceback : To enable python_traceback see: https://pytorch.org/docs/stable/elastic/errors.html
============================================================
)";
  expect_reasons({
      {"its words", torchrun, "config.yaml lacks lr", false},
      {"words after it", torchrun + "the last word\n", "the last word", false},
      {"with a prefix", "[rank1]: Fatal Python error: Bus error\n" + torchrun,
       "Fatal Python error: Bus error"},
  });
}

TEST(Reason, IsOneLineThatLeavesRoomInThoseOfAFailureFile) {
  const auto reason = find_reason({"Traceback (most recent call last):", "  File \"t.py\"",
                                   "ValueError: begins\tso " + std::string(3000, 'x') + " ends so"});
  ASSERT_TRUE(reason);
  EXPECT_LE(reason->text.size(), most_reason_bytes);
  EXPECT_TRUE(reason->text.starts_with("ValueError: begins so xxx")) << reason->text;
  EXPECT_TRUE(reason->text.ends_with("xxx ends so")) << reason->text;
  std::string snow = "begins ";
  for (int i = 0; i < 1000; ++i) snow += "☃";
  for (std::size_t most = 20; most < 40; ++most) {
    const std::string line = one_line(snow, most);
    EXPECT_LE(line.size(), most);
    const std::string tail = line.substr(line.find("] ") + 2);
    EXPECT_TRUE(tail.empty() || tail.starts_with("☃")) << line;
    EXPECT_EQ(tail.size() % 3, 0U) << line;
  }
  EXPECT_EQ(one_line("  a\tb\x1b \n", 100), "a b");
}

TEST(Reason, SaysWhereItStands) {
  const auto reason =
      find_reason({"before", "Traceback (most recent call last):", "  File \"t.py\", line 1, in f",
                   "KeyError: 1", "after"});
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->begin, 1U);
  EXPECT_EQ(reason->end, 4U);
  EXPECT_TRUE(reason->is_traceback);
}

}  // namespace
}  // namespace smlaunch
