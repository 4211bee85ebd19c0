from pathlib import Path

import pytest

from pytest_codemode.launch.arguments import for_sandbox


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("--codemode-fix tests", "tests"),
        ("--codemode-diff --codemode-network tests", "tests"),
        ("--codemode-budget time=1m tests", "tests"),
        ("--codemode-budget=time=1m tests", "tests"),
        ("--codemode-report a.json --codemode-report b.md tests", "tests"),
        ("-x tests", "tests"),
        ("--exitfirst tests", "tests"),
        ("--maxfail 2 tests", "tests"),
        ("--maxfail=2 tests", "tests"),
        ("--lf --ff --nf --sw --sw-skip tests", "tests"),
        ("--last-failed --failed-first --new-first --stepwise --stepwise-skip --stepwise-reset tests", "tests"),
        ("-n 2 tests", "tests"),
        ("-n4 tests", "tests"),
        ("-nauto tests", "tests"),
        ("-n=3 tests", "tests"),
        ("--numprocesses 2 --dist loadfile -d tests", "tests"),
        ("--cov=shop --cov-report=html --cov-report term --cov-fail-under 90 tests", "--cov=shop tests"),
        ("--cov shop --cov-branch --cov-config=ci.toml tests", "--cov shop --cov-config=ci.toml tests"),
        ("--pdb --trace --pdbcls a:B tests", "tests"),
        ("--junitxml out.xml --junit-prefix=p --durations 5 tests", "tests"),
        ("-xvs tests", "-vs tests"),
        ("-vxn4 tests", "-v tests"),
        ("-vn 4 tests", "-v tests"),
        ("-vk expr tests", "-v -k expr tests"),
        ("-xkexpr tests", "-kexpr tests"),
        ("-p no:cacheprovider -p xdist tests", "-p no:cacheprovider -p xdist tests"),
        ("-pno:cacheprovider tests", "-pno:cacheprovider tests"),
        ("-k x -m n tests", "-k x -m n tests"),
        ("-o xfail_strict=true -W error -c other.ini", "-o xfail_strict=true -W error -c other.ini"),
        ("--ignore tests/slow tests/test_a.py::test_x[-x]", "--ignore tests/slow tests/test_a.py::test_x[-x]"),
        ("-q -- -x --lf", "-q -- -x --lf"),
        ("-", "-"),
        ("--maxfail", ""),
        ("-k", "-k"),
    ],
)
def test_what_makes_no_sense_in_a_sandbox_is_left_out_and_the_rest_is_kept(given: str, kept: str):
    assert for_sandbox(given.split(), Path()) == tuple(kept.split())


def test_values_with_spaces_stay_one_argument():
    assert for_sandbox(["-k", "a and not b", "-x"], Path()) == ("-k", "a and not b")


def test_an_argument_file_is_read_where_pytest_was_started(tmp_path: Path):
    tmp_path.joinpath("args.txt").write_text("-x\n-k\na or b\n")

    assert for_sandbox(["@args.txt", "tests"], tmp_path) == ("-k", "a or b", "tests")
