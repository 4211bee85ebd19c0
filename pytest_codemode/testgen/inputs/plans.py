"""A call before it is written down: which value goes to which parameter."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_codemode.core.exploring import Import, Origin

Setup = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """An expression, and what has to be there before it can be evaluated."""

    text: str
    imports: tuple[Import, ...] = ()
    setup: Setup = ()
    fixtures: tuple[str, ...] = ()

    def rewritten(self, text: str) -> Value:
        """Return another expression that needs the same."""
        return Value(text, self.imports, self.setup, self.fixtures)


@dataclass(frozen=True, slots=True)
class Plan:
    """One call: arguments in the order of the parameters, of methods the object too."""

    arguments: tuple[tuple[str, Value], ...] = ()
    """(parameter's name, value); `*0` is the first of `*args`, `**name` a keyword that `**kwargs` takes."""
    receiver: Value | None = None
    """How the object is made whose method is called; None for functions, constructors and the like."""
    steps: tuple[tuple[str, str], ...] = ()
    """What is done after the object was made, before the call: more of a setup."""
    origin: Origin = "type"
    expected: str = ""
    """With a docstring's example: what it says comes out."""
    verbatim: Value | None = field(default=None)
    """The whole call as an example has it, where it is more than a call with arguments."""

    def with_argument(self, name: str, value: Value) -> Plan:
        """Return this plan with another argument; an argument that was left out comes last."""
        there = [known for known, _ in self.arguments]
        if name in there:
            arguments = tuple((known, value if known == name else old) for known, old in self.arguments)
        else:
            arguments = (*self.arguments, (name, value))
        return Plan(arguments, self.receiver, self.steps, self.origin)

    def without(self, name: str) -> Plan:
        """Return this plan with one argument left out."""
        kept = tuple((known, value) for known, value in self.arguments if known != name)
        return Plan(kept, self.receiver, self.steps, self.origin)

    def of(self, origin: Origin) -> Plan:
        """Return this plan as coming from elsewhere; nothing is expected any more."""
        return Plan(self.arguments, self.receiver, self.steps, origin, "", self.verbatim)
