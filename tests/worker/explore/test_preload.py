"""Files that a session imports once for all calls, whatever their import does."""

import signal
import sys
import time

from pytest_codemode.core.exploring import UNSWAPPABLE, ExploreRequest
from pytest_codemode.core.outcome import RunRequest, Swap
from pytest_codemode.worker.explore.preloading import import_each
from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import recipe

FILES = {
    "plain.py": """
        import os

        IMPORTED_BY = os.getpid()

        def pid():
            return IMPORTED_BY == os.getpid()

        def used():
            return 1

        print("imported")
        USED = used()
    """,
    "leaves.py": "import sys\nprint('bye', file=sys.stderr)\nsys.exit(3)\n",
    "fails.py": "raise BaseException('no')\n",
    "waits.py": "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except ValueError:\n        pass\n",
    "busy.py": """
        import threading

        def work():
            threading.Event().wait()

        threading.Thread(target=work, daemon=True).start()

        def nothing():
            return None
    """,
    "test_none.py": "def test_passes(): pass\n",
}


def explore(box, path, text, **fields):
    name = text.partition("(")[0]
    request = ExploreRequest(path, recipes=(recipe(text, name, module=path.removesuffix(".py")),), full=True, **fields)
    return box.portal.call(box.service.explore, [request])[0]


def refresh(box, *modules):
    box.portal.call(box.service.refresh, {}, modules)


def test_the_module_is_there_before_the_fork(tmp_path):
    write_project(tmp_path, FILES)
    with sandboxed(project_at(tmp_path)) as box:
        before = explore(box, "plain.py", "pid()", describe=True)
        refresh(box, "leaves.py", "fails.py", "no/such/module.py", "plain.py")
        after = explore(box, "plain.py", "pid()", describe=True)
        assert [one.observations[0].value.text for one in (before, after)] == ["True", "False"]
        assert (bool(before.imported), before.import_s > 0) == (True, True)
        assert (after.imported, after.import_s) == ((), 0.0)
        assert box.portal.call(box.service.run_tests, RunRequest()).results[0].outcome.value == "passed"
        refresh(box)
        assert explore(box, "plain.py", "pid()").observations[0].value.text == "True"


def test_what_its_import_ran_is_not_swapped(tmp_path):
    write_project(tmp_path, FILES)
    used = Swap("plain.py", "used", 9, "def used():\n    return 2\n")
    pid = Swap("plain.py", "pid", 6, "def pid():\n    return 'swapped'\n")
    with sandboxed(project_at(tmp_path)) as box:
        refresh(box, "plain.py")
        refused = explore(box, "plain.py", "used()", swaps=(used,))
        assert refused.status == "failed"
        assert "ran while the tests were collected" in refused.reason
        request = ExploreRequest(
            "plain.py",
            recipes=tuple(
                recipe(f"{name}()", name, module="plain", variant=at) for at, name in enumerate(("used", "pid"))
            ),
            variants=((used,), (pid,)),
            full=True,
        )
        one, other = box.portal.call(box.service.explore, [request])[0].observations
        assert (one.raised.type, other.value.text) == (UNSWAPPABLE, "'swapped'")


def test_an_import_that_does_not_end_is_given_up_and_leaves_the_streams_alone(tmp_path, monkeypatch):
    write_project(tmp_path, FILES)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plain", raising=False)
    before, handler = (sys.stdin, sys.stdout, sys.stderr), signal.getsignal(signal.SIGALRM)
    began_s = time.monotonic()
    import_each([f"{tmp_path}/{name}.py" for name in ("leaves", "plain", "waits", "fails")], within_s=0.3)
    assert 0.2 < time.monotonic() - began_s < 5
    assert {"plain", "waits"} & sys.modules.keys() == {"plain"}
    assert (sys.stdin, sys.stdout, sys.stderr) == before
    assert signal.getsignal(signal.SIGALRM) is handler
    del sys.modules["plain"]


def test_an_import_that_leaves_threads_says_so(tmp_path):
    write_project(tmp_path, FILES)
    with sandboxed(project_at(tmp_path)) as box:
        assert explore(box, "busy.py", "nothing()").threads
        assert not explore(box, "plain.py", "pid()").threads
