import signal
import threading
import time

import pytest

from pytest_codemode.launch.hang import alarm
from pytest_codemode.worker.timelimit import Timeout

PATIENCE_S = 10.0


def wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)


def test_a_block_that_takes_too_long_is_ended():
    before = time.monotonic()

    with pytest.raises(Timeout, match=r"took longer than 0.05 s \(--codemode-test-timeout\)"), alarm(0.05):
        wait(PATIENCE_S)

    assert time.monotonic() - before < PATIENCE_S


def wait_stubbornly() -> None:
    try:
        wait(PATIENCE_S)
    except Timeout:
        wait(PATIENCE_S)


def wait_and_catch_every_exception() -> None:
    try:
        wait(PATIENCE_S)
    except Exception:  # noqa: BLE001  # as careless tests do
        pytest.fail("Timeout is an Exception")


def test_a_block_that_swallows_the_alarm_gets_another():
    with pytest.raises(Timeout), alarm(0.05):
        wait_stubbornly()


def test_a_block_that_catches_every_exception_is_ended_all_the_same():
    with pytest.raises(Timeout), alarm(0.05):
        wait_and_catch_every_exception()


def test_handler_and_timer_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGALRM)

    with alarm(5):
        pass

    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_timer_that_is_in_use_already_is_left_alone():
    def other(_signum, _frame):
        raise LookupError

    before = signal.signal(signal.SIGALRM, other)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(LookupError), alarm(0.05):
            wait(PATIENCE_S)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_block_that_takes_the_timer_over_keeps_it():
    before = signal.getsignal(signal.SIGALRM)
    try:
        with alarm(5):
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            signal.setitimer(signal.ITIMER_REAL, 4)

        assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_another_thread_the_block_runs_without_a_limit():
    done = []

    def work() -> None:
        with alarm(0.02):
            wait(0.1)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE_S)

    assert done == [True]
