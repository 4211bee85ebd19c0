import json
from dataclasses import replace

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Frame
from pytest_codemode.core.report import NearMiss, RunReport, TaskReport, Unrepaired
from pytest_codemode.repair.redaction import redacted
from tests.repair.sandbox import failure

KEY = "sk-" + "proj-" + "aB3dE5fG7h" * 4
DIFF = f'-KEY = "{KEY}"\n+KEY = "other"\n'


def test_nothing_that_is_told_holds_a_credential() -> None:
    seen = replace(
        failure("t.py::t", f"login with {KEY} failed"),
        frames=(Frame("m.py", 1, "f", {"password": "'hunter2-prod-99'", "count": "12"}, f"call('{KEY}')"),),
        left=f"'{KEY}'",
        output=f"Authorization: Bearer {KEY}",
        causes=(f"ValueError: {KEY}",),
    )
    task = TaskReport(
        "t1", f"ValueError: {KEY}", ("t.py::t",), fixed=False, why_not=f"now: {KEY}", diff=DIFF, failures=(seen,),
        near_misses=(NearMiss("m.py:1", "a -> b", "failed", f"now: {KEY}"),),
    )  # fmt: skip
    report = RunReport(
        "r1", f"it ended: {KEY}", green=False, tasks=(task,), unrepaired=(Unrepaired("t.py::u", "flaky", KEY),),
        diff=DIFF, notices=(KEY,), error=True,
    )  # fmt: skip

    clean = redacted(report)
    told = json.dumps(encode(replace(clean, diff="", tasks=tuple(replace(one, diff="") for one in clean.tasks))))
    assert KEY not in told
    assert "hunter2" not in told
    assert clean.tasks[0].failures[0].frames[0].locals == {"password": "[redacted]", "count": "12"}
    assert clean.tasks[0].cause == "ValueError: [redacted]"
    assert (clean.diff, clean.tasks[0].diff) == (DIFF, DIFF)


def test_a_report_without_credentials_is_the_same_one() -> None:
    task = TaskReport("t1", "ValueError: bad", ("t.py::t",), fixed=False, failures=(failure("t.py::t"),))
    report = RunReport("r1", "nothing to do", green=False, tasks=(task,))
    assert redacted(report) is report


def test_a_local_value_is_a_secret_if_its_name_says_so() -> None:
    values = {
        "token": "b'hunter2-prod-99'", "password": '"it\'s-hunter2-9"', "api_key": "SecretStr('hunter2-prod')",
        "secret": "'hunter2-prod-9", "token_kind": "Token(NAME, 'x')", "auth_token": "None", "x": "'hunter2-prod-99'",
    }  # fmt: skip
    seen = replace(failure("t.py::t"), frames=(Frame("m.py", 1, "f", values),))
    task = TaskReport("t1", "x", ("t.py::t",), fixed=False, failures=(seen,))

    shown = redacted(RunReport("r1", "x", green=False, tasks=(task,))).tasks[0].failures[0].frames[0].locals
    assert {name for name, text in shown.items() if text == "[redacted]"} == {"token", "password", "api_key", "secret"}
    assert shown["token_kind"] == "Token(NAME, 'x')"
