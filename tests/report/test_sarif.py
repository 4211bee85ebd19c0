import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.report import Excerpt, RunReport, TaskReport, Unrepaired
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.sarif import render
from pytest_codemode.worktree.diff import unified_diff
from tests.report.samples import ERROR, FIXED, FULL, INTERRUPTED, NEW, OLD, SAMPLES, UNFIXED, failure
from tests.report.sarif_log import applied, validate

HOSTILE = "\x1b[2J\ud800 \u202e[click](https://x.invalid) {0} {12}\n\n<b> @all"


def run_of(report: RunReport) -> dict:
    (run,) = json.loads(render(report))["runs"]
    return run


@pytest.mark.parametrize("name", SAMPLES)
def test_it_validates_against_the_official_schema(name):
    validate(json.loads(render(SAMPLES[name])))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(st.characters(), max_size=30),
        st.sampled_from(["t.py::a", "0001-01-01T00:00:00+14:00", "--- a/x\n+++ b/x\n@@ -0 +1 @@\n-a\n+b\n"]),
    ),
    st.integers(-1, 3),
)
def test_whatever_a_report_holds_it_validates(text, line):
    frames = (Frame(text, line, text, {}), Frame("a.py", 1, text, {}))
    task = TaskReport(
        text,
        text,
        (text,),
        True,
        diff=text,
        rationale=text,
        suspects=(Suspect(text, line, 0.5, text), Suspect("b.py", 2, 0.5, text)),
        failures=(Failure(text, Phase.CALL, text, text, frames),),
    )
    report = RunReport(
        *(text, text, False, (text,), (task, replace(task, fixed=False, why_not=text))),
        unrepaired=(Unrepaired(text, "flaky", text),),
        started=text,
        notices=(text,),
        error=True,
    )
    validate(json.loads(render(report)))


def test_the_fix_gives_the_patched_file():
    (fix,) = run_of(FULL)["results"][0]["fixes"]
    assert applied(fix, {"shop/cart.py": OLD}) == {"shop/cart.py": NEW}
    assert fix["description"]["text"] == FIXED.rationale


def test_a_fix_of_several_files_and_strange_names_gives_the_patched_files():
    old = {"shop/a b#%.py": b"x = 1\r\ny = 2\r\n", "größe.py": "# ü𝒳\nz = 3".encode()}
    new = {"shop/a b#%.py": b"x = 1\r\ny = 3\r\n", "größe.py": "# ü𝒳\nz = 4\n".encode()}
    diff = b"".join(unified_diff(path, old[path], new[path]) for path in sorted(old)).decode()
    run = run_of(replace(FULL, tasks=(replace(FIXED, diff=diff),), diff=diff))
    (fix,) = run["results"][0]["fixes"]
    assert applied(fix, old) == new
    assert {change["artifactLocation"]["uri"] for change in fix["artifactChanges"]} == {
        "shop/a%20b%23%25.py",
        "gr%C3%B6%C3%9Fe.py",
    }


def test_the_fix_of_what_another_patch_uncovered_is_all_patches_together():
    middle = b"import math\n\n\n" + OLD
    final = middle.replace(b" - 1", b"")
    whole = unified_diff("shop/cart.py", OLD, final).decode()
    first = replace(FIXED, key="t0", diff=unified_diff("shop/cart.py", OLD, middle).decode())
    second = replace(FIXED, diff=unified_diff("shop/cart.py", middle, final).decode())

    one, two = run_of(replace(FULL, tasks=(first, second), diff=whole, unrepaired=()))["results"]

    assert applied(one["fixes"][0], {"shop/cart.py": OLD}) == {"shop/cart.py": middle}
    assert applied(two["fixes"][0], {"shop/cart.py": OLD}) == {"shop/cart.py": final}
    assert two["fixes"][0]["description"]["text"].startswith("all patches of the run together, among them: drop")
    assert two["properties"]["diff"] == second.diff


def test_a_report_without_the_whole_diff_has_no_fix_that_may_not_fit():
    (result,) = run_of(replace(FULL, tasks=(FIXED,), diff="", unrepaired=()))["results"]
    assert "fixes" not in result


def test_a_patch_of_a_file_that_is_not_utf_8_is_shown_as_a_diff_alone():
    diff = unified_diff("a.py", b"# \xe9\nx = 1\n", b"# \xe9\nx = 2\n").decode("utf-8", "replace")
    (result,) = run_of(replace(FULL, tasks=(replace(FIXED, diff=diff),), diff=diff, unrepaired=()))["results"]
    assert "fixes" not in result
    assert result["properties"]["diff"] == diff


def test_each_result_has_what_code_scanning_needs():
    run = run_of(FULL)
    assert len(run["results"]) == 5
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"]
        assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["codemodeFailure/v1"])
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith("/")


