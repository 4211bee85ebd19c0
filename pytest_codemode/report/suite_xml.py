"""The results of one run of the tests as JUnit XML, where no pytest of the user's could write it."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from pytest_codemode.core.failure import Failure, headline
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.report.junit import addresses, legal

_SKIPPED = frozenset({Outcome.SKIPPED, Outcome.XFAILED})
_ERRORS = frozenset({Outcome.TIMEOUT, Outcome.CRASHED, Outcome.MISSING})


def render(results: Iterable[TestResult], collection_errors: Iterable[Failure] = ()) -> str:
    """Return the results as one test suite."""
    cases = [_case(result) for result in results]
    cases += [_collector(failure) for failure in collection_errors]
    root = ElementTree.Element("testsuites")
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name="codemode",
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
    )
    suite.extend(cases)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(result: TestResult) -> ElementTree.Element:
    case = _element(result.nodeid, result.duration_s)
    if result.outcome in _SKIPPED:
        ElementTree.SubElement(case, "skipped", message=result.outcome.value)
    elif not result.outcome.green and result.outcome is not Outcome.XPASSED:
        kind = "error" if result.outcome in _ERRORS else "failure"
        _add(case, kind, result.failures, result.outcome.value)
    return case


def _collector(failure: Failure) -> ElementTree.Element:
    case = _element(failure.nodeid, 0.0)
    _add(case, "error", (failure,), "cannot be collected")
    return case


def _element(nodeid: str, duration_s: float) -> ElementTree.Element:
    # As pytest names them: services know a test again by both, in the reports of other jobs.
    classname, name = addresses(nodeid)[0]
    return ElementTree.Element(
        "testcase", classname=classname, name=name, file=legal(nodeid.partition("::")[0]), time=f"{duration_s:.3f}"
    )


def _add(case: ElementTree.Element, kind: str, failures: tuple[Failure, ...], otherwise: str) -> None:
    element = ElementTree.SubElement(case, kind, message=legal(headline(failures[0]) if failures else otherwise)[:500])
    element.text = "\n\n".join(legal(_told(failure)) for failure in failures)


def _told(failure: Failure) -> str:
    trace = [f"{frame.path}:{frame.line}: in {frame.function}\n    {frame.source}" for frame in failure.frames]
    output = [f"captured output:\n{failure.output}"] if failure.output else []
    return "\n".join([f"{failure.when.value}: {failure.exception}: {failure.message}", *trace, *output])
