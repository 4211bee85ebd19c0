import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.events import Event, Notice, RunDone, to_line
from pytest_codemode.core.report import RunReport
from pytest_codemode.launch.engine import MODULE, Engine, engine_command

DONE = RunDone(RunReport(run_id="r1", stop="all selected tests pass", green=True))
NOTICE = Notice("info", "half way")


def engine(scripted, **settings) -> Engine:
    return Engine(scripted.command, cwd="/", env={"HOME": "/nowhere"}, **settings)


CALLER = """
import sys
from pytest_codemode.launch.engine import Engine
Engine(sys.argv[1:], cwd="/", env={}).run("{}", lambda _: None)
"""


def wait_for(path: Path) -> None:
    give_up = time.monotonic() + 15
    while not path.exists():
        assert time.monotonic() < give_up, f"{path} never appeared"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def interrupt_when(path: Path) -> threading.Thread:
    """Press Ctrl-C once `path` exists."""

    def press() -> None:
        wait_for(path)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def test_events_arrive_in_order_and_the_report_is_returned(scripted_engine):
    seen: list[Event] = []

    ending = engine(scripted_engine({"say": to_line(NOTICE)}, {"say": to_line(DONE)})).run("{}", seen.append)

    assert seen == [NOTICE, DONE]
    assert ending.report == DONE.report
    assert (ending.interrupted, ending.trouble) == (False, "")


def test_the_request_arrives_whole_even_if_it_is_longer_than_a_pipe(scripted_engine):
    scripted = scripted_engine({"say": to_line(DONE)})
    request = '{"x": "' + "a" * 3_000_000 + '"}'

    engine(scripted).run(request, lambda _: None)

    assert scripted.script.with_suffix(".request").read_text() == request


def test_the_engine_sees_the_environment_it_is_given(scripted_engine):
    scripted = scripted_engine({"say": to_line(DONE)})

    engine(scripted).run("{}", lambda _: None)

    assert scripted.start["env"].keys() - {"LC_CTYPE"} == {"HOME"}


def test_an_engine_that_dies_shows_its_last_words(scripted_engine):
    scripted = scripted_engine({"complain": "ModuleNotFoundError: No module named 'mcp'"}, {"exit": 3})

    ending = engine(scripted).run("{}", lambda _: None)

    assert ending.report is None
    assert "ended with status 3" in ending.trouble
    assert "No module named 'mcp'" in ending.log


def test_an_engine_that_is_killed_is_named_so(scripted_engine):
    ending = engine(scripted_engine({"die": signal.SIGKILL})).run("{}", lambda _: None)

    assert "was killed by SIGKILL" in ending.trouble


def test_output_that_is_no_event_does_not_stop_the_run(scripted_engine):
    ending = engine(scripted_engine({"say": "a library's banner"}, {"say": to_line(DONE)})).run("{}", lambda _: None)

    assert ending.report == DONE.report


def test_only_the_last_lines_of_a_long_log_are_kept(scripted_engine):
    ending = engine(scripted_engine({"complain": "\n".join(map(str, range(5000)))})).run("{}", lambda _: None)

    assert ending.log.splitlines() == [str(number) for number in range(4985, 5000)]


def test_an_interrupted_engine_may_still_report_what_was_finished(scripted_engine, tmp_path):
    ready = tmp_path / "ready"
    scripted = scripted_engine({"touch": str(ready)}, {"wait for interrupt": None}, {"say": to_line(DONE)})
    thread = interrupt_when(ready)
    seen: list[Event] = []

    ending = engine(scripted).run("{}", seen.append)

    thread.join()
    assert seen[0] == Notice("warning", "stopping in order; Ctrl-C again ends at once")
    assert ending.report == DONE.report
    assert ending.interrupted


def test_an_interrupted_engine_that_does_not_stop_is_killed(scripted_engine, tmp_path):
    ready = tmp_path / "ready"
    scripted = scripted_engine({"touch": str(ready)}, {"sleep": 60})
    thread = interrupt_when(ready)
    before = time.monotonic()

    ending = engine(scripted, stop_s=0.3).run("{}", lambda _: None)

    thread.join()
    assert time.monotonic() - before < 10
    assert ending.report is None
    assert ending.interrupted
    assert not is_alive(scripted.start["pid"])


def test_an_engine_that_overruns_its_limit_is_asked_to_stop_and_may_report(scripted_engine):
    scripted = scripted_engine({"wait for interrupt": None}, {"say": to_line(DONE)})

    ending = engine(scripted, limit_s=0.5).run("{}", lambda _: None)

    assert ending.report == DONE.report
    assert not ending.interrupted


def test_an_engine_that_ignores_its_limit_is_killed(scripted_engine):
    scripted = scripted_engine({"sleep": 60})

    ending = engine(scripted, limit_s=0.5, stop_s=0.3).run("{}", lambda _: None)

    assert "did not end in time" in ending.trouble
    assert not is_alive(scripted.start["pid"])


def test_an_engine_whose_caller_is_killed_learns_it_from_its_lifeline(scripted_engine, tmp_path):
    ready, note = tmp_path / "ready", tmp_path / "note"
    scripted = scripted_engine({"touch": str(ready)}, {"wait for lifeline": str(note)})
    caller = subprocess.Popen([sys.executable, "-c", CALLER, *scripted.command])
    wait_for(ready)

    assert not note.exists()
    caller.kill()
    caller.wait(10)

    wait_for(note)
    assert note.read_text() == "the lifeline was closed"


def test_ctrl_c_is_python_s_own_again_afterwards(scripted_engine):
    before = signal.getsignal(signal.SIGINT)

    engine(scripted_engine({"say": to_line(DONE)})).run("{}", lambda _: None)

    assert signal.getsignal(signal.SIGINT) is before


def test_an_engine_can_be_followed_from_another_thread(scripted_engine):
    endings = []
    thread = threading.Thread(
        target=lambda: endings.append(engine(scripted_engine({"say": to_line(DONE)})).run("{}", lambda _: None))
    )

    thread.start()
    thread.join(20)

    assert endings[0].report == DONE.report


def test_an_interpreter_that_does_not_exist_is_a_sentence_with_its_option():
    with pytest.raises(CodemodeError, match="/no/python: No such file or directory; see --codemode-python"):
        Engine(engine_command("/no/python"), cwd="/", env={}).run("{}", lambda _: None)


def test_an_interpreter_without_this_package_is_a_sentence_with_the_remedy():
    bare = (sys.executable, "-I", "-S", "-m", MODULE)  # no site-packages

    ending = Engine(bare, cwd="/", env={}).run("{}", lambda _: None)

    assert ending.report is None
    assert f"{sys.executable} has to be Python 3.11 or later with this release of pytest-codemode" in ending.trouble
    assert "--codemode-python" in ending.trouble


def test_the_engine_is_started_without_the_project_on_its_path():
    assert engine_command("python") == ("python", "-P", "-m", "pytest_codemode.cli.engine")
