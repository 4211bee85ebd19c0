import base64
import enum
import hashlib
import html
import re
import types
import typing
from dataclasses import fields, replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_codemode.core.failure import SampledFrame, Samples
from pytest_codemode.core.report import Excerpt, FileCoverage, LineCoverage, Moment, RunReport, Tried, Unrepaired
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.page import render
from tests.report.rich import FIXED, HOSTILE, RICH, UNFIXED, UNPROTECTED, hostile
from tests.report.samples import SAMPLES

VOID = {"meta", "br", "col"}
MEGABYTE = 2**20


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.words = []
        self.style = ""
        self._open = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def check(text):
    """Check what holds for every page, whatever is in it, and return it parsed."""
    page = Page(text)
    assert text.encode("utf-8")
    assert not {"script", "iframe", "object", "embed", "link", "img", "base", "form", "a:script"} & {
        name for name, _ in page.elements
    }
    for name, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"], name
        for key in ("src", "href", "xlink:href", "action", "data"):
            assert attributes.get(key, "#").startswith("#"), (name, attributes)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for attributes in page.all("a"):
        assert attributes["href"][1:] in ids
    for _, attributes in page.elements:
        for label in attributes.get("aria-labelledby", "").split():
            assert label in ids
    assert "url(" not in page.style
    assert "@import" not in page.style
    return page


@pytest.mark.parametrize("name", [*SAMPLES, "rich", "unprotected"])
def test_every_page_is_whole_and_needs_nothing_else(name):
    report = {**SAMPLES, "rich": RICH, "unprotected": UNPROTECTED}[name]
    check(render(report))


