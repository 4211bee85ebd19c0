"""What came of a run, as properties in the JUnit XML file that pytest has written: bytes in, bytes out.

Elements are put in; every other byte stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.report.terminal import counts
from pytest_codemode.report.writer import one_line

_TAG = re.compile(rb"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_ILLEGAL = re.compile("[^\t\n\r -~\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, and DEL, as pytest has it."""
_WIDTH = 500

Address = tuple[str, str]
"""`classname` and `name` of a test case."""
Properties = Mapping[str, str]


def annotated(xml: bytes, report: RunReport, prefix: str = "") -> bytes:
    """Return pytest's JUnit XML with what came of the run in it.

    Args:
        xml: the file as pytest wrote it.
        report: of the finished run.
        prefix: `--junitprefix`.

    Raises:
        ValueError: it is not XML, or not as pytest writes it.
    """
    cases = {address: said for nodeid, said in _of_tests(report).items() for address in addresses(nodeid, prefix)}
    places = _Reader().read(xml)
    suite = next((one for one in places if one.address is None), None)
    if suite is None:
        raise ValueError("it holds no test suite")
    insertions = [_insertion(xml, suite, _of_run(report))]
    insertions += [_insertion(xml, one, cases[one.address]) for one in places if one.address and one.address in cases]
    return _spliced(xml, insertions)


def addresses(nodeid: str, prefix: str = "") -> tuple[Address, ...]:
    """Return how pytest may name the test case of `nodeid`.

    Before pytest 9.2 the first bracket ended the name wherever it stood, in the path too, and was not closed.
    Source: `mangle_test_address` of `_pytest.junitxml`.
    """
    path, colons, rest = nodeid.partition("::")
    name, bracket, parameters = rest.partition("[")
    parts = [path, *(name.split("::") if colons else ())]
    new = _address(parts, f"[{parameters.removesuffix(']')}]" if bracket else "", prefix)
    name, bracket, parameters = nodeid.partition("[")
    old = _address(name.split("::"), bracket + parameters, prefix)
    return tuple(dict.fromkeys((new, old)))


def _address(names: list[str], parameters: str, prefix: str) -> Address:
    module = re.sub(r"\.py$", "", names[0].replace("/", "."))
    *classes, name = [module, *names[1:]]
    return legal(".".join([prefix, *classes] if prefix else classes)), legal(name + parameters)


def _of_run(report: RunReport) -> Properties:
    cost = report.cost
    said = {
        "run_id": report.run_id,
        "stop": report.stop,
        "error": _yes(report.error),
        "green": _yes(report.green),
        **_of_work(report),
        "guards": report.guards,
        "sandbox": report.sandbox.level if report.sandbox else "",
        "written": ", ".join(report.written),
        "patch": report.diff_path,
        "time_s": f"{cost.time_s:.3f}",
        "candidates": str(cost.candidates),
        "requests": str(cost.requests),
        "tokens": str(cost.tokens),
        # Unknown cost is not zero cost.
        "cost_usd": "" if cost.unpriced_tokens else f"{cost.usd:.4f}",
    }
    return _named(said)


def _of_work(report: RunReport) -> dict[str, str]:
    if report.cover is not None:
        numbers = {"tests": report.cover.tests, "possible_bugs": report.cover.bugs, "untested": report.cover.untested}
        return {name: str(len(found)) for name, found in numbers.items()}
    fixed, failing = counts(report)
    return {"fixed": str(fixed), "unfixed": str(failing - fixed)}


def _of_tests(report: RunReport) -> dict[str, Properties]:
    """Return what to say at each failing test; where it has several causes, one that was not fixed decides."""
    found: dict[str, Properties] = {}
    for test in report.unrepaired:
        found[test.nodeid] = _named({"state": test.kind, "cause": test.detail})
    for task in sorted(report.tasks, key=lambda task: not task.fixed):
        for nodeid in task.nodeids:
            found[nodeid] = _named(_of_task(task, report))
    return found


def _of_task(task: TaskReport, report: RunReport) -> dict[str, str]:
    if not task.fixed:
        return {"state": "not fixed", "cause": task.cause, "why_not": task.why_not}
    return {
        "state": "fixed",
        "cause": task.cause,
        "patch": report.diff_path,
        "rationale": task.rationale,
        "proposer": " ".join(part for part in (task.proposer, task.template) if part),
        "warnings": ", ".join(task.warnings),
    }


def _named(said: Mapping[str, str]) -> Properties:
    """Return the properties that say something, under our prefix, each on one line."""
    return {f"codemode.{name}": one_line(text, _WIDTH) for name, text in said.items() if text}


def _yes(holds: bool) -> str:
    return "true" if holds else "false"


def legal(text: str) -> str:
    """Return `text` as pytest writes what XML cannot hold."""
    return _ILLEGAL.sub(lambda found: f"#x{ord(found.group()):0{2 if ord(found.group()) <= 0xFF else 4}X}", text)


@dataclass(slots=True)
class _Place:
    """A test case, or the suite, and where its properties go."""

    element: str
    address: Address | None
    """None for the suite."""
    start: int
    """Byte offset of its start tag."""
    properties: int | None = None
    """Byte offset of the start tag of the properties that it has: ours are put among them."""


class _Reader:
    """Finds the first test suite, all test cases, and the properties that they have."""

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self._open: list[tuple[str, _Place | None]] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = lambda _name: self._open.pop()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.XmlDeclHandler = self._declared

    def read(self, xml: bytes) -> list[_Place]:
        """Return the places, in the order of the file."""
        try:
            if "\0" in xml.decode("utf-8"):
                raise ValueError("it holds zero bytes")
            self._parser.Parse(xml, True)
        except UnicodeDecodeError:
            raise ValueError("it is not in UTF-8") from None
        except expat.ExpatError as problem:
            raise ValueError(f"it is not XML: {problem}") from None
        return self.places

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        parent, owner = self._open[-1] if self._open else ("", None)
        place = None
        if name == "properties" and owner is not None and owner.properties is None:
            owner.properties = at
        elif name == "testcase" and parent == "testsuite":
            place = _Place(name, (attributes.get("classname", ""), attributes.get("name", "")), at)
        elif name == "testsuite" and parent in ("", "testsuites") and not self.places:
            place = _Place(name, None, at)
        if place is not None:
            self.places.append(place)
        self._open.append((name, place))

    def _refuse(self, *_: object) -> None:
        raise ValueError("it has a document type, which pytest writes none of")

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "us-ascii"):
            raise ValueError(f"it is in {encoding}, pytest writes UTF-8")


def _insertion(xml: bytes, place: _Place, said: Properties) -> tuple[int, int, bytes]:
    """Return what to put in the place of which bytes."""
    inner = "".join(f"<property name={quoteattr(name)} value={quoteattr(value)} />" for name, value in said.items())
    element, at = place.element, place.start
    if place.properties is not None:
        element, at = "properties", place.properties
    else:
        inner = f"<properties>{inner}</properties>"
    tag = _TAG.match(xml, at)
    if tag is None:
        raise ValueError(f"its {element} is not where the parser has found it")
    content = inner.encode("ascii", "xmlcharrefreplace")
    if not tag.group().endswith(b"/>"):
        return tag.end(), tag.end(), content
    return tag.end() - 2, tag.end(), b">" + content + f"</{element}>".encode("ascii")


def _spliced(xml: bytes, insertions: Iterable[tuple[int, int, bytes]]) -> bytes:
    parts, at = [], 0
    for start, end, content in sorted(insertions):
        parts += [xml[at:start], content]
        at = end
    return b"".join([*parts, xml[at:]])
