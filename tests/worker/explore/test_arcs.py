"""Arcs are those of coverage.py's PyTracer, whatever a frame does."""

import sys
from collections.abc import Iterator

import coverage
import pytest

from pytest_codemode.worker.explore.arcs import Arcs

SOURCES = {
    "branches": """
def f(a):
    if a > 1:
        return "big"
    elif a:
        b = [x for x in range(a)
             if x]
    for x in range(2):
        if x:
            continue
        a += x
    else:
        a -= 1
    while a < 3:
        a += 1
        if a == 2:
            break
    return a
def run():
    return [f(a) for a in range(4)]
""",
    "exceptions": """
def raises(a):
    raise ValueError(
        a)
def passes(a):
    try:
        return raises(a)
    finally:
        a += 1
def run():
    try:
        passes(1)
    except KeyError:
        pass
    except ValueError as problem:
        del problem
    with open(__file__) as file:
        file.read()
    try:
        with open(__file__) as file:
            1 / 0
    except ZeroDivisionError:
        return 1
""",
    "generators": """
import asyncio
def inner():
    yield 1
    got = yield 2
    yield got
def outer():
    yield from inner()
    return 3
async def waits(n):
    await asyncio.sleep(0)
    return n
async def agen():
    for i in range(3):
        yield await waits(i)
async def main():
    found = [x async for x in agen()]
    async for x in agen():
        break
    return found
def run():
    list(outer())
    stopped = outer()
    next(stopped)
    stopped.close()
    thrown = outer()
    next(thrown)
    try:
        thrown.throw(RuntimeError)
    except RuntimeError:
        pass
    asyncio.run(main())
""",
    "classes and lambdas": """
def run():
    class A:
        x = 1
        def f(self): return self.x
        g = lambda self: (
            self.x,
            2,
        )
        @property
        def p(self):
            return sum(i for i in (1, 2))
    a = A()
    a.f(), a.g(), a.p
    match a.x:
        case 1 if a.x > 2:
            pass
        case int():
            return 3
""",
}


@pytest.mark.parametrize("name", SOURCES)
def test_arcs_are_those_of_coverage(tmp_path, name):
    path = tmp_path / "traced.py"
    path.write_text(SOURCES[name])
    ours = Arcs(str(path))
    run = _run_of(path)
    ours.start()
    run()
    ours.stop()
    assert ours.seen == _by_coverage(_run_of(path), path)
    assert len(ours.seen) > 5


def _run_of(path):
    names = {"__name__": "traced", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names["run"]


def _by_coverage(run, path):
    cover = coverage.Coverage(data_file=None, branch=True, timid=True, include=[str(path)], config_file=False)
    before = sys.gettrace()
    cover.start()
    try:
        run()
    finally:
        cover.stop()
        sys.settrace(before)
    return {(start, end) for start, end in cover.get_data().arcs(str(path)) or () if start != end}


def test_nothing_of_other_files_and_nothing_after_the_end(tmp_path):
    path = tmp_path / "traced.py"
    path.write_text(SOURCES["branches"])
    run = _run_of(path)
    ours = Arcs("/elsewhere.py")
    ours.start()
    run()
    ours.stop()
    assert not ours.seen
    ours = Arcs(str(path))
    ours.start()
    ours.stop()
    run()
    assert not ours.seen


def test_a_generator_that_is_resumed_after_the_end_does_not_hurt(tmp_path):
    path = tmp_path / "traced.py"
    path.write_text(SOURCES["generators"])
    names = {"__name__": "traced"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    ours = Arcs(str(path))
    ours.start()
    running: Iterator[int] = names["inner"]()
    next(running)
    ours.stop()
    seen = set(ours.seen)
    list(running)
    assert ours.seen == seen
