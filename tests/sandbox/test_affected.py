"""Which tests does a change affect? From an index in which only what has changed is recorded again."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Affected, AffectedRequest, Outcome, RunRequest, RunResult
from pytest_codemode.core.project import Limits
from pytest_codemode.worktree.mapstore import MapStore
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

FILES = {
    "pkg/__init__.py": "",
    "pkg/money.py": """
        RATE = 2

        def add(a, b):
            return a + b

        def scale(a):
            return add(a * RATE, 0)

        class Cart:
            limit = 10

            def __init__(self):
                self.items = []

            def put(self, item):
                self.items.append(item)

            def total(self):
                return sum(self.items)

        def stocked():
            cart = Cart()
            cart.put(3)
            return cart

        def put_away():
            pass
    """,
    "pkg/text.py": """
        import string

        def shout(text):
            return text.upper()

        def whisper(text):
            return text.lower()
    """,
    "pkg/unused.py": "def never():\n    pass\n",
    "tests/conftest.py": """
        import pytest
        from pkg import money

        @pytest.fixture(scope="module")
        def cart():
            yield money.stocked()
            money.put_away()
    """,
    "tests/helper.py": "def same(a, b):\n    assert a == b\n",
    "tests/test_money.py": """
        import pytest
        from helper import same
        from pkg.money import add, scale

        def test_add():
            same(add(1, 2), 3)

        @pytest.mark.parametrize("value", [1, 2])
        def test_scale(value):
            same(scale(value), 2 * value)
    """,
    "tests/test_cart.py": """
        def test_total(cart):
            assert cart.total() == 3

        def test_limit(cart):
            assert cart.limit == 10

        def test_nothing():
            pass
    """,
    "more/test_text.py": """
        from pkg.text import shout, whisper

        def test_shout():
            assert shout("a") == "A"

        def test_whisper():
            assert whisper("A") == "a"
    """,
}
ALL = 8


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    write_project(root, FILES)
    return root


@pytest.fixture
def box(root: Path) -> Iterator[Sandboxed]:
    with sandboxed(project_at(root, sys_path=(*project_at(root).sys_path, str(root)), **SETTINGS)) as box:
        yield box


SETTINGS = {"pytest_args": ("-p", "no:randomly"), "cwd_on_path": True}


def affected(box: Sandboxed, *functions: str, **fields: object) -> Affected:
    request = AffectedRequest(functions=functions, **fields)  # type: ignore[arg-type]
    return box.portal.call(box.service.affected_tests, request, None)


def mapped(box: Sandboxed) -> RunResult:
    return box.portal.call(box.service.run_mapped, RunRequest(record="functions", reuse=True), None)


def names(answer: Affected) -> list[str]:
    return [test.nodeid.partition("::")[2] for test in answer.tests]


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def test_a_change_affects_the_tests_that_execute_it_most_first_and_those_that_import_it(box: Sandboxed) -> None:
    first = affected(box, "pkg/money.py::add")

    assert (first.status, first.recorded, first.known, first.notes) == ("finished", ALL, ALL, ())
    assert sorted(names(first)) == ["test_add", "test_scale[1]", "test_scale[2]"]
    assert {test.why for test in first.tests} == {"executes"}
    durations = [test.duration_s for test in first.tests]
    assert durations == sorted(durations)

    both = affected(box, "pkg/money.py::add", "pkg/money.py::scale")
    assert names(both)[2] == "test_add"
    assert [test.shared for test in both.tests] == [2, 2, 1]
    assert both.recorded == 0

    # A fixture that several tests share belongs to each of them.
    assert sorted(names(affected(box, "pkg/money.py::stocked"))) == ["test_limit", "test_total"]
    assert sorted(names(affected(box, "pkg/money.py::put_away"))) == ["test_limit", "test_total"]
    assert names(affected(box, "pkg/money.py::Cart.total")) == ["test_total"]
    assert names(affected(box, "pkg/unused.py::never")) == []
    assert names(affected(box)) == []

    whole = affected(box, paths=("pkg/money.py",))
    kinds = {test.nodeid.partition("::")[2]: test.why for test in whole.tests}
    assert kinds["test_limit"] == "executes"
    assert kinds["test_nothing"] == "imports"  # by the conftest above it
    assert {test.why for test in affected(box, paths=("tests/conftest.py",)).tests} == {"executes", "imports"}
    assert len(affected(box, paths=("tests/conftest.py",)).tests) == ALL - 2
    assert sorted(names(affected(box, paths=("tests/helper.py",)))) == ["test_add", "test_scale[1]", "test_scale[2]"]


def test_a_patch_affects_what_executes_the_functions_it_changes(root: Path, box: Sandboxed) -> None:
    text = (root / "pkg/text.py").read_text()
    money = (root / "pkg/money.py").read_text()

    def of(path: str, patched: str) -> Affected:
        return affected(box, files={path: patched.encode()})

    assert names(of("pkg/text.py", text.replace("upper()", "title()"))) == ["test_shout"]
    assert names(of("pkg/text.py", text + "\n# a remark\n")) == []
    assert names(of("pkg/text.py", text)) == []
    assert sorted(names(of("pkg/text.py", text.replace("whisper(text)", "whisper(text=1)")))) == [
        "test_shout",  # the default is made when the file is imported
        "test_whisper",
    ]
    assert of("pkg/money.py", money.replace("limit = 10", "limit = 9")).tests[0].why == "imports"
    assert len(of("pkg/money.py", money.replace("limit = 10", "limit = 9")).tests) == ALL - 2
    # A new file that stands in for one that was installed, or was missing.
    assert sorted(names(of("tests/string.py", "X = 1\n"))) == []
    assert sorted(names(of("string.py", "X = 1\n"))) == ["test_shout", "test_whisper"]
    assert len(of("conftest.py", "X = 1\n").tests) == ALL
    assert len(of("tests/test_new/conftest.py", "X = 1\n").tests) == 0
    assert (root / "pkg/text.py").read_text() == text


def test_lines_of_the_changed_files_come_on_request(box: Sandboxed) -> None:
    pytest.importorskip("coverage")
    (found,) = affected(box, "pkg/text.py::shout", lines=True).tests

    assert found.lines == {"pkg/text.py": (5,)}


EDITS = (
    # (path, old, new, tests recorded again)
    ("pkg/money.py", "return a + b", "return b + a", 3),
    ("pkg/text.py", "text.lower()", "text.casefold()", 1),
    ("pkg/unused.py", "pass", "return 1", 0),
    ("pkg/money.py", "RATE = 2", "RATE = 1 + 1", 6),
    ("pkg/money.py", "self.items.append(item)", "self.items += [item]", 2),
    ("more/test_text.py", "def test_whisper", "def test_quiet", 2),
    ("tests/conftest.py", "yield money.stocked()", "yield money.stocked() or 1", 2),
    ("tests/helper.py", "assert a == b", "assert not a != b", 3),
    ("pkg/money.py", "def put_away():\n    pass", "def put_away():\n    return 1", 2),
    ("pkg/money.py", "return add(a * RATE, 0)", "return a * RATE", 2),
    ("tests/test_cart.py", "def test_nothing", "def test_more(cart):\n    cart.put(0)\n\ndef test_nothing", 4),
    ("pkg/text.py", "import string", "import string  # for later", 0),
    ("pkg/__init__.py", "", "VERSION = 1\n", ALL + 1),
)


LOOKS = (3, 7, 10, len(EDITS))
"""After how many edits the whole map is compared; the slow test compares it after each."""


def assert_as_if_made_anew(box: Sandboxed) -> None:
    with sandboxed(box.project) as fresh:
        rebuilt = mapped(fresh)
    kept = mapped(box)
    assert {r.nodeid: r.functions for r in kept.results} == {r.nodeid: r.functions for r in rebuilt.results}
    assert all(result.outcome is Outcome.PASSED for result in kept.results)
    assert all(result.functions for result in kept.results)


def test_only_what_executes_a_change_is_recorded_again_and_the_map_is_as_if_made_anew(
    root: Path, box: Sandboxed
) -> None:
    assert affected(box).recorded == ALL
    for number, (path, old, new, again) in enumerate(EDITS, 1):
        edit(root, path, old, new)

        assert affected(box).recorded == again, (path, new)
        assert affected(box).recorded == 0
        if number in LOOKS:
            assert_as_if_made_anew(box)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, *range(3)])
def test_after_edits_in_any_order_the_map_is_as_if_made_anew(root: Path, box: Sandboxed, seed: int | None) -> None:
    affected(box)
    for path, old, new, _again in EDITS if seed is None else random.Random(seed).sample(EDITS, len(EDITS)):
        edit(root, path, old, new)
        affected(box)
        assert_as_if_made_anew(box)


def test_outcomes_are_measured_anew_where_functions_come_from_the_index(root: Path, box: Sandboxed) -> None:
    data = root.parent / "data"
    data.mkdir()
    counter = data / "fails"
    edit(root, "more/test_text.py", "def test_shout", "import os\n\ndef test_shout")
    edit(
        root,
        "more/test_text.py",
        'assert shout("a") == "A"',
        f'assert shout("a") == "A"; assert not os.path.exists({str(counter)!r})',
    )
    with sandboxed(replace(box.project, mounts=(str(data),))) as mounted:
        before = {r.nodeid: r for r in mapped(mounted).results}
        counter.touch()
        after = {r.nodeid: r for r in mapped(mounted).results}

    shout = "more/test_text.py::test_shout"
    assert (before[shout].outcome, after[shout].outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert before[shout].functions == after[shout].functions == (shout, "pkg/text.py::shout")
    assert [result.phases[1].outcome for result in (before[shout], after[shout])] == ["passed", "failed"]


def test_the_index_outlives_the_server_and_one_that_came_with_a_checkout_does_not_count(root: Path) -> None:
    def asked() -> Affected:
        with sandboxed(project_at(root, sys_path=(*project_at(root).sys_path, str(root)), **SETTINGS)) as box:
            box.service.keep_map_in(MapStore(root))
            return affected(box, "pkg/text.py::shout")

    first, second = asked(), asked()
    assert (first.recorded, second.recorded) == (ALL, 0)
    assert second.tests == first.tests

    kept = root / ".codemode" / "map.json"
    kept.write_bytes(kept.read_bytes().replace(b"shout", b"other"))
    third = asked()
    assert third.recorded == ALL
    assert "was not written by your own codemode" in third.notes[0]

    kept.unlink()
    outside = root.parent / "outside"
    outside.write_text("untouched")
    kept.symlink_to(outside)
    fourth = asked()
    assert fourth.recorded == ALL
    assert fourth.notes
    assert outside.read_text() == "untouched"
    assert not kept.is_symlink()
    assert asked().recorded == 0


def test_a_test_that_cannot_be_recorded_counts_as_affected_by_everything(root: Path) -> None:
    write_project(root, {"tests/test_crash.py": "import os\n\ndef test_crash():\n    os._exit(1)\n"})
    with sandboxed(
        project_at(root, limits=Limits(run_s=60.0), sys_path=(*project_at(root).sys_path, str(root)), **SETTINGS)
    ) as box:
        answer = affected(box, "pkg/text.py::shout")
        assert [test.why for test in answer.tests] == ["executes", "unknown"]
        assert answer.known == ALL
        assert affected(box, "pkg/text.py::shout").recorded == 1


def test_a_suite_that_cannot_be_collected_says_why(root: Path, box: Sandboxed) -> None:
    (root / "tests/conftest.py").write_text("def pytest_configure():\n    1 / 0\n")
    answer = affected(box, "pkg/text.py::shout")

    assert (answer.status, answer.tests) == ("failed", ())
    assert "ZeroDivisionError" in answer.reason