def test_policy_allows_the_style_sheet_by_its_digest_and_nothing_else():
    page = check(render(RICH))
    (policy,) = (one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    names = [name for name, _ in page.elements]
    assert names.index("meta") < names.index("style")


def test_hostile_texts_stay_text():
    kind = Page(render(RICH))
    page = check(render(hostile(RICH)))
    harmless = r"</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>"
    assert page.text.count(harmless) > 50
    # Not one element more than the kind report has: hostile text changes words, nothing else.
    assert {name for name, _ in page.elements} == {name for name, _ in kind.elements}
    for shown in (r"\u202egnp.exe\u2066", r"\x00", r"\ud800", r"\x1b[2J", r"\ufeff"):
        assert shown in page.text
    assert not {"\u202e", "\u2066", "\0", "\ud800", "\x1b", "\ufeff"} & set(page.text)


def test_a_diff_that_is_none_is_shown_as_text():
    page = check(render(replace(RICH, tasks=(replace(FIXED, diff=HOSTILE), UNFIXED), diff=HOSTILE)))
    assert r"<script>alert(1)</script>" in page.text


def test_the_same_report_makes_the_same_page():
    assert render(RICH) == render(replace(RICH))


def test_headings_descend_by_one():
    levels = [int(name[1]) for name, _ in check(render(RICH)).elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    "words",
    [
        "Fixed 4 of 57 failing tests in 1 min 12 s, nothing written",
        "Stopped: the time budget was spent",
        "✓ fixed 3 tests",
        "✓ fixed, look twice 1 test",
        "✗ not fixed 50 tests",
        "~ flaky 1 test",
        "? not reproducible 1 test",
        "– unsupported 1 test",
        "the map of tests was made anew",
        "48 tests that passed before still pass (two runs from disk)",
        "codemode runs apply 20261130-120000-a1b2",
        "git apply .codemode/runs/20261130-120000-a1b2/patch.diff",
        "codemode runs resume 20261130-120000-a1b2 --budget SPEC",
        "namespaces, Python 3.11.8",
        "no network ✓ yes",
        "memory limit ✗ no",
        "$0.0100 of it is the worst case of requests whose use nobody has told.",
        "up to $0.07 (5 requests, 23,000 tokens, 29% from cache)",
        "Why not: none of 412 candidates turned the failing tests green",
        "where False = is_free(Cart([5000]))",
        "shop/cart.py:14 in Cart.is_free return self.total() > FREE_FROM",
        "1 failing test turned green",
        "Changes 0 of 24 observed calls of passing tests, 2 of 40 inputs near them",
        "Passes 1 case held back from the search, which 2 other patches did not",
        "Look twice: the policy marks this patch as literal-from-test",
        "is_free(Cart([1])) Chosen patch False This one True",
        "2 more patches are left out of this page.",
        "new file +2 −0 lines",
        "no line end",
        "476 candidates and $0.07 in 1 min 12 s; 2 times a candidate got nearer, 2 times a patch passed.",
        "What the run used over time",
        "3 of 4 (75%) 4 of 4 (100%)",
        "new file 1 of 1 (100%)",
        "passed 1 of 10 runs",
    ],
)
def test_the_page_says(words):
    assert words in check(render(RICH)).text


def test_a_run_without_protection_says_so_first_of_all():
    page = check(render(UNPROTECTED))
    assert "UNPROTECTED. The sandbox level was none" in page.text
    assert page.text.index("UNPROTECTED. ") < page.text.index("Stopped:")
    assert "UNPROTECTED" not in check(render(RICH)).text


def test_written_files_can_be_taken_back():
    text = check(render(replace(RICH, written=("shop/cart.py",), green=True))).text
    assert "codemode runs revert 20261130-120000-a1b2" in text
    assert "runs apply" not in text
    assert "passes as the tree is on disk now" in text


def test_older_runs_without_pictures_say_what_is_missing():
    bare = replace(UNFIXED, tried=(), excerpts=())
    text = check(render(replace(RICH, tasks=(bare,), timeline=(), coverage=()))).text
    assert "does not say when what was tried" in text
    assert "does not say which candidates were tried" in text
    assert "holds no source to show" in text
    assert "Coverage was not measured" in text


def test_a_test_with_two_causes_counts_once_and_for_the_worse():
    shared = replace(UNFIXED, nodeids=FIXED.nodeids)
    text = check(render(replace(RICH, tasks=(FIXED, shared), unrepaired=()))).text
    assert "✗ not fixed 3 tests" in text
    assert "✓ fixed 3 tests" not in text


def huge(report, factor):
    line = "x = 'some words' + other_words  # as long as lines often are, or a bit longer than that"
    diff = "--- a/big.py\n+++ b/big.py\n@@ -1,1000 +1,1000 @@\n" + "".join(
        f"-{line} {at}\n+{line} {at + 1}\n" for at in range(1000)
    )
    task = replace(
        FIXED,
        diff=diff,
        tried=tuple(Tried(f"m{at % 70}.py", at % 90, f"op.{at % 60}", unchanged=at) for at in range(4000)),
        excerpts=(Excerpt("big.py", 1, (line,) * 5000),),
        nodeids=tuple(f"t.py::test_{at}" for at in range(300)),
        failures=(replace(FIXED.failures[0], message="m" * 200_000, output="o" * 200_000),) * 50,
        suspects=FIXED.suspects * 300,
        near_misses=FIXED.near_misses * 300,
        alternatives=(replace(FIXED.alternatives[0], diff=diff),) * 50,
        warnings=("w",) * 1000,
    )
    moments = tuple(Moment(at, at, at / 1000, "t1", "nearer", "here") for at in range(5000))
    lines = LineCoverage(tuple(range(1, 9000, 2)), tuple(range(2, 9000, 2)))
    return replace(
        report,
        tasks=(task,) * factor,
        unrepaired=(Unrepaired("t.py::x", "flaky", "d" * 5000),) * 5000,
        timeline=moments,
        coverage=(FileCoverage("big.py", lines, lines, 1),),
        notices=("n" * 5000,) * 500,
        written=("file.py",) * 5000,
    )


def test_a_huge_report_stays_small_and_says_what_it_leaves_out():
    text = render(huge(RICH, 1000))
    page = check(text)
    assert len(text) < 6 * MEGABYTE
    for left_out in (
        "560 more lines are left out of this diff",
        "Left out to keep this page small",
        "600 more causes are",
        "4,800 more tests are",
        "260 more tests are",
        "4,750 more source lines are",
        "3,880 more rows are left out of this table",
        "20 more operators are left out of this picture",
        "4,443 more moments are",
        "460 more notices are",
        "197,000 characters left out",
    ):
        assert left_out in page.text, left_out


def test_no_text_is_so_long_that_it_makes_the_page_large():
    endless = "\U0010ffff" * 400_000
    task = replace(
        FIXED,
        cause=endless,
        rationale=endless,
        diff=f"--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+{endless}\n",
        excerpts=(Excerpt(endless, 1, (endless,) * 10),),
        tried=(Tried(endless, 1, endless, passed=1),),
        nodeids=(endless,),
    )
    report = RunReport(endless, endless, green=False, tasks=(task,), guards=endless, started=endless)
    assert len(render(report)) < MEGABYTE


def test_one_cause_that_is_too_large_tells_what_matters_first_and_names_the_rest():
    hostile = "\U0010ffff" * 250
    excerpt = Excerpt("a.py", 1, (hostile,) * 250)
    task = replace(FIXED, excerpts=(excerpt,), suspects=(Suspect("a.py", 1, 1.0),))

    text = render(replace(RICH, tasks=(task,)))

    assert len(text) < 700_000
    page = check(text)
    assert "Left out to keep this page small: suspicious lines. The JSON report has more." in page.text
    assert "The patch" in page.text
    assert "The proof" in page.text
    assert "The search" in page.text


def test_commands_to_copy_are_quoted():
    text = check(render(replace(RICH, run_id="x; rm -rf y", diff_path="a b/patch.diff"))).text
    assert "codemode runs apply 'x; rm -rf y'" in text
    assert "git apply 'a b/patch.diff'" in text


def test_a_test_that_hung_shows_where_it_was():
    samples = Samples(20, (SampledFrame("shop/a.py", 3, "spin", 0, 17), SampledFrame("shop/a.py", 9, "main", 1, 20)))
    hanging = replace(
        FIXED.failures[0], exception="Timeout", timed_out=True, limit="time limit of 5 s", samples=samples
    )
    text = check(render(replace(RICH, tasks=(replace(FIXED, failures=(hanging,)),)))).text
    assert "Ended by the time limit." in text
    assert "Most likely from the sandbox's time limit of 5 s." in text
    assert "shop/a.py:9 in main : 20 of 20 shop/a.py:3 in spin : 17 of 20" in text


PLAIN = {
    str: st.text(max_size=12) | st.sampled_from([HOSTILE, RICH.diff, FIXED.diff]),
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(),
    bool: st.booleans(),
    types.NoneType: st.none(),
    Samples: st.just(Samples(1, (SampledFrame(HOSTILE, 1, HOSTILE, 0, 1),))),
}
COMPOUND = {
    typing.Literal: lambda *values: st.sampled_from(values),
    tuple: lambda one, _: st.lists(any_of(one), max_size=3).map(tuple),
    dict: lambda *both: st.dictionaries(*map(any_of, both), max_size=2),
    types.UnionType: lambda *kinds: st.one_of(*map(any_of, kinds)),
}


def any_of(kind):
    """Return a strategy for the values of a type that a report may hold, as `core.codec` decodes them."""
    if kind in PLAIN:
        return PLAIN[kind]
    if (origin := typing.get_origin(kind)) in COMPOUND:
        return COMPOUND[origin](*typing.get_args(kind))
    if issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{one.name: any_of(hints[one.name]) for one in fields(kind)})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_of(RunReport))
def test_whatever_a_record_holds_the_page_is_whole(report):
    page = check(render(report))
    sizes = (one.get(key, "0") for _, one in page.elements for key in ("width", "height"))
    assert not [size for size in sizes if size.startswith("-")]


def test_markup_is_not_escaped_twice_nor_text_left_unescaped():
    text = render(replace(RICH, stop="a < b & c"))
    assert html.escape("a < b & c") in text
    assert "&amp;lt;" not in text
