"""Every repair operator of the project, with its name and prior.

A prior is the worth of one idea of the operator at one site: how often real fixes are of its kind (TSSB-3M, three
million single-statement fixes of Python projects: identifier 237k, binary operand 174k, more arguments 150k, other
callee 134k, wrapped in a call 117k, attribute 104k, number 97k, stricter condition 68k, method call added 60k, fewer
arguments 50k, boolean 37k, attribute access 32k, operator 29k, looser condition 22k, keyword 20k, swapped arguments 8k)
over how many ideas it has there. An exception that names what is wrong (`names`), or of which expression it complains
(`culprits`), beats all of it; deletion comes last.
"""

from __future__ import annotations

from pytest_codemode.proposers.search.catalogue import (
    calls,
    conditions,
    named,
    outcomes,
    statements,
    structure,
    texts,
    values,
)
from pytest_codemode.proposers.search.operator import Operator

OPERATORS: tuple[Operator, ...] = (
    *named.OPERATORS,
    *values.OPERATORS,
    *texts.OPERATORS,
    *conditions.OPERATORS,
    *calls.OPERATORS,
    *structure.OPERATORS,
    *outcomes.OPERATORS,
    *statements.OPERATORS,
)
