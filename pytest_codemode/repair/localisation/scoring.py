"""Adds up the evidence: pure, so that every ingredient can be measured by leaving it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_codemode.core.failure import Frame, Phase
from pytest_codemode.core.suspicion import Location, Suspect, ordered, rank
from pytest_codemode.repair.localisation.asserted import reach
from pytest_codemode.repair.localisation.code import Code, names_in
from pytest_codemode.repair.localisation.differing import Difference, classes_seen, differences, places, weight
from pytest_codemode.repair.localisation.evidence import Evidence, Spectrum, family
from pytest_codemode.repair.localisation.hanging import loop_scores
from pytest_codemode.repair.localisation.texts import REASON, came_out, unexpected
from pytest_codemode.repair.localisation.weights import Weights

REASONS = 2
"""Reasons told of one line, the weightiest first."""
ONLY_FAILING = "only failing tests run it"


class Board:
    """Scores of locations, and what they come from."""

    def __init__(self, scores: Mapping[Location, float]) -> None:
        self.scores = dict(scores)
        self._reasons: dict[Location, dict[str, float]] = {}

    def add(self, location: Location, amount: float, reason: str) -> None:
        """Add to a score."""
        self.scores[location] = self.scores.get(location, 0.0) + amount
        self.tell(location, amount, reason)

    def raise_to(self, location: Location, score: float, reason: str) -> None:
        """Raise a score that is lower."""
        if score > self.scores.get(location, 0.0):
            self.scores[location] = score
            self.tell(location, score, reason)

    def tell(self, location: Location, amount: float, reason: str) -> None:
        """Give a reason that is worth `amount`."""
        known = self._reasons.setdefault(location, {})
        known[reason] = max(known.get(reason, 0.0), amount)

    def suspects(self) -> tuple[Suspect, ...]:
        """Return every location, scores as shares of the best."""
        top = max(self.scores.values(), default=0.0) or 1.0
        why = {
            location: "; ".join(sorted(reasons, key=lambda text: (-reasons[text], text))[:REASONS])
            for location, reasons in self._reasons.items()
        }
        return ordered({location: score / top for location, score in self.scores.items()}, why)


def ranked(evidence: Evidence, weights: Weights) -> tuple[Suspect, ...]:
    """Return the statements of editable files (by their first lines), most suspicious first."""
    board = Board(_spectrum_scores(evidence, weights))
    _tell_only_failing(board, evidence)
    _add_conditions(board, evidence, weights)
    _weigh_functions(board, evidence, weights)
    traces = _traces(evidence, weights)
    for location in traces:
        board.scores[location] = max(board.scores.get(location, 0.0), weights.trace_alone)
    for location, score, reason in loop_scores(evidence, weights):
        board.raise_to(location, score, reason)
    classes = classes_seen(evidence)
    for path in sorted({path for path, _ in board.scores}):
        _add_referred(board, path, evidence.code(path), weights, classes)
    _add_level(board, evidence, weights)
    for location, (amount, reason) in traces.items():
        board.add(location, amount, reason)
    _add_values(board, evidence, weights)
    _add_texts(board, evidence, weights)
    for path, line in board.scores:
        board.scores[path, line] *= 1.0 + weights.kind_of_statement * evidence.code(path).kind_weight(line)
    return board.suspects()


def _spectrum_scores(evidence: Evidence, weights: Weights) -> dict[Location, float]:
    """Return Ochiai, the best being 1: values are small wherever many tests share the code, only proportions count."""
    scores = _as_shares(rank(evidence.failing.values(), evidence.passing.values()))
    families = {family(nodeid) for nodeid in evidence.failing}
    siblings = [lines for nodeid, lines in evidence.passing.items() if family(nodeid) in families]
    if not siblings or not weights.siblings:
        return scores
    near = _as_shares(rank(evidence.failing.values(), siblings))
    share = weights.siblings * len(siblings) / (len(siblings) + 2)
    return {at: (1 - share) * score + share * near[at] for at, score in scores.items()}


def _as_shares(scores: dict[Location, float]) -> dict[Location, float]:
    best = max(scores.values(), default=1.0)
    return {location: score / best for location, score in scores.items()}


def _add_conditions(board: Board, evidence: Evidence, weights: Weights) -> None:
    """Raise conditions that failing and passing runs leave in different directions: all runs have come to them.

    Source: Liblit et al., see `differing`; told by the lines that ran, so that a loop that goes both ways counts twice.
    """
    if not evidence.passing or not weights.deciding:
        return
    branches = {path: evidence.code(path).branches for path in {path for path, _ in board.scores}}
    red, green = (
        [_directions(one, branches) for one in runs.values()] for runs in (evidence.failing, evidence.passing)
    )
    best = max(rank(evidence.failing.values(), evidence.passing.values()).values(), default=1.0)
    for (path, direction), score in sorted(rank(red, green).items()):
        way = "true" if direction > 0 else "false"
        board.raise_to((path, abs(direction)), score / best * weights.deciding, f"{way} in failing runs above all")


def _directions(run: Spectrum, branches: Mapping[str, tuple[tuple[int, int, int], ...]]) -> frozenset[Location]:
    """Return (path, line of a condition) for each that was true, with the negative line for each that was false."""
    found: set[Location] = set()
    for path, conditions in branches.items():
        for line, body, other in conditions:
            if (path, body) in run:
                found.add((path, line))
            if (path, other) in run or ((path, line) in run and (path, body) not in run):
                found.add((path, -line))
    return frozenset(found)


def _weigh_functions(board: Board, evidence: Evidence, weights: Weights) -> None:
    factors = reach(evidence, weights)
    for path, line in board.scores:
        function = evidence.code(path).function_at(line)
        if function and factors:
            board.scores[path, line] *= factors.get(f"{path}::{function}", weights.unseen)
    board.scores = _as_shares(board.scores)


def _tell_only_failing(board: Board, evidence: Evidence) -> None:
    """Tell where the spectrum alone says much; worth nothing beside any other reason."""
    if evidence.passing:
        passed = frozenset().union(*evidence.passing.values())
        for location in board.scores.keys() - passed:
            board.tell(location, 0.0, ONLY_FAILING)


def _traces(evidence: Evidence, weights: Weights) -> dict[Location, tuple[float, str]]:
    scores: dict[Location, tuple[float, str]] = {}
    for failure in evidence.failures:
        frames = [frame for frame in failure.frames if frame.line > 0 and evidence.editable(frame.path)]
        for index, frame in enumerate(reversed(frames)):
            amount, reason = _of_frame(frame, index, weights, hung=failure.timed_out)
            location = (frame.path, evidence.code(frame.path).first_line(frame.line))
            if amount > scores.get(location, (0.0, ""))[0]:
                scores[location] = (amount, reason)
    return scores


def _of_frame(frame: Frame, distance: int, weights: Weights, *, hung: bool) -> tuple[float, str]:
    """Return (bonus, reason) of a traceback's frame, `distance` frames from the innermost."""
    if hung:  # where the clock struck is chance
        return weights.in_trace / (distance + 3), "on the stack when its time was up"
    if distance:
        return weights.in_trace / distance, "in the traceback"
    on_purpose = frame.source.startswith(("raise", "assert"))
    return (weights.on_purpose if on_purpose else weights.innermost), "innermost frame"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A suspicious place that reads names from outside."""

    score: float
    """For what assigns them."""
    other_class: float
    classes: frozenset[str] = frozenset()
    """Whose instances failing runs were seen to have."""
    skip: int = 0
    """Line of the place itself."""


def _add_referred(board: Board, path: str, code: Code, weights: Weights, classes: frozenset[str]) -> None:
    """Give def lines (defaults), class-level and module-level assignments a share of the suspicion of their users.

    They run at import, so that no test's spectrum holds them, and a quarter of real faults sits there.
    """
    inside: dict[str, float] = {}
    for name, function in code.functions:
        span = range(function.lineno + 1, (function.end_lineno or function.lineno) + 1)
        inside[name] = max((board.scores.get((path, line), 0.0) for line in span), default=0.0)
    for name, function in code.functions:
        score = inside[name] * weights.referred
        if not score:
            continue
        if function.args.defaults or any(function.args.kw_defaults):  # None stands for a keyword without default
            board.raise_to((path, function.lineno), score, "default of a suspicious function")
        _refer(board, path, code, names_in(function), _Reference(score, weights.other_class, classes))


def _add_level(board: Board, evidence: Evidence, weights: Weights) -> None:
    """Do the same for what the module level used when a file could not be imported."""
    for failure in evidence.failures:
        frames = [f for f in failure.frames if failure.when is Phase.COLLECT and evidence.editable(f.path)]
        for frame in frames:
            code = evidence.code(frame.path)
            statement = code.at(frame.line)
            score = board.scores.get((frame.path, code.first_line(frame.line)), 0.0)
            if statement is not None and not code.function_at(frame.line):
                reference = _Reference(score * weights.referred, weights.other_class, skip=statement.lineno)
                _refer(board, frame.path, code, names_in(statement), reference)


def _refer(board: Board, path: str, code: Code, names: Iterable[str], reference: _Reference) -> None:
    """Raise the statements at module and class level that assign one of `names`."""
    for name in sorted(code.level_assignments.keys() & set(names)):
        places = [place for place in code.level_assignments[name] if place[0] != reference.skip]
        known = any(owner in reference.classes for _, owner in places)
        for line, owner in places:
            other = known and owner and owner not in reference.classes
            score = reference.score * (reference.other_class if other else 1.0)
            board.raise_to((path, line), score, f"defines {name}")


def _add_values(board: Board, evidence: Evidence, weights: Weights) -> None:
    """Add the most telling difference to each line; several say mostly the same.

    An argument counts where it is used, for there it is not dealt with. Other values are wrong because of anything
    before them in the function: the whole of it counts, and the lines that handle them tell why.
    """
    best: dict[Location, float] = {}
    for difference in differences(evidence) if weights.values else ():
        amount = weight(difference, weights)
        here = set(places(difference, evidence)) & board.scores.keys()
        counted = here if difference.role == "argument" else _of_function(board, difference, evidence)
        for location in counted:
            best[location] = max(best.get(location, 0.0), amount)
        for location in here:
            board.tell(location, amount, difference.reason())
    for location, amount in best.items():
        board.scores[location] += amount


def _of_function(board: Board, difference: Difference, evidence: Evidence) -> list[Location]:
    function = evidence.code(difference.path).function(difference.qualname)
    span = range(function.lineno, (function.end_lineno or function.lineno) + 1) if function is not None else ()
    return [(difference.path, line) for line in span if (difference.path, line) in board.scores]


def _add_texts(board: Board, evidence: Evidence, weights: Weights) -> None:
    pairs = [pair for failure in evidence.failures if any(pair := unexpected(failure))]
    for path, line in tuple(board.scores) if pairs and weights.text else ():
        statement = evidence.code(path).at(line)
        if statement is not None and any(came_out(statement, *pair) for pair in pairs):
            board.add((path, line), weights.text, REASON)
