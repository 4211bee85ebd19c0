import re
from dataclasses import replace

import pytest

from pytest_codemode.core.report import Excerpt, FileCoverage, LineCoverage, Moment, Tried
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.page import coverage, heat, searched, timeline
from pytest_codemode.report.page.coverage import ranges
from pytest_codemode.report.page.scale import Scale, plain
from tests.report.rich import DIFF, FIXED, RICH, UNFIXED


def boxes(svg, kind):
    """Return (x, y, width, height) of the rectangles of a class."""
    found = re.findall(rf'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" class="{kind}"', svg)
    return [tuple(map(float, one)) for one in found]


def test_a_cell_is_the_higher_the_further_its_best_candidate_got():
    steps = list(searched.STEPS)
    tried = [Tried("a.py", 1, step, **{"refused": 1, step: 1}) for step in steps]
    picture = searched.render(tried, 1)
    heights = [boxes(picture, f"step-{step}")[-1][3] for step in steps]
    assert heights == sorted(set(heights))
    assert heights[0] > 0


def test_cells_stand_where_their_line_and_operator_meet():
    picture = searched.render([Tried("a.py", 1, "op", moved=1), Tried("a.py", 9, "op", moved=1)], 1)
    (left, top, _, high), (other_left, other_top, _, _) = boxes(picture, "step-moved")[-2:]
    assert left == other_left
    assert other_top >= top + high


def test_the_search_is_said_in_words_and_in_a_table():
    picture = searched.render(FIXED.tried, 1, FIXED.excerpts)
    assert (
        "61 candidates of 5 operators at 3 lines: 3: refused by the policy, or did not fit, 48: tests fail" in picture
    )
    assert "The furthest was compare.operator at shop/cart.py:14." in picture
    row = "<code>compare.operator</code></th><td><code>shop/cart.py:14</code></td>"
    numbers = "".join(f'<td class="number">{one}</td>' for one in ("–", "2", "–", "–", "1", "2"))
    assert row + numbers in picture
    assert "5 candidates (2 unchanged, 1 broke, 2 passed)" in picture
    assert "return self.total() &gt; FREE_FROM" in picture


def test_of_too_many_lines_and_operators_those_that_got_furthest_are_shown():
    tried = [Tried("a.py", at, f"op{at}", unchanged=1) for at in range(1, 100)]
    picture = searched.render([*tried, Tried("z.py", 500, "best", passed=1)], 1)
    assert len(boxes(picture, "step-passed")) == 2  # the cell and the legend's
    assert picture.count("60 more") == 2
    assert "120 candidates" not in picture


def test_nothing_tried_is_no_picture():
    assert searched.render((), 1) == ""


def test_the_curve_reaches_its_height_at_the_end_and_marks_lie_in_their_lanes():
    picture = timeline.render(RICH)
    candidates, dollars = re.findall(r'd="(M[^"]+)" class="curve (?:candidates|dollars)"', picture)
    ends = [[float(number) for number in curve.split("L")[-1].split()] for curve in (candidates, dollars)]
    assert ends[0][0] == ends[1][0] == 1164.0
    assert ends[0][1] < ends[1][1]
    works = boxes(picture, "work")
    lanes = sorted({top for _, top, _, _ in works[1:]})  # the first one is the legend's
    assert len(lanes) == len(RICH.tasks)
    assert len(re.findall('class="mark-patch"', picture)) == 2 + 1
    assert len(re.findall('class="mark-nearer"', picture)) == 2 + 1


def test_without_a_model_there_is_no_curve_of_dollars():
    free = replace(RICH, timeline=tuple(replace(one, usd=0.0) for one in RICH.timeline))
    assert "dollars" not in timeline.render(free).lower()


def test_work_on_a_cause_is_one_stretch_until_another_has_its_turn():
    def at(time, task):
        return Moment(time, int(time), 0.0, task, "tried", "x")

    moments = (at(0, ""), at(10, "t1"), at(20, "t1"), at(30, "t3"), at(40, "t1"), at(50, "t1"))
    works = boxes(timeline.render(replace(RICH, timeline=moments)), "work")[1:]
    shares = sorted(round((x - 224) / 940 * 50) for x, _, _, _ in works)
    assert shares == [0, 20, 30]


