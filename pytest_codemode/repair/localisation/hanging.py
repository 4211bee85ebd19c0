"""Tests that did not end: which loop, which of its lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.failure import Failure, Frame, SampledFrame, Samples
from pytest_codemode.core.suspicion import Location
from pytest_codemode.repair.localisation.code import Loop, header
from pytest_codemode.repair.localisation.evidence import Evidence
from pytest_codemode.repair.localisation.weights import Weights

IN_LOOP = "in the loop that did not end"


def loop_scores(evidence: Evidence, weights: Weights) -> Iterator[tuple[Location, float, str]]:
    """Yield the lines of the loops in which hanging tests were stopped; no coverage of them is ever complete.

    The stack shows where the clock struck, which is any line of the loop, seldom the one that keeps it from ending.
    With samples the loop is known: outside it every sample shows the same line, inside it they move.
    """
    for failure in (one for one in evidence.failures if one.timed_out):
        places = _looping(failure.samples) if failure.samples is not None else []
        places = [place for place in places if evidence.editable(place[0])]
        if places:
            yield from _sampled(places, failure, evidence, weights)
        else:
            for frame in (f for f in failure.frames if f.line > 0 and evidence.editable(f.path)):
                for loop in evidence.code(frame.path).loops_around(frame.line):
                    yield from _loop(frame.path, loop, weights)


def looping_function(failure: Failure) -> tuple[str, str] | None:
    """Return (path, qualname) of the function in which a hanging test goes round, None if that is not known."""
    frame = _turning(failure.samples) if failure.samples is not None else None
    return (frame.path, frame.function) if frame is not None else None


def _sampled(
    places: list[tuple[str, int]], failure: Failure, evidence: Evidence, weights: Weights
) -> Iterator[tuple[Location, float, str]]:
    """Yield the lines of the innermost loop that holds everything the samples have shown of its function."""
    path = places[0][0]
    lines = [line for _, line in places]
    code = evidence.code(path)
    around = [set(code.loops_around(line)) for line in lines]
    shared = set.intersection(*around)
    if not shared:  # recursion, or a generator that is asked without end: its callers hold the loop
        for frame in _editable(failure.frames, evidence):
            for loop in evidence.code(frame.path).loops_around(frame.line):
                yield from _loop(frame.path, loop, weights)
        return
    yield from _loop(path, max(shared, key=lambda loop: loop.lineno), weights)
    for line in lines:
        yield (path, code.first_line(line)), weights.loop, IN_LOOP


def _loop(path: str, loop: Loop, weights: Weights) -> Iterator[tuple[Location, float, str]]:
    """Yield the lines of one loop: most suspicious is what decides whether it goes on, and what changes that."""
    looked_at = {n.id for n in header(loop) if isinstance(n, ast.Name)} if isinstance(loop, ast.While) else set()
    yield (path, loop.lineno), weights.loop + weights.loop_head, "decides whether the loop goes on"
    for node in ast.walk(loop):
        if isinstance(node, ast.stmt) and node is not loop:
            binds = {n.id for n in header(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            if binds & looked_at or isinstance(node, ast.Break):
                yield (path, node.lineno), weights.loop + weights.loop_head / 2, "changes what the loop depends on"
            else:
                yield (path, node.lineno), weights.loop, IN_LOOP


def _editable(frames: tuple[Frame, ...], evidence: Evidence) -> list[Frame]:
    return [frame for frame in frames if frame.line > 0 and evidence.editable(frame.path)]


def _looping(samples: Samples) -> list[tuple[str, int]]:
    """Return the places that samples have shown in the function that goes round."""
    frame = _turning(samples)
    if frame is None:
        return []
    same = (f for f in samples.frames if (f.depth, f.path, f.function) == (frame.depth, frame.path, frame.function))
    return [(one.path, one.line) for one in same]


def _turning(samples: Samples) -> SampledFrame | None:
    """Return a frame of the outermost function whose line moves, else of the innermost that every sample shows."""
    found: SampledFrame | None = None
    by_depth: dict[int, list[SampledFrame]] = {}
    for frame in samples.frames:
        by_depth.setdefault(frame.depth, []).append(frame)
    for _, here in sorted(by_depth.items()):
        if len({(frame.path, frame.function) for frame in here}) > 1 or sum(f.count for f in here) < samples.taken:
            break  # what is called from the loop, now this, now that
        found = here[0]
        if len(here) > 1:
            break
    return found
