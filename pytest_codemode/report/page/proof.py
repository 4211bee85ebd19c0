"""Why a patch may be trusted, and where to look twice: what it turned green, what it changes, what else would pass."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_codemode.core.report import Alternative, Difference, NearMiss, TaskReport
from pytest_codemode.report.page import sidebyside
from pytest_codemode.report.page.markup import (
    Html,
    code,
    folded,
    items,
    join,
    left_out,
    prose,
    shortened,
    table,
    tag,
)
from pytest_codemode.report.phrases import capitalised, clipped, count
from pytest_codemode.report.terminal import behaviour, held_back

_MOST_TESTS, _MOST_ALTERNATIVES, _MOST_MISSES, _ALTERNATIVE_LINES = 40, 5, 12, 80
_TEXT = 1_500


def render(task: TaskReport) -> Html:
    """Return the proof of a confirmed patch as a list of statements."""
    return join(tag("ul", *_statements(task), class_="proof"), alternatives(task))


def _statements(task: TaskReport) -> Iterator[Html]:
    yield _statement(
        f"{count(len(task.turned_green), 'failing test')} turned green",
        folded("Which", _tests(task.turned_green)) if task.turned_green else None,
        good=bool(task.turned_green),
    )
    yield _statement(f"{count(task.checked, 'test')} that passed before still pass", good=task.checked > 0)
    if task.behaviour is not None:
        quiet = not (task.behaviour.changed or task.behaviour.raising)
        yield _statement(capitalised(behaviour(task.behaviour)), good=quiet)
    if task.held_out:
        yield _statement(capitalised(held_back(task)), folded("Which cases", _tests(task.held_out)))
    if task.warnings:
        rules = join(*(code(rule, 100) for rule in task.warnings[:20]), by=", ")
        yield _statement(join(tag("strong", "Look twice: "), "the policy marks this patch as ", rules), good=False)


def _statement(text: str, *more: Html | None, good: bool = True) -> Html:
    sign = tag("span", "\u2713" if good else "!", class_="sign", aria_hidden="true")
    return tag("li", sign, tag("div", text, *more), class_="good" if good else "doubt")


def _tests(nodeids: tuple[str, ...]) -> Html:
    listing = items((code(nodeid, 400) for nodeid in nodeids[:_MOST_TESTS]), class_="tests")
    return join(listing, left_out(len(nodeids) - _MOST_TESTS, "test"))


def alternatives(task: TaskReport) -> Html:
    """Return the other patches that pass, each with an input that tells it from the chosen one."""
    if not task.alternatives:
        return Html()
    shown = task.alternatives[:_MOST_ALTERNATIVES]
    more = max(task.passing - task.fixed, len(task.alternatives)) - len(shown)
    title = "Other patches that pass, ranked behind this one" if task.fixed else "Patches that pass and are not proven"
    return join(tag("h5", title), *(_alternative(one) for one in shown), left_out(more, "patch", "es"))


def _alternative(other: Alternative) -> Html:
    doubt = f" (look twice: {', '.join(other.warnings[:10])})" if other.warnings else ""
    summary = tag("span", prose(shortened(other.rationale, 300) or "A patch without a rationale"), doubt)
    told = None if other.difference is None else _difference(other.difference)
    return folded(summary, told, sidebyside.render(other.diff, most=_ALTERNATIVE_LINES))


def _difference(seen: Difference) -> Html:
    if not seen.count:
        return tag("p", f"Differs from the chosen patch on none of {count(seen.of, 'input')}.")
    where = f"Differs from the chosen patch on {seen.count:,} of {count(seen.of, 'input')}"
    if not seen.call:
        return tag("p", f"{where}.")
    pairs = ("Input", seen.call), ("Chosen patch", seen.chosen), ("This one", seen.other)
    facts = (part for name, text in pairs for part in (tag("dt", name), tag("dd", code(text, _TEXT))))
    return join(tag("p", f"{where}, as:"), tag("dl", *facts, class_="facts"))


def misses(task: TaskReport) -> Html:
    """Return the patches that came nearest and did not make it."""
    if not task.near_misses:
        return Html()
    rows = map(_miss, task.near_misses[:_MOST_MISSES])
    listing = table("Patches that came nearest", ("Where", "Change", "Verdict", "Why"), rows, numeric=frozenset())
    return join(listing, left_out(len(task.near_misses) - _MOST_MISSES, "near miss", "es"))


def _miss(miss: NearMiss) -> tuple[str, ...]:
    return code(miss.where, 200), code(miss.summary, 400), clipped(miss.verdict, 200), clipped(miss.reason, 600)