def test_a_cause_stands_at_its_patch_or_at_the_most_suspicious_line():
    fixed, unfixed, *rest = run_of(FULL)["results"]
    places = [
        (where["artifactLocation"]["uri"], where["region"]["startLine"])
        for result in (fixed, unfixed, rest[0])
        for where in [result["locations"][0]["physicalLocation"]]
    ]
    assert places == [("shop/cart.py", 2), ("shop/stock.py", 4), ("tests/test_net.py", 1)]
    line = "    return sum(prices) - 1"
    region = fixed["locations"][0]["physicalLocation"]["region"]
    assert (region["endColumn"], region["snippet"]) == (len(line) + 1, {"text": line})
    assert [one["physicalLocation"]["region"]["startLine"] for one in fixed["relatedLocations"]] == [6]


def test_a_line_that_the_report_does_not_hold_whole_has_no_end_that_may_be_wrong():
    excerpt = Excerpt("shop/cart.py", 1, ("def total(prices):", "    key = '[redacted]'", "x" * 400))
    suspects = tuple(Suspect("shop/cart.py", line, 0.5) for line in (1, 2, 3, 4))
    task = replace(UNFIXED, excerpts=(excerpt,), suspects=suspects, failures=())
    (result,) = run_of(RunReport("r", "s", green=False, tasks=(task,)))["results"]
    regions = [one["physicalLocation"]["region"] for one in (*result["locations"], *result["relatedLocations"])]
    assert [region.get("endColumn") for region in regions] == [19, None, None, None]


def test_the_message_tells_the_proof_or_why_not():
    fixed, unfixed, flaky, *_ = (result["message"]["text"] for result in run_of(FULL)["results"])
    assert fixed.startswith("AssertionError: assert 2 == 3. A proven patch turns 2 failing tests green.")
    assert "12 tests that passed before still pass." in fixed
    assert unfixed.startswith("KeyError: 'k'. Not fixed: none of 30 candidates turned the failing tests green.")
    assert flaky == "tests/test_net.py::test_c is flaky: passed 1 of 10 runs."


def fingerprints(report: RunReport) -> list[str]:
    return [result["partialFingerprints"]["codemodeFailure/v1"] for result in run_of(report)["results"]]


def test_fingerprints_name_the_failure_not_the_run_the_line_or_the_patch():
    shifted = b"# one more line\n" + OLD
    diff = unified_diff("shop/cart.py", shifted, shifted.replace(b" - 1", b" + 0")).decode()
    moved = tuple(replace(suspect, line=suspect.line + 1) for suspect in FIXED.suspects)
    fixed = replace(FIXED, key="t9", diff=diff, suspects=moved, rationale="another")
    unfixed = replace(UNFIXED, candidates=7, why_not="time is up", suspects=())
    again = replace(FULL, run_id="r2", tasks=(unfixed, fixed), diff=diff)

    assert fingerprints(again) == [fingerprints(FULL)[index] for index in (1, 0, 2, 3, 4)]
    assert fingerprints(replace(again, tasks=(replace(fixed, fixed=False, diff=""),)))[0] == fingerprints(FULL)[0]


def test_no_two_results_of_a_run_have_one_fingerprint():
    found = fingerprints(replace(FULL, tasks=(FIXED, FIXED, UNFIXED, FIXED)))
    assert len(set(found)) == len(found) == 7


