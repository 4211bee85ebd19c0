"""Programs that misuse the line of their `project`: it carries requests, bounded in size and number, no more."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.remote import RemoteAnswer, RemoteCall
from pytest_codemode.sandbox.isolation.choose import examine
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

Answers = Callable[[RemoteCall], RemoteAnswer]


@pytest.fixture(scope="module", params=["namespaces", "landlock"])
def fenced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    if examine(request.param).isolation is None:
        pytest.skip(f"{request.param} does not work on this machine")
    root = tmp_path_factory.mktemp("project")
    write_project(root, {"shop.py": "def total():\n    return 3\n", "pytest.ini": "[pytest]\n"})
    with sandboxed(project_at(root, level=request.param)) as found:
        yield found


def echo(call: RemoteCall) -> RemoteAnswer:
    return RemoteAnswer(call.number, {"method": call.method, "positional": list(call.positional), **call.named})


def run(
    fenced: Sandboxed, code: str, answers: Answers = echo, timeout_s: float = 30.0
) -> tuple[list[RemoteCall], Execution]:
    calls: list[RemoteCall] = []

    async def on_call(call: RemoteCall) -> RemoteAnswer:
        calls.append(call)
        return answers(call)

    program = textwrap.dedent(code)
    return calls, fenced.portal.call(fenced.service.converse, program, timeout_s, on_call)


def test_a_program_calls_and_gets_values_or_value_errors(fenced: Sandboxed) -> None:
    calls, ended = run(
        fenced,
        """
        import shop
        print(shop.total(), project.read("a.py", start=2)["start"])
        try:
            project.nothing()
        except ValueError as problem:
            print(problem)
        """,
        lambda call: echo(call) if call.method == "read" else RemoteAnswer(call.number, error="no such method"),
    )
    assert ended.stdout == "3 2\nno such method\n", ended
    assert [(call.number, call.method) for call in calls] == [(1, "read"), (2, "nothing")]


def test_a_traceback_begins_in_the_program(fenced: Sandboxed) -> None:
    _, ended = run(fenced, "def f():\n    1 / 0\nf()\n")
    assert ended.exit_code == 1
    assert ended.stderr.count("File ") == 2
    assert "program.py" in ended.stderr
    assert "project_object" not in ended.stderr


def test_an_answer_may_be_as_large_as_answers_are(fenced: Sandboxed) -> None:
    _, ended = run(fenced, "print(len(project.big()))", lambda call: RemoteAnswer(call.number, "x" * 149_000))
    assert ended.stdout == "149000\n", ended


@pytest.mark.parametrize(
    "code",
    [
        "os.write(3, b'garbage\\n')",
        "os.write(3, b'[1]\\n')",
        'os.write(3, b\'{"number": "one", "method": "read"}\\n\')',
        'os.write(3, b\'{"number": 1, "method": "read", "shell": true}\\n\')',
        'os.write(3, b\'{"number": 1, "method": "a", "positional": [\' + b\'[\' * 100_000 + b\'\\n\')',
        '[os.write(3, b\'{"number": 1, "method": "read"}\\n\') for _ in range(3)]',
        "open(3, 'wb', closefd=False).write(b'x' * 3_000_000)",
        'os.write(3, b\'{"say": "done", "execution": {}}\\n\')',
    ],
)
def test_a_program_that_breaks_the_rules_is_killed(fenced: Sandboxed, code: str) -> None:
    calls, ended = run(fenced, f"import os, time\n{code}\ntime.sleep(25)\n")
    assert ended.status == "killed", ended
    assert "nonsense" in ended.reason
    assert len(calls) <= 2


def test_a_program_that_never_takes_its_answer_keeps_nobody_waiting(fenced: Sandboxed) -> None:
    code = """
        import os, json
        for number in range(1, 40):
            os.write(3, json.dumps({"number": number, "method": "big"}).encode() + b"\\n")
            import time; time.sleep(0.1)
        print("went on")
        """
    calls, ended = run(fenced, code, lambda call: RemoteAnswer(call.number, "x" * 149_000))
    assert len(calls) < 40
    assert ended.status == "killed" or "went on" in ended.stdout
    assert fenced.execute("print('alive')").stdout == "alive\n"


def test_time_ends_a_program_that_waits(fenced: Sandboxed) -> None:
    _, ended = run(fenced, "import time\nproject.read('a')\ntime.sleep(60)\n", timeout_s=1.5)
    assert (ended.status, "time limit" in ended.reason) == ("killed", True)


def test_a_child_that_keeps_the_line_dies_with_the_program(fenced: Sandboxed, tmp_path: Path) -> None:
    calls, ended = run(
        fenced,
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
            os._exit(0)
        print("left")
        """,
    )
    assert (calls, ended.stdout, ended.status) == ([], "left\n", "finished")


def test_the_line_is_the_only_descriptor_besides_the_usual(fenced: Sandboxed) -> None:
    _, ended = run(fenced, "import os\nprint(sorted(map(int, os.listdir('/proc/self/fd'))))")
    assert ended.stdout == "[0, 1, 2, 3, 4]\n"  # 4 is the listing's own
