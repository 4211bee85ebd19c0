from dataclasses import replace

from pytest_codemode.core.exploring import Described, Explored
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.preloading import worth_preloading


def gaps(path, count):
    return [FunctionGap(path, f"f{at}", 1, 1, 9, (), (), (), ()) for at in range(count)]


def described(path, **fields):
    return Explored("finished", callables=(Described(path, path.removesuffix(".py"), "f0", 1),), **fields)


SLOW = described("slow.py", import_s=0.3)


def test_a_module_that_every_request_would_import_is_named():
    some = {"slow.py": SLOW, "held.py": described("held.py")}
    assert worth_preloading(gaps("slow.py", 5) + gaps("held.py", 5), some) == ("slow.py",)


def test_few_functions_or_a_quick_import_are_not_worth_starting_again():
    assert worth_preloading(gaps("a.py", 1), {"a.py": described("a.py", import_s=0.1)}) == ()
    assert worth_preloading(gaps("a.py", 20), {"a.py": described("a.py", import_s=0.001)}) == ()


def test_an_import_that_fails_or_leaves_threads_is_never_named():
    for trouble in ({"status": "failed"}, {"threads": True}, {"callables": ()}):
        assert worth_preloading(gaps("slow.py", 50), {"slow.py": replace(SLOW, **trouble)}) == ()