def test_paths_outside_the_tree_are_not_shown():
    task = replace(UNFIXED, suspects=(Suspect("../up.py", 1, 1.0), Suspect("/abs.py", 1, 1.0)), failures=())
    text = render(replace(FULL, tasks=(FIXED, task)))
    assert "statistics.py" not in text
    assert "up.py" not in text
    assert "abs.py" not in text
    (unfixed,) = run_of(replace(FULL, tasks=(task,), unrepaired=()))["results"]
    assert unfixed["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tests/test_stock.py"


def test_a_rootdir_below_the_repository_is_in_every_path():
    (run,) = json.loads(render(FULL, "packages/my shop"))["runs"]
    uris = {artifact["location"]["uri"] for artifact in run["artifacts"]}
    assert uris >= {"packages/my%20shop/shop/cart.py", "packages/my%20shop/tests/test_net.py"}
    assert all(uri.startswith("packages/my%20shop/") for uri in uris)


def test_every_index_points_at_its_artifact():
    run = run_of(FULL)
    text = json.dumps(run["results"])
    named = re.findall(r'"uri": "([^"]+)", "uriBaseId": "%SRCROOT%", "index": (\d+)', text)
    assert len(named) > 10
    assert all(run["artifacts"][int(index)]["location"]["uri"] == uri for uri, index in named)


def test_foreign_text_is_neither_a_link_nor_a_placeholder_nor_a_control_character():
    task = replace(UNFIXED, cause=HOSTILE, why_not=HOSTILE)
    (result,) = run_of(RunReport("r", "s", green=False, tasks=(task,)))["results"]
    said = result["message"]["text"]
    assert "[click] (https" in said
    assert "](" not in said
    assert not re.search(r"\{\d+\}", said)
    assert said.isprintable()


def test_an_endless_recursion_is_bounded_and_shows_both_ends():
    frames = tuple(Frame("shop/cart.py", line, "f", {}) for line in range(1, 1001))
    task = replace(UNFIXED, failures=(replace(failure("t.py::t"), frames=frames),))
    (result,) = run_of(RunReport("r", "s", green=False, tasks=(task,)))["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps]
    assert (len(lines), lines[0], lines[-1]) == (100, 1, 1000)
    stack = result["stacks"][0]["frames"]
    assert stack[0]["location"]["physicalLocation"]["region"]["startLine"] == 1000  # innermost first


def test_more_results_than_code_scanning_takes_are_cut_and_said_to_be():
    flaky = tuple(Unrepaired(f"t.py::test_{number}", "flaky", "") for number in range(5_100))
    run = run_of(RunReport("r", "s", green=False, unrepaired=flaky))
    assert len(run["results"]) == 5_000
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "100 further results are left out: see the JSON report"


def test_tests_without_number_or_with_endless_names_are_cut_and_said_to_be():
    many = tuple(f"t.py::test_{number}[{'x' * 5_000}]" for number in range(150))
    task = replace(FIXED, nodeids=many, turned_green=many[:100], warnings=("w" * 9_000,), rationale="r" * 9_000)
    log = json.loads(render(replace(FULL, tasks=(task,), unrepaired=(), written=many, stop="s" * 9_000)))

    validate(log)
    said = log["runs"][0]["results"][0]["properties"]
    assert (len(said["tests"]), said["testsLeftOut"]) == (100, 50)
    assert len(said["turnedGreen"]) == 100
    assert "turnedGreenLeftOut" not in said
    assert said["tests"][0].startswith("t.py::test_0[xxx")
    assert said["tests"][0].endswith("xxx]")
    assert "[... 4,014 characters left out ...]" in said["tests"][0]
    assert log["runs"][0]["properties"]["writtenLeftOut"] == 50
    assert max(map(len, re.findall(r'"(?:[^"\\]|\\.)*"', json.dumps(log)))) < 4_100


def test_a_diff_is_there_whole_or_not_at_all():
    diff = unified_diff("a.py", OLD, OLD + b"x = 1\n" * 100_000).decode()
    (result,) = run_of(replace(FULL, tasks=(replace(FIXED, diff=diff),), diff=diff, unrepaired=()))["results"]
    assert result["properties"]["diffCharactersLeftOut"] == len(diff)
    assert not {"diff", "fixes"} & {*result, *result["properties"]}


def test_results_that_are_too_large_together_are_left_out_and_said_to_be():
    names = tuple(f"t.py::test_{number}[{'x' * 900}]" for number in range(100))
    report = replace(FULL, tasks=(replace(UNFIXED, nodeids=names),) * 500, unrepaired=(), notices=("n",) * 130)

    text = render(report)

    assert len(text) < 48 * 2**20
    (run,) = json.loads(text)["runs"]
    assert 300 < len(run["results"]) < 500
    assert [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"][-2:]] == [
        "30 further notes are left out",
        f"{500 - len(run['results'])} further results are left out: see the JSON report",
    ]


def test_a_path_that_no_system_would_open_is_none():
    endless = Suspect("a/" * 5_000, 1, 1.0)
    frames = (Frame("b/" * 5_000, 1, "f", {}),)
    task = replace(UNFIXED, suspects=(endless,), failures=(replace(failure("t.py::t"), frames=frames),))
    text = render(RunReport("r", "s", green=False, tasks=(task,)))
    assert not {"a/a", "b/b"} & set(re.findall("a/a|b/b", text))


def test_the_invocation_tells_how_the_run_ended():
    (ended,) = run_of(FULL)["invocations"]
    assert ended["executionSuccessful"]
    assert ended["startTimeUtc"] == "2026-11-30T12:00:00Z"
    assert ended["exitCodeDescription"] == FULL.stop
    (failed,) = run_of(ERROR)["invocations"]
    assert not failed["executionSuccessful"]
    assert failed["toolExecutionNotifications"][0] == {"level": "error", "message": {"text": ERROR.stop}}
    (interrupted,) = run_of(INTERRUPTED)["invocations"]
    assert not interrupted["executionSuccessful"]
    assert "startTimeUtc" not in interrupted


def test_cost_and_guards_are_in_the_properties_of_the_run():
    said = run_of(FULL)["properties"]
    assert said["guards"] == FULL.guards
    assert (said["cost"]["usd"], said["cost"]["candidates"]) == (0.0123, 100)
