"""From values of each parameter to calls: the plainest, one thing varied at a time, then several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice, product, zip_longest
from random import Random

from pytest_codemode.core.exploring import Described, Parameter
from pytest_codemode.testgen.inputs.parameters import Pools
from pytest_codemode.testgen.inputs.plans import Plan, Setup, Value

Assigned = tuple[tuple[str, Value], ...]
"""Arguments that belong together."""

_FIRST = 14
"""Variations of one parameter that count as plain."""
_DOCUMENTED = 24
"""Calls with texts that documentation shows."""
_AT_ONCE, _CROSSED = 3, 36
"""Choices that are combined at once, and combinations of the same ones."""


class Combiner:
    """The calls of one target, made of its parameters' values.

    Args:
        described: What is called.
        pools: The values.
        receivers: What a method is called on; empty for all else.
        steps: What may be done to the receiver before.
        fresh: Makes another receiver by chance.
    """

    def __init__(
        self,
        described: Described,
        pools: Pools,
        receivers: tuple[Value, ...],
        steps: list[Setup],
        fresh: Callable[[Random], Value | None],
    ) -> None:
        self.described, self.receivers, self._steps, self._fresh = described, receivers, steps, fresh
        self.required: dict[str, list[Assigned]] = {}
        self.optional: dict[str, list[Assigned]] = {}
        self._texts: list[str] = []
        self._choices: dict[str, list[Value]] = {}
        for parameter in described.parameters:
            options = list(_options(parameter, pools, described))
            (self.required if _is_required(parameter) else self.optional)[parameter.name] = options
            if parameter.kind in ("positional", "either", "keyword"):
                self._texts += [parameter.name] if pools.may_be_text(parameter, described) else []
                if few := pools.choices(parameter, described):
                    self._choices[parameter.name] = few

    @property
    def possible(self) -> bool:
        """Whether a call can be written at all."""
        needs_object = self.described.kind in ("method", "property")
        return all(self.required.values()) and (bool(self.receivers) or not needs_object)

    def plain(self, example: Plan | None = None, documented: Sequence[Value] = ()) -> Iterator[Plan]:
        """Yield the plainest call, then calls that differ from it, or from a documented one, in one thing.

        `documented` are texts that documentation shows, for every parameter that may be a text.
        """
        base = self._base()
        yield base
        for at in range(1, 4):
            yield self._plan([options[at % len(options)] for options in self.required.values()], at)
        base = example.of("type") if example is not None else base
        for value in documented[: max(_DOCUMENTED // (len(self._texts) or 1), 6)]:
            yield from (base.with_argument(name, value).of("constant") for name in self._texts)
        yield from self._varied(base, 1, _FIRST)

    def rest(self) -> Iterator[Plan]:
        """Yield calls with the values that are left, one at a time, and between them choices combined."""
        left = self._varied(self._base(), _FIRST, None)
        yield from (plan for row in zip_longest(self._crossed(), left) for plan in row if plan is not None)

    def _crossed(self) -> Iterator[Plan]:
        """Yield all combinations of what few values there are for: flags, members, what the body compares with."""
        base, names = self._base(), list(self._choices)
        sizes = range(2, min(len(names), _AT_ONCE) + 1)
        for chosen in (some for size in sizes for some in combinations(names, size)):
            rows = product(*(self._choices[name] for name in chosen))
            for values in islice(rows, _CROSSED):
                plan = base
                for name, value in zip(chosen, values, strict=True):
                    plan = plan.with_argument(name, value)
                yield plan

    def mixed(self, random: Random, count: int) -> Iterator[Plan]:
        """Yield calls with several things varied, values that come first preferred."""
        if not (self.required or self.optional or self.receivers):
            return
        for _ in range(count):
            chosen = self._required_by_chance(random)
            share = random.choice((0.2, 0.5, 0.8)) if len(self.optional) > 1 else 0.5
            chosen += [_pick(o, random) for o in self.optional.values() if o and random.random() < share]
            steps = self.steps_by_chance(random) if random.random() < 0.5 else ()
            plan = self._plan(chosen, 0, steps)
            yield Plan(plan.arguments, self.receiver_by_chance(random), plan.steps)

    def _required_by_chance(self, random: Random) -> list[Assigned]:
        """Return an argument for each required parameter; now and then those that stand at the same place of each pool.

        What goes together, as two lists of one length, stands there at one place.
        """
        pools = list(self.required.values())
        if len(pools) > 1 and random.random() < 0.3:
            at = int(random.expovariate(0.15))
            return [options[at % len(options)] for options in pools]
        return [_pick(options, random) for options in pools]

    def receiver_by_chance(self, random: Random) -> Value | None:
        """Return an object for a method: one that is known, or a new one."""
        if not self.receivers:
            return None
        known = self.receivers[min(int(random.expovariate(0.4)), len(self.receivers) - 1)]
        return (self._fresh(random) or known) if random.random() < 0.5 else known

    def steps_by_chance(self, random: Random) -> Setup:
        """Return one to four things that are done to an object before the call."""
        if not self._steps:
            return ()
        single = [steps[0] for steps in self._steps if len(steps) == 1]
        return tuple(random.choice(single) for _ in range(random.choice((1, 1, 2, 2, 3, 4))))

    def any_value(self, name: str, random: Random) -> Assigned | None:
        """Return another value for one parameter, by chance."""
        options = self.required.get(name) or self.optional.get(name)
        return random.choice(options) if options else None

    def filled(self, plan: Plan) -> Plan:
        """Return a plan with what it lacks: a receiver, required arguments."""
        receiver = plan.receiver
        if receiver is None and self.described.kind in ("method", "property") and self.receivers:
            receiver = self.receivers[0]
        there = {name for name, _ in plan.arguments}
        lacking = [o[0][0] for name, o in self.required.items() if name not in there and o]
        return Plan((*plan.arguments, *lacking), receiver, plan.steps, plan.origin, plan.expected, plan.verbatim)

    def _base(self) -> Plan:
        return self._plan([options[0] for options in self.required.values()])

    def _plan(self, chosen: list[Assigned], receiver: int = 0, steps: Setup = ()) -> Plan:
        arguments = tuple(pair for assigned in chosen for pair in assigned)
        made = self.receivers[receiver % len(self.receivers)] if self.receivers else None
        return Plan(arguments, made, steps if made is not None else ())

    def _varied(self, base: Plan, start: int, stop: int | None) -> Iterator[Plan]:
        streams = [self._with(base, options[start:stop]) for options in self.required.values()]
        first = 0 if start <= 1 else start
        streams += [self._with(base, options[first:stop]) for options in self.optional.values()]
        streams.append(Plan(base.arguments, receiver, base.steps) for receiver in self.receivers[start:stop])
        streams.append(Plan(base.arguments, base.receiver, steps) for steps in self._steps[first:stop])
        yield from (plan for row in zip_longest(*streams) for plan in row if plan is not None)

    def _with(self, base: Plan, options: list[Assigned]) -> Iterator[Plan]:
        for assigned in options:
            plan = base
            for name, value in assigned:
                plan = plan.with_argument(name, value)
            yield plan


def _is_required(parameter: Parameter) -> bool:
    return parameter.default is None and parameter.kind not in ("args", "kwargs")


def _pick(options: list[Assigned], random: Random) -> Assigned:
    if not options:
        return ()
    if random.random() < 0.3:
        return random.choice(options)
    return options[min(int(random.expovariate(0.2)), len(options) - 1)]


def _options(parameter: Parameter, pools: Pools, described: Described) -> Iterator[Assigned]:
    values = pools.of(parameter, described)
    if parameter.kind == "args":
        yield from _rest(values)
    elif parameter.kind == "kwargs":
        keys = list(pools.uses(parameter, described).keys)[:6] or ["a", "b"]
        for key in keys:
            yield from (((f"**{key}", value),) for value in _for_key(values, key)[:4])
        yield tuple((f"**{key}", Value(str(at + 1))) for at, key in enumerate(keys))
    else:
        yield from (((parameter.name, value),) for value in values)


def _for_key(values: tuple[Value, ...], key: str) -> list[Value]:
    plain = [value for value in values if not value.text.startswith("{")]
    return [Value("1"), Value('"a"'), *plain] if key.isidentifier() else []


def _rest(values: tuple[Value, ...]) -> Iterator[Assigned]:
    """Yield what `*args` may hold: one, two, three, none the same."""
    for at, value in enumerate(islice(values, 30)):
        following = values[(at + 1) % len(values)], values[(at + 2) % len(values)]
        yield (("*0", value),)
        yield ("*0", value), ("*1", value)
        yield ("*0", value), ("*1", following[0])
        yield ("*0", value), ("*1", following[0]), ("*2", following[1])
