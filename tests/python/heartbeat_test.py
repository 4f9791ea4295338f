# SPDX-License-Identifier: Apache-2.0
"""smlaunch.heartbeat() appends the lines that smlaunch reads, and never ends a training."""
import math
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
import smlaunch  # noqa: E402


class Heartbeat(unittest.TestCase):
    def setUp(self) -> None:
        with tempfile.NamedTemporaryFile(delete=False) as file:
            self.path = file.name
        os.environ["SMLAUNCH_HEARTBEAT"] = self.path
        os.environ.pop("RANK", None)

    def tearDown(self) -> None:
        os.environ.pop("SMLAUNCH_HEARTBEAT", None)
        os.unlink(self.path)

    def lines(self) -> list:
        with open(self.path, encoding="ascii") as file:
            return file.read().splitlines()

    def test_each_call_is_a_line(self) -> None:
        smlaunch.heartbeat(step=120, loss=2.1)
        smlaunch.heartbeat(step=121.0, loss=math.nan, lr=3e-05)
        smlaunch.heartbeat()
        smlaunch.heartbeat(smlaunch="exclude-host", **{"eval/acc": "0.5"})
        self.assertEqual(
            self.lines(),
            ["step=120 loss=2.1", "step=121 loss=nan lr=3e-05", "", "eval/acc=0.5 smlaunch=exclude-host"],
        )

    def test_a_rank_says_which_it_is(self) -> None:
        os.environ["RANK"] = "3"
        smlaunch.heartbeat(step=1)
        del os.environ["RANK"]
        self.assertEqual(self.lines(), ["rank=3 step=1"])

    def test_outside_smlaunch_it_does_nothing(self) -> None:
        del os.environ["SMLAUNCH_HEARTBEAT"]
        smlaunch.heartbeat(step=1)
        self.assertEqual(self.lines(), [])

    def test_a_file_that_is_gone_ends_no_training(self) -> None:
        os.environ["SMLAUNCH_HEARTBEAT"] = self.path + "/none"
        smlaunch.heartbeat(step=1)

    def test_what_smlaunch_would_not_understand_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            smlaunch.heartbeat(smlaunch="dance")
        with self.assertRaises(ValueError):
            smlaunch.heartbeat(**{"my step": 1})
        with self.assertRaises(ValueError):
            smlaunch.heartbeat(step="one")
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    unittest.main()
