"""The HTML report in Debian's chromium; `make browser` installs what is needed. One browser serves all tests here."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_codemode.report.page import render
from tests.report.rich import RICH, UNPROTECTED, hostile
from tests.report.samples import COVERED

HERE = Path(__file__).parent
BROKEN = """\
<!DOCTYPE html><title>x</title><img src="https://example.invalid/x.png">
<p style="color: #bbb; background: #fff; width: 3000px">pale and wide</p><script>console.log("ran")</script>
"""
"""What is wrong here must be seen, or seeing nothing on the pages would mean nothing."""
PAGES = {
    "rich.html": lambda: render(RICH),
    "hostile.html": lambda: render(hostile(RICH)),
    "unprotected.html": lambda: render(UNPROTECTED),
    "covered.html": lambda: render(COVERED),
    "covered-hostile.html": lambda: render(hostile(COVERED)),
    "broken.html": lambda: BROKEN,
}
PLAN = [
    ("rich.html", "light", 1280),
    ("rich.html", "dark", 1280),
    ("rich.html", "light", 360),
    ("rich.html", "dark", 360),
    ("hostile.html", "dark", 360),
    ("unprotected.html", "light", 1280),
    ("covered.html", "light", 1280),
    ("covered.html", "dark", 360),
    ("covered-hostile.html", "dark", 360),
    ("broken.html", "light", 360),
]
GOOD = PLAN[:-1]


def missing():
    """Return what is not installed here, empty if nothing is."""
    if shutil.which("chromium") is None:
        return "there is no chromium"
    if shutil.which("node") is None:
        return "there is no node"
    return "" if (HERE / "node_modules" / "playwright-core").is_dir() else "node_modules is missing"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    if reason := missing():
        reason = f"{reason}; `make browser` installs it"
        pytest.fail(reason) if os.environ.get("CODEMODE_BROWSER") == "required" else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / name).write_text(text(), "utf-8")
    (folder / "plan.json").write_text(json.dumps(PLAN))
    command = ["node", str(HERE / "look.js"), str(shutil.which("chromium")), str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads((folder / "seen.json").read_text())


def view(seen, plan):
    (found,) = (one for one in seen["views"] if (one["name"], one["colorScheme"], one["width"]) == plan)
    return found


@pytest.mark.parametrize("plan", GOOD, ids=str)
def test_page_opens_without_an_error_or_a_request_for_anything_else(seen, plan):
    found = view(seen, plan)
    assert found["console"] == []
    assert found["requests"] == [found["url"]]


@pytest.mark.parametrize("plan", GOOD, ids=str)
def test_page_is_accessible(seen, plan):
    assert view(seen, plan)["violations"] == []


@pytest.mark.parametrize("plan", GOOD, ids=str)
def test_page_is_never_wider_than_the_screen(seen, plan):
    found = view(seen, plan)
    for width, screen in (found["closed"], found["open"]):
        assert width <= screen == found["width"]


@pytest.mark.parametrize("plan", PLAN[:4], ids=str)
def test_source_has_room_on_every_screen(seen, plan):
    assert min(view(seen, plan)["code"]) > 200


@pytest.mark.parametrize("plan", PLAN[:4], ids=str)
def test_no_text_is_squeezed_into_a_narrow_column(seen, plan):
    assert view(seen, plan)["tall"] == []


def test_what_is_wrong_with_a_page_is_seen(seen):
    found = view(seen, PLAN[-1])
    assert {one.partition(",")[0] for one in found["violations"]} >= {"color-contrast", "html-has-lang", "image-alt"}
    assert "https://example.invalid/x.png" in found["requests"]
    assert "log: ran" in found["console"]
    assert found["closed"][0] > found["closed"][1]


def test_light_and_dark_differ(seen):
    light, dark = (view(seen, plan)["background"] for plan in PLAN[:2])
    assert light == "rgb(255, 255, 255)"
    assert dark != light


def test_keyboard_reaches_and_opens_everything_in_order_and_shows_where_it_is(seen):
    found = seen["keyboard"]
    assert found["reached"] == found["all"] > 40
    assert found["inOrder"]
    assert found["invisible"] == []
    assert found["stuck"] == []


def test_skip_link_leads_to_the_report(seen):
    assert seen["keyboard"]["skipped"] == ["#report", "report"]


def test_page_works_without_scripts_and_without_a_network(seen):
    found = seen["plain"]
    assert found["heading"].startswith("Fixed 4 of 57 failing tests")
    assert found["after"] == found["before"] + 1
    assert found["console"] == []
    assert len(found["requests"]) == 1


def test_paper_shows_what_is_folded_on_the_screen(seen):
    assert seen["print"]["onScreen"] > 10
    assert seen["print"]["onPaper"] == 0


def test_paper_is_as_wide_as_it_is(seen):
    assert seen["print"]["width"] <= 718


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("picture", "kinds"),
    [
        ("search", {"step-refused", "step-unchanged", "step-moved", "step-partly", "step-passed"}),
        ("timeline", {"work", "mark-nearer", "mark-patch", "curve candidates", "curve dollars", "band-0"}),
        ("heat", {"heat-9", "heat-6", "heat-3"}),
        ("diff", {"line del", "line ins", "none"}),
        ("tally", {"fill-good", "fill-doubt", "fill-bad", "fill-unclear"}),
        ("strip", {"executed", "missing"}),
    ],
)
def test_marks_of_every_picture_are_there_and_their_colours_on_the_screenshot(seen, scheme, picture, kinds):
    found = seen["pictures"][scheme][picture]
    marks = [mark for mark in found["marks"] if mark["kind"] in kinds]
    assert {mark["kind"] for mark in marks} == kinds
    for mark in marks:
        assert mark["width"] > 0
        assert mark["height"] > 0
    paper = channels(view(seen, ("rich.html", scheme, 1280))["background"])
    shown = [channels(colour) for colour in found["colours"]]
    wanted = {over(paper, channels(mark["colour"])) for mark in marks}
    assert len(wanted) == len(kinds)
    for colour in wanted:
        assert any(max(abs(one - other) for one, other in zip(colour, pixel, strict=True)) <= 1 for pixel in shown)


def channels(colour):
    return tuple(float(number) for number in re.findall(r"[\d.]+", colour))


def over(paper, colour):
    """Return a colour as it looks on paper, where it is see-through."""
    share = colour[3] if len(colour) > 3 else 1.0
    return tuple(round(above * share + below * (1 - share)) for above, below in zip(colour, paper, strict=False))
