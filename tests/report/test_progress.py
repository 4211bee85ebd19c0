import io
from itertools import count

from pytest_codemode.core.events import Notice, Progress, RunStarted, SandboxReady, TrialDone
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.report.live import LiveReport
from pytest_codemode.report.progress import ProgressLine
from pytest_codemode.report.writer import PlainWriter


def line(*, interactive: bool, width: int = 60, tick_s: float = 10.0) -> tuple[io.StringIO, ProgressLine]:
    file = io.StringIO()
    ticks = count()
    writer = PlainWriter(file, width)
    return file, ProgressLine(writer, interactive=interactive, clock=lambda: next(ticks) * tick_s)


def step(stage: str = "search", text: str = "cart.py:41 compare.boundary", **facts) -> Progress:
    return Progress(stage, text, **facts)


def test_on_a_terminal_the_line_is_rewritten_in_place():
    file, progress = line(interactive=True)

    progress.update(step(candidates=1200, elapsed_s=3.4, usd=0.02))
    progress.update(step(candidates=1300, elapsed_s=4.4))
    progress.clear()

    assert file.getvalue() == (
        "\rcodemode: search [3 s, 1,200 candidates, $0.02] cart.py:...\x1b[K"
        "\rcodemode: search [4 s, 1,300 candidates] cart.py:41 comp...\x1b[K"
        "\r\x1b[K"
    )


def test_the_line_never_fills_the_terminal():
    file, progress = line(interactive=True, width=40)

    progress.update(step(text="x" * 300))

    assert len(file.getvalue().strip("\r").removesuffix("\x1b[K")) == 39


def test_wide_characters_count_twice():
    file, progress = line(interactive=True, width=40)

    progress.update(step(text="\u7c97" * 30))

    text = file.getvalue().strip("\r").removesuffix("\x1b[K")
    assert len(text) + text.count("\u7c97") in (38, 39)


def test_a_terminal_is_not_repainted_more_often_than_one_can_see():
    file, progress = line(interactive=True, tick_s=0.01)

    for number in range(25):
        progress.update(step(candidates=number))

    assert file.getvalue().count("\r") == 3


def test_in_a_log_each_stage_gets_one_whole_line():
    file, progress = line(interactive=False)

    for stage in ("collect", "collect", "search", "search", "confirm"):
        progress.update(step(stage, "something"))
    progress.clear()

    assert file.getvalue() == (
        "codemode: collect [0 s] something\ncodemode: search [0 s] something\ncodemode: confirm [0 s] something\n"
    )


def test_a_log_is_not_flooded_by_stages_that_alternate():
    file, progress = line(interactive=False, tick_s=0.1)

    for number in range(100):
        progress.update(step("search" if number % 2 else "check"))

    assert file.getvalue().count("\n") == 4  # ten seconds, one line in three


def test_what_is_tried_cannot_control_the_terminal():
    file, progress = line(interactive=False)

    progress.update(step(text="\x1b[31mred\nnext"))

    assert file.getvalue() == "codemode: search [0 s] \\x1b[31mred\n"


def live(*, interactive: bool = True, verbose: bool = False) -> tuple[io.StringIO, LiveReport]:
    file, progress = line(interactive=interactive)
    return file, LiveReport(PlainWriter(file, 60), progress, verbose=verbose)


def test_a_notice_takes_the_progress_line_away_first():
    file, report = live()

    report(step("confirm", "66 tests"))
    report(Notice("warning", "the tree has uncommitted changes"))

    assert file.getvalue().endswith("\x1b[K\r\x1b[Kwarning: the tree has uncommitted changes\n")


def test_the_start_says_who_proposes_and_the_sandbox_what_it_is_worth():
    file, report = live(interactive=False)

    report(RunStarted("r1", "2026-11-25T08:00:00+00:00", ("t.py::a", "t.py::b"), ("search",)))
    report(SandboxReady(SandboxInfo("landlock", Capabilities(), notes=("user namespaces are off here",))))

    assert file.getvalue() == (
        "run r1: 2 failing tests, patches by search\nsandbox: landlock\n  user namespaces are off here\n"
    )


def test_an_unprotected_run_is_announced_before_anything_runs():
    file, report = live(interactive=False)

    report(SandboxReady(SandboxInfo("none", Capabilities())))

    assert "none (UNPROTECTED" in file.getvalue()


def test_trials_are_shown_only_when_asked_for():
    trial = TrialDone("t1", "search", "compare.boundary", "breaks a passing test", "t.py::b", "src/a.py:3")
    quiet_file, quiet = live()
    verbose_file, verbose = live(verbose=True)

    quiet(trial)
    verbose(trial)

    assert quiet_file.getvalue() == ""
    assert verbose_file.getvalue() == "src/a.py:3 compare.boundary: breaks a passing test: t.py::b\n"
