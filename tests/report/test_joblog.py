import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.report.joblog import JobLog, powerless
from pytest_codemode.report.writer import paragraph


def logged(*parts: str) -> str:
    file = io.StringIO()
    log = JobLog(file)
    for part in parts:
        log.write(part)
    log.flush()
    return file.getvalue()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::set-output name=x::y", ": :set-output name=x::y"),
        ("  \t ::add-mask::secret", "  \t : :add-mask::secret"),
        ("\u2003::error::x", "\u2003: :error::x"),
        ("a ##[group]b", "a # #[group]b"),
        ("###[error]x", "## #[error]x"),
        ("##vso[task.setvariable variable=x]y", "# #vso[task.setvariable variable=x]y"),
        ("##VSO[task.complete]", "# #VSO[task.complete]"),
        ("##teamcity[buildStop]", "# #teamcity[buildStop]"),
        ("section_start:1:x\r\x1b[0K", "section_start:1:x\\r\\x1b[0K"),
        ("x\x85::error::y", "x\\x85::error::y"),
        ("tests/test_x.py::test_y[::z]", "tests/test_x.py::test_y[::z]"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_a_runner_would_obey_is_pulled_apart_and_all_else_stays(line: str, shown: str) -> None:
    assert powerless(line) == shown
    assert logged(line + "\n") == shown + "\n"


@given(st.lists(st.sampled_from([":", "::", "#", "##[", "\n", "\r", " ", "x", "error::", "\u2028"]), max_size=12))
def test_no_line_is_a_command_however_it_is_put_together(parts: list[str]) -> None:
    for line in logged(*parts, "\n").splitlines():
        assert not line.strip().startswith("::")
        assert "##[" not in line
        assert powerless(line) == line


def test_wrapped_text_is_looked_at_line_by_line() -> None:
    file = io.StringIO()
    paragraph(JobLog(file, width=30), "a word and then one more " + "::error::x " * 3)
    assert "\n: :error::x" in file.getvalue()


def test_our_own_commands_pass() -> None:
    file = io.StringIO()
    JobLog(file).command("::notice::x")
    assert file.getvalue() == "::notice::x\n"
