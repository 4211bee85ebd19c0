import json
import os
import stat

import pytest

from pytest_codemode.core.codec import decode
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.core.report import Cost, NearMiss, RunReport, TaskReport, Unrepaired
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.files import put, suffix_of, write

DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a = '```'\n+a = ''\n"
REPORT = RunReport(
    run_id="r1",
    stop="all selected tests pass",
    green=True,
    written=("x.py",),
    tasks=(
        TaskReport(
            "t1",
            "AssertionError: assert `a` == 'b'",
            ("t.py::test_a[*]",),
            True,
            diff=DIFF,
            rationale="constant: <b>'x'</b> -> ''",
            turned_green=("t.py::test_a[*]",),
            checked=12,
            warnings=("deletes-code",),
        ),
        TaskReport(
            "t2",
            "KeyError: 'k'",
            ("t.py::test_b",),
            False,
            why_not="no *candidate* passed",
            suspects=(Suspect("x.py", 4, 0.75),),
            near_misses=(NearMiss("x.py:4", "`<` -> `>`", "breaks a passing test", ""),),
        ),
    ),
    unrepaired=(Unrepaired("t.py::test_c", "flaky", "passed 1 of 10 runs"),),
    guards="14 of 14 collected tests, 2 runs",
    diff=DIFF,
    cost=Cost(12.2, 77),
    sandbox=SandboxInfo("namespaces", Capabilities(private_writes=True)),
)

MARKDOWN = """\
# codemode: fixed 1 of 3 failing tests

| cause | tests | result | how, or why not |
| --- | ---: | --- | --- |
| ``AssertionError: assert `a` == 'b'`` | 1 | fixed | constant: \\<b\\>'x'\\</b\\> -\\> '' |
| `KeyError: 'k'` | 1 | not fixed | no \\*candidate\\* passed |
| `t.py::test_c` | 1 | flaky | passed 1 of 10 runs |

- stopped: all selected tests pass
- guards: 14 of 14 collected tests, 2 runs
- sandbox: namespaces
- cost: 12 s, 77 candidates, no model
- written: `x.py`

## Fixed: ``AssertionError: assert `a` == 'b'``

constant: \\<b\\>'x'\\</b\\> -\\> ''

````diff
--- a/x.py
+++ b/x.py
@@ -1 +1 @@
-a = '```'
+a = ''
````

- turned green: `t.py::test_a[*]`
- tests that passed before and still pass: 12
- look twice: deletes-code
- took 0.0 s, 0 candidates

## Not fixed: `KeyError: 'k'`

no \\*candidate\\* passed

- fails: `t.py::test_b`
- suspicious: `x.py:4` (0.75)
- nearest miss: `x.py:4` `` `<` -> `>` `` breaks a passing test
- took 0.0 s, 0 candidates

## Flaky: `t.py::test_c`

passed 1 of 10 runs
"""


def test_json_holds_the_whole_report(tmp_path):
    path = tmp_path / "report.json"

    write(REPORT, str(path))

    assert decode(RunReport, json.loads(path.read_text())) == REPORT


def test_markdown_reads_like_this_and_foreign_text_stays_text(tmp_path):
    path = tmp_path / "report.md"

    write(REPORT, str(path))

    assert path.read_text() == MARKDOWN


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("r.json", '{\n  "run_id": "r1",'),
        ("r.md", "# codemode: fixed 1 of 3"),
        ("r.html", "<!DOCTYPE html>"),
        ("r.sarif", '{\n  "$schema": "https://docs.oasis-open.org/sarif/'),
        ("r.codequality.json", '[\n  {\n    "description": "AssertionError'),
        ("codequality.json", '{\n  "run_id": "r1",'),
        ("r.sarif.json", '{\n  "run_id": "r1",'),
    ],
)
def test_the_longest_suffix_says_the_format(tmp_path, name, begins):
    write(REPORT, str(tmp_path / name))

    assert (tmp_path / name).read_text()[: len(begins)].lower() == begins.lower()


def test_services_that_know_the_repository_are_told_where_the_rootdir_lies(tmp_path):
    for name in ("r.sarif", "r.codequality.json", "r.md"):
        write(REPORT, str(tmp_path / name), folder="packages/shop")

    assert '"uri": "packages/shop/x.py"' in (tmp_path / "r.sarif").read_text()
    assert '"path": "packages/shop/x.py"' in (tmp_path / "r.codequality.json").read_text()
    assert (tmp_path / "r.md").read_text() == MARKDOWN


@pytest.mark.parametrize("name", ["report", "report.pdf", "report.json.gz", "report.JSON", "folder.md/report"])
def test_another_suffix_is_a_sentence_that_names_those_there_are(tmp_path, name):
    assert suffix_of(name) is None
    with pytest.raises(ConfigError, match=r"has no known suffix; end it in \.json, \.md, .* or \.codequality\.json"):
        write(REPORT, str(tmp_path / name))


def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "folder" / "report.md"

    write(REPORT, str(path))
    write(REPORT, str(path))

    assert list(path.parent.iterdir()) == [path]


def test_a_file_keeps_its_mode_and_whoever_reads_the_old_one_reads_it_to_the_end(tmp_path):
    path = tmp_path / "report.md"
    put(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask()
    path.chmod(0o640)

    with path.open("rb") as reader:
        put(path, b"new")
        assert reader.read() == b"old"

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_in_its_place_is_replaced_and_what_it_leads_to_stays(tmp_path):
    other = tmp_path / "other"
    other.write_text("mine")
    path = tmp_path / "report.md"
    path.symlink_to(other)

    put(path, b"new")

    assert (path.is_symlink(), path.read_bytes(), other.read_text()) == (False, b"new", "mine")


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(tmp_path):
    path = tmp_path / "report.md"
    path.mkdir()

    with pytest.raises(IsADirectoryError):
        put(path, b"new")

    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_has_the_name_of_an_unfinished_one_is_nobody_s_to_remove(tmp_path):
    mine = tmp_path / f".report.md.{os.getpid()}.tmp"
    mine.write_text("mine")

    put(tmp_path / "report.md", b"new")

    assert mine.read_text() == "mine"


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path):
    tmp_path.joinpath("file").write_text("")

    with pytest.raises(ConfigError, match=r"--codemode-report: .*report.md cannot be written \(.*\); name another"):
        write(REPORT, str(tmp_path / "file" / "report.md"))


def test_control_characters_become_escapes_in_markdown(tmp_path):
    path = tmp_path / "report.md"

    write(RunReport("r1", "bad\x1b[2J", False, notices=("\u202e",)), str(path))

    assert "\x1b" not in path.read_text()
    assert "\u202e" not in path.read_text()
