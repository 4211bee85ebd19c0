import re
from dataclasses import replace

from pytest_codemode.core.report import RunReport, TaskReport, Unrepaired
from pytest_codemode.report.markdown import MAX_BYTES, render
from tests.report.samples import EMPTY, ERROR, FIXED, FULL, UNFIXED

HOSTILE = "@octocat fixes #1 <script>alert(1)</script> [x](https://x.invalid) ``` | \x1b[2J ~~~\n\n# heading"


def test_the_proof_is_there():
    shown = render(FULL)
    assert "- coverage of `shop/cart.py` by 12 tests: 1 of 2 lines before, 2 of 2 lines now\n" in shown
    assert "- patch, not written to the tree: `.codemode/runs/20261130-120000-a1b2/patch.diff`\n" in shown
    fixed = shown.split("## ")[1]
    assert "-    return sum(prices) - 1\n+    return sum(prices)\n" in fixed
    for line in (
        "turned green: `tests/test_cart.py::test_mean`",
        "tests that passed before and still pass: 12",
        "look twice: deletes-code",
        "changes 0 of 10 observed calls of passing tests, 1 of 5 inputs near them",
        "passes 1 case held back from the search",
        r"another patch that passes: constant: 1 -\> 0; differs on 2 of 9 inputs, as total(\[\]): here 0, there 1",
        "took 3.2 s, 70 candidates",
    ):
        assert f"- {line}\n" in fixed


def test_what_was_not_fixed_says_why_and_what_came_nearest():
    unfixed = render(FULL).split("## ")[2]
    assert unfixed.startswith("Not fixed: `KeyError: 'k'`\n\nnone of 30 candidates turned the failing tests green\n")
    assert r"- nearest miss: `shop/stock.py:4` `` `<` -> `>` `` breaks a passing test: test\_empty fails" in unfixed


def test_a_run_without_causes_has_no_table():
    assert (
        render(EMPTY)
        == "# codemode: nothing was fixed\n\n- stopped: no test failed\n- cost: 0.0 s, 0 candidates, no model\n"
    )
    assert "- error: --codemode-python: this interpreter has no pytest-codemode\n" in render(ERROR)


def prose(markdown: str) -> str:
    """Return what stands outside code, where text is live."""
    outside = re.sub(r"^(`{3,}).*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)


def test_no_foreign_text_is_live_wherever_it_stands():
    task = replace(
        UNFIXED,
        cause=HOSTILE,
        why_not=HOSTILE,
        nodeids=(HOSTILE,),
        suspects=(replace(UNFIXED.suspects[0], path=HOSTILE, why=HOSTILE),),
        near_misses=(replace(UNFIXED.near_misses[0], where=HOSTILE, summary=HOSTILE, verdict=HOSTILE, reason=HOSTILE),),
        alternatives=(replace(FIXED.alternatives[0], rationale=HOSTILE),),
    )
    fixed = replace(
        *(FIXED,), cause=HOSTILE, rationale=HOSTILE, diff=f"+{HOSTILE}\n", warnings=(HOSTILE,), turned_green=(HOSTILE,)
    )
    report = replace(
        *(FULL,), stop=HOSTILE, guards=HOSTILE, notices=(HOSTILE,), tasks=(task, fixed), written=(HOSTILE,)
    )
    report = replace(report, unrepaired=(Unrepaired(HOSTILE, "flaky", HOSTILE),))

    shown = render(report)

    assert "\x1b" not in shown
    outside = prose(shown)
    assert len(outside) > 2_000
    assert not re.search(r"@\w|(?<!&)#\d|https:/|(?<!\\)<|(?<!\\)\[|^#+ heading", outside, re.MULTILINE)


def test_the_table_has_as_many_cells_in_every_row():
    task = replace(UNFIXED, cause="a | b", why_not="c | d")
    rows = [line for line in render(replace(FULL, tasks=(task,))).splitlines() if line.startswith("|")]
    assert len(rows) == 6
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_a_very_long_report_fits_a_job_summary_and_says_what_is_left_out():
    diff = "--- a/x.py\n+++ b/x.py\n@@ -1 +1,2000 @@\n" + "+ü = 'ü'\n" * 2000
    tasks = tuple(replace(FIXED, cause=f"cause {number}", diff=diff) for number in range(400))
    flaky = tuple(Unrepaired(f"t.py::test_{number}", "flaky", "x" * 3_000) for number in range(400))

    shown = render(replace(FULL, tasks=tasks, unrepaired=flaky))

    assert MAX_BYTES - 10_000 < len(shown.encode()) <= MAX_BYTES < 2**20
    kept = shown.count("\n## ")
    assert shown.endswith(
        f"\n{800 - kept} of 800 sections are left out: a summary on GitHub holds no more than 1 MiB. "
        "The report as JSON has all of them.\n"
    )
    assert "| and 750 more | | | |\n" in shown
    assert shown.count("```") % 2 == 0


def test_a_long_diff_is_cut_and_says_where_the_rest_is():
    head = "--- a/x.py\n+++ b/x.py\n@@ -0,0 +1,1000 @@\n"
    task = replace(FIXED, diff=head + "+x\n" * 1000)
    shown = render(replace(FULL, tasks=(task,)))
    kept = len(head) + 3 * 397 - 1
    assert shown.count("\n+x") == 397
    assert (
        f"The diff is cut here, after {kept:,} of {len(head) + 3000:,} characters; "
        "`.codemode/runs/20261130-120000-a1b2/patch.diff` has the rest.\n"
    ) in shown


def test_long_lists_are_counted():
    nodeids = tuple(f"t.py::test_{number}" for number in range(100))
    report = RunReport("r", "s", green=False, tasks=(TaskReport("t", "c", nodeids, fixed=False),))
    shown = render(report)
    assert shown.count("- fails: ") == 20
    assert "- and 80 more tests\n" in shown
