"""What bench/authority says of who waits for whom, by what perf prints."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from authority_waits import longest_wait  # noqa: E402

SERVING, READING = 7, 8


def switch(at, gone, come, state="S", core=0):
    return (f"mutual {gone} [{core:03}] {at:.6f}: sched:sched_switch: prev_comm=mutual prev_pid={gone} prev_prio=120 "
            f"prev_state={state} ==> next_comm=mutual next_pid={come} next_prio=120")


def wakeup(at, who):
    return f"load 9 [001] {at:.6f}: sched:sched_wakeup: comm=mutual pid={who} prio=120 target_cpu=000"


class LongestWait(unittest.TestCase):
    def of(self, *lines):
        return round(longest_wait(lines, SERVING, {READING}, 0), 3)

    def test_from_being_woken_to_its_turn(self):
        self.assertEqual(self.of(switch(1, SERVING, READING), wakeup(1.003, SERVING), switch(1.010, READING, SERVING, "R")), 7)

    def test_when_its_turn_was_cut_short(self):
        self.assertEqual(self.of(switch(1, 0, SERVING), switch(1.001, SERVING, READING, "R+"), switch(1.013, READING, SERVING, "R")),
                         12)

    def test_of_several_turns_of_the_other_and_of_nobody_elses(self):
        self.assertEqual(self.of(switch(1, SERVING, READING), wakeup(1.001, SERVING), switch(1.003, READING, 50, "R"),
                                 switch(1.020, 50, READING), switch(1.021, READING, SERVING, "R")), 3)

    def test_not_of_turns_that_began_unseen_or_are_on_another_core(self):
        self.assertEqual(self.of(switch(1, SERVING, 75), wakeup(1.001, SERVING), switch(1.009, READING, SERVING, "R")), 0)
        self.assertEqual(self.of(switch(1, SERVING, 0), wakeup(1.001, SERVING), switch(1.002, 0, READING, core=1),
                                 switch(1.009, READING, 0, core=1), switch(1.010, 0, SERVING)), 0)

    def test_is_refused_where_the_serving_thread_was_not_seen(self):
        with self.assertRaises(SystemExit):
            self.of(switch(1, 50, READING))


if __name__ == "__main__":
    unittest.main()
