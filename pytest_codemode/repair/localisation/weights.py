"""How much each kind of evidence counts. Every number stands for a class of faults, none for a case.

The best statement's Ochiai value is 1; what is added to it is measured against that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """What `scoring` adds up."""

    innermost: float = 0.6
    """The line that raised: an exception of the language itself is seldom far from its cause."""
    on_purpose: float = 0.2
    """Instead of `innermost` for a line that starts with `raise` or `assert`: it found the fault, it seldom is one."""
    in_trace: float = 0.3
    """Other lines of the traceback, divided by the distance from the innermost."""
    trace_alone: float = 0.5
    """Score of a line of the traceback before its bonus where no coverage is known (import-time failures, hangs)."""
    deciding: float = 0.9
    """A condition, as a share of how well taking or not taking its branch tells failing from passing runs."""
    referred: float = 0.3
    """Defaults, module and class level lines, as a share of the score of the lines that use them."""
    other_class: float = 0.5
    """Factor for an attribute of a class that failing runs were not seen to have an instance of, where they were of
    another class that assigns it too."""
    loop: float = 0.8
    """Lines of a loop in which a hanging test was seen."""
    loop_head: float = 0.2
    """More for the line that decides whether such a loop goes on, and for those that assign what it looks at."""
    siblings: float = 0.5
    """Share of the comparison with passing cases of the same parametrised test, where there are many: they differ from
    the failing one in their values alone. Few of them tell less: of n cases, n / (n + 2) of the share."""
    sliced: float = 0.9
    """Factor for functions that ran only where the test worked out what the failing statement looks at."""
    set_up: float = 0.7
    """Factor for functions that ran in the test, but for neither: fixtures and unrelated statements."""
    unseen: float = 0.5
    """Factor for functions that no test called, as far as was seen: `__repr__`s that explained the failure, threads."""
    values: float = 0.3
    """Lines that use an argument of a kind that only failing runs passed, times how well it tells them apart."""
    consequence: float = 0.5
    """Part of `values` for what a function worked out: it came from anywhere before, so its whole function counts."""
    shape: float = 0.6
    """Part of `values` where the type is one that passing runs have too and only its shape (empty, zero) differs."""
    text: float = 0.6
    """Statements with a literal text that came out where the test expects another."""
    kind_of_statement: float = 0.04
    """More, as a share, by what kind of statement it is; decides between near equals."""
