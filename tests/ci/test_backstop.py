"""A cancelled run that something holds up: it is ended in time, and what there is has been told by then."""

import signal
import subprocess
import sys
import time

import pytest

HUNG = """
import sys, time
from pytest_codemode.cli.ci import command
from pytest_codemode.cli.ci.backstop import Backstop

backstop = Backstop(lambda: print("told", flush=True), 130, wait_s=0.5)
with command._interruptible(backstop):
    for turn in range(int(sys.argv[1])):
        try:
            if not turn:
                print("ready", flush=True)
            time.sleep(30)
        except KeyboardInterrupt:
            print("swallowed", flush=True)
print("settled", backstop.settle(), flush=True)
time.sleep(float(sys.argv[2]))
print("end", flush=True)
"""


def ended(holds: int, then_s: float, *signals: signal.Signals) -> tuple[int, list[str], float]:
    """Return (exit status, lines, seconds from the first signal) of a run that swallows `holds` interruptions."""
    argv = [sys.executable, "-c", HUNG, str(holds), str(then_s)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)
        lines = process.stdout.read().splitlines()
        return process.wait(10), lines, time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_an_interruption_does_not_end_is_ended_after_a_while(number: signal.Signals) -> None:
    status, lines, took_s = ended(5, 0, number)
    assert (status, lines) == (130, ["swallowed", "told"])
    assert took_s < 5


def test_a_second_signal_changes_nothing() -> None:
    assert ended(5, 0, signal.SIGINT, signal.SIGTERM)[:2] == (130, ["swallowed", "swallowed", "told"])


def test_a_run_that_settles_in_time_tells_it_itself_and_takes_its_time_for_that() -> None:
    assert ended(1, 1.0, signal.SIGINT)[:2] == (0, ["swallowed", "settled True", "end"])