@pytest.mark.parametrize("moments", [(), (RICH.timeline[0],)])
def test_a_run_without_moments_says_so(moments):
    assert "does not say when" in timeline.render(replace(RICH, timeline=moments))


def test_a_run_that_used_nothing_has_a_timeline_all_the_same():
    nothing = (Moment(0.0, 0, 0.0, "", "stage", "reproduce"), Moment(0.0, 0, 0.0, "", "stage", "end"))
    assert 'class="curve candidates"' in timeline.render(replace(RICH, timeline=nothing))


def test_moments_that_are_out_of_order_are_put_in_order():
    shown = timeline.render(replace(RICH, timeline=RICH.timeline[::-1]))
    assert 'width="-' not in shown
    assert boxes(shown, "band-0") == boxes(timeline.render(RICH), "band-0")


@pytest.mark.parametrize("usd", [5e-324, 1e-12, 1e300])
def test_sums_of_any_size_have_an_axis(usd):
    moments = (Moment(0.0, 0, 0.0, "", "stage", "search"), Moment(1.0, 1, usd, "", "stage", "end"))
    assert "US dollars" in timeline.render(replace(RICH, timeline=moments))


def test_the_shade_follows_the_score_and_the_score_is_written():
    lines = tuple(f"line {at}" for at in range(1, 5))
    suspects = (Suspect("a.py", 1, 1.0), Suspect("a.py", 2, 0.5), Suspect("a.py", 3, 0.01), Suspect("b.py", 4, 1.0))
    shown = heat.render(replace(UNFIXED, suspects=suspects, excerpts=(Excerpt("a.py", 1, lines),)))
    assert re.findall(r'<tr class="(heat-\d)"', shown) == ["heat-9", "heat-4", "heat-1"]
    assert re.findall(r"</svg>([\d.]+)</td>", shown) == ["1.00", "0.50", "0.01"]
    assert '<tr><td class="number">4</td>' in shown


def test_lines_that_the_patch_changes_are_marked_in_the_heat_map():
    shown = heat.render(FIXED)
    patched = re.findall(r'class="number">(\d+)</td>(?:(?!</tr>).)*patched', shown)
    assert patched == ["14"]
    assert heat.changed_lines(DIFF) == {("shop/cart.py", 14), ("shop/rates.txt", 2)}


def test_excerpts_of_one_file_are_one_table():
    assert heat.render(FIXED).count('class="heat"') == 1


def test_coverage_compares_lines_across_their_new_numbers():
    shown = coverage.render(RICH)
    # The import above moves 8, 11 and the patched 14 down by one: only 18 is executed for the first time.
    assert "<td><code>18</code></td><td>–</td>" in shown
    lost = FileCoverage("shop/cart.py", LineCoverage((8, 17), (11,)), LineCoverage((9,), (12, 18)), 1)
    assert "<td>–</td><td><code>17</code></td>" in coverage.render(replace(RICH, coverage=(lost,)))


def test_a_strip_of_a_long_file_is_drawn_by_pixels():
    lines = LineCoverage(tuple(range(1, 9000, 2)), tuple(range(2, 9000, 2)))
    shown = coverage.render(replace(RICH, coverage=(FileCoverage("a.py", lines, lines, 1),)))
    assert len(shown) < 10_000


def test_line_numbers_are_gathered_to_ranges():
    assert ranges([9, 3, 4, 5, 1]) == "1, 3–5, 9"
    assert ranges(range(0, 100, 2)).endswith("22 and 38 more ranges")


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0, ["0"]), (7, ["0", "5"]), (1000, ["0", "500", "1,000"]), (0.071, ["0", "0.05"]), (1, ["0", "0.5", "1"])],
)
def test_ticks_are_round_numbers(most, ticks):
    assert [plain(tick) for tick in Scale(most, 0, 100).ticks(3)] == ticks


def test_a_scale_ends_at_its_ends():
    scale = Scale(10, 100, 200)
    assert [scale.at(value) for value in (-5, 0, 5, 10, 99)] == [100, 100, 150, 200, 200]
