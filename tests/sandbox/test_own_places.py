"""A test that writes into the tree gives the same result in every mode, and leaves nothing for any other run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Candidate, Mode, Swap
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

TOTAL = "def total(xs):\n    n = 1\n    for x in xs:\n        n += x\n    return n\n"
FIXED = TOTAL.replace("n = 1", "n = 0")
FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "cart.py": TOTAL,
    "logged/__init__.py": """
        from pathlib import Path
        LOG = Path(__file__).with_name("app.log")
        log = LOG.open("a+")
    """,
    "logged/cart.py": TOTAL,
    "tests/test_out.py": """
        import sqlite3
        import tempfile
        from pathlib import Path
        from cart import total

        OUT = Path(__file__).with_name("out")

        def save(number):
            OUT.mkdir()
            (OUT / "result.txt").write_text(str(number))

        def test_late():
            save(total([1]))
            assert (OUT / "result.txt").read_text() == "1"

        def test_early():
            assert total([1]) == 1
            OUT.with_name("early").mkdir()
            OUT.with_name("early").rmdir()

        def test_database():
            with sqlite3.connect(OUT.with_suffix(".db")) as connection:
                connection.execute("create table t (x)")

        MADE = Path(tempfile.mkdtemp())

        def test_file_of_the_import():
            (MADE / "x").write_text("x")

        def test_fine():
            assert total([]) == 1

        def test_own_refusal():
            raise PermissionError("only for members")
    """,
    "tests/test_logged.py": """
        import logged
        from logged.cart import total

        def test_total():
            logged.log.write("total\\n")
            logged.log.flush()
            logged.log.seek(0)
            assert logged.log.read() == "total\\n"
            assert total([1]) == 1
    """,
}
EXPECTED = {
    "test_total": "failed",
    "test_late": "failed",
    "test_early": "failed",
    "test_database": "passed",
    "test_file_of_the_import": "passed",
    "test_fine": "passed",
    "test_own_refusal": "failed",
}
OUT = "tests/test_out.py::"
LATE, EARLY, OWN = f"{OUT}test_late", f"{OUT}test_early", f"{OUT}test_own_refusal"
LOGGED = "tests/test_logged.py::test_total"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("writes")
    write_project(root, FILES)
    return root


@pytest.fixture(scope="module", params=["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def sandbox(root: Path, request: pytest.FixtureRequest) -> Iterator[Sandboxed]:
    before = sorted(root.rglob("*"))
    with sandboxed(project_at(root, level=request.param)) as box:
        yield box
    assert sorted(root.rglob("*")) == before


def candidate(path: str = "cart.py", *, swap: bool) -> Candidate:
    swaps = (Swap(path, "total", 1, FIXED),) if swap else ()
    return Candidate("k", {path: FIXED.encode()}, swaps)


@pytest.mark.parametrize("mode", [Mode.WARM, Mode.RELOAD, Mode.COLD])
def test_every_mode_gives_the_same_outcomes(sandbox: Sandboxed, mode: Mode) -> None:
    told: list[str] = []
    run = sandbox.run(mode=mode, on_result=lambda result: told.append(result.nodeid))

    assert (run.status, run.reason, run.collection_errors) == ("finished", "", ())
    assert {result.nodeid.partition("::")[2]: result.outcome.value for result in run.results} == EXPECTED
    assert sorted(told) == sorted(result.nodeid for result in run.results)


def test_failure_is_the_tests_own_and_not_that_of_the_fence(sandbox: Sandboxed) -> None:
    (late,) = sandbox.run(LATE).results
    (own,) = sandbox.run(OWN).results

    assert [failure.exception for failure in late.failures] == ["AssertionError"]
    assert [(failure.exception, failure.message) for failure in own.failures] == [
        ("PermissionError", "only for members")
    ]


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("nodeid", [LATE, EARLY])
def test_candidate_is_judged_where_its_test_may_write(sandbox: Sandboxed, nodeid: str, swap: bool) -> None:
    (tried,) = sandbox.attempt(candidate(swap=swap), on=(nodeid,))
    assert (tried.status, tried.strategy, tried.reason) == ("passed", "cold", "")


def test_no_candidate_sees_what_another_wrote(sandbox: Sandboxed) -> None:
    fixed = candidate(swap=True)
    tried = sandbox.attempt(*(Candidate(key, fixed.files, fixed.swaps) for key in "abc"), on=(LATE,))
    assert [(one.status, one.strategy) for one in tried] == [("passed", "cold")] * 3  # `mkdir` fails on a second one


def test_candidate_for_a_test_that_forks_can_judge_stays_in_a_fork(sandbox: Sandboxed) -> None:
    (tried,) = sandbox.attempt(candidate(swap=True), on=(f"{OUT}test_fine",))
    assert (tried.status, tried.strategy) == ("failed", "swap")
    (tried,) = sandbox.attempt(candidate(swap=True), on=(OWN,))
    assert tried.status == "failed"


def test_log_that_an_import_opened_is_each_forks_own(sandbox: Sandboxed) -> None:
    for _ in range(2):
        (tried,) = sandbox.attempt(candidate("logged/cart.py", swap=True), on=(LOGGED,))
        assert (tried.status, tried.strategy) == ("passed", "swap")
    (tried,) = sandbox.attempt(candidate("logged/cart.py", swap=False), on=(LOGGED,))
    assert (tried.status, tried.strategy) == ("passed", "cold")


def test_failure_that_was_none_does_not_stop_a_run(sandbox: Sandboxed) -> None:
    sandbox.refresh()  # so that nothing is known of the tests
    names = [f"{OUT}{name}" for name in ("test_database", "test_fine", "test_own_refusal")]
    outcomes = sandbox.outcomes(*names, stop_at_failure=True)
    assert outcomes == {"test_database": "passed", "test_fine": "passed", "test_own_refusal": "failed"}


def test_fixed_path_in_tmp_can_be_written_where_tmp_is_the_sandboxs_own(tmp_path: Path) -> None:
    name = f"/tmp/{tmp_path.name}-fixed"
    write_project(tmp_path, {"test_a.py": f"def test(): open({name!r}, 'w').close()\n"})
    with sandboxed(project_at(tmp_path)) as box:
        private = box.info().level == "namespaces"
        assert box.outcomes() == {"test": "passed" if private else "failed"}
    assert not Path(name).exists()


def test_files_without_write_permission_can_be_patched(tmp_path: Path) -> None:
    write_project(
        tmp_path, {"cart.py": TOTAL, "test_cart.py": "from cart import total\ndef test(): assert not total([])"}
    )
    (tmp_path / "cart.py").chmod(0o444)
    with sandboxed(project_at(tmp_path, cwd_on_path=True)) as box:
        (tried,) = box.attempt(candidate(swap=False), on=("test_cart.py::test",))
        assert (tried.status, tried.reason) == ("passed", "")
        assert box.outcomes(mode=Mode.COLD, files={"cart.py": FIXED.encode()}) == {"test": "passed"}
