"""Calls of project code that are tried out in the sandbox: what can be called, what to call, what came of it.

Arguments are source text: what was tried can be written into a test as it stands. Results come back as `Shown`, data of
which the trusted side makes source text itself: what a project's `__repr__` returns is never taken for code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pytest_codemode.core.outcome import InForce, Swap

Arc = tuple[int, int]
"""As coverage.py measures them: (from line, to line), 1-based; a negative number -N enters or leaves the code object
that begins at line N."""

# -- what can be called ---------------------------------------------------------------------------------------------

ShapeKind = Literal[
    "any", "none", "bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "set", "frozenset", "dict",
    "iterator", "callable", "literal", "enum", "union", "class", "dataclass", "namedtuple", "typeddict", "protocol",
    "type", "recursive",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A type as a generator of values needs it, resolved where the project runs."""

    kind: ShapeKind
    name: str = ""
    """`module:qualname` it can be imported by, for everything that has one and is no built-in."""
    items: tuple[Shape, ...] = ()
    """Of a container its elements (dict: key, value; tuple: each in turn, one for all with `variadic`); of a union its
    members (`Optional` holds `none`); of an iterator what it yields; of a callable what it returns."""
    variadic: bool = False
    """A tuple of any length."""
    members: tuple[str, ...] = ()
    """Of a literal its values as source text, of an enum the names of its members."""
    parameters: tuple[Parameter, ...] = ()
    """Of a class, dataclass or namedtuple what its constructor takes; of a typeddict its keys."""
    abstract: bool = False
    """A class that cannot be instantiated."""


ANY = Shape("any")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable."""

    name: str
    kind: Literal["positional", "either", "keyword", "args", "kwargs"] = "either"
    """`positional` only, `keyword` only, `either`, `*args`, `**kwargs`."""
    shape: Shape = ANY
    """`any` where nothing is annotated."""
    default: str | None = None
    """Source text where it is a literal, `...` where it is something else; None if the parameter is required."""


CallableKind = Literal["function", "method", "classmethod", "staticmethod", "property", "constructor"]
Flavour = Literal["plain", "generator", "coroutine", "async generator", "context manager", "async context manager"]


@dataclass(frozen=True, slots=True)
class Described:
    """One callable of a module, as it can be called from a test."""

    path: str
    """Posix path of its file, relative to rootdir."""
    module: str
    """Name the file is imported by."""
    qualname: str
    """As `slugify` or `Cart.total`; of a constructor `Cart.__init__`."""
    line: int
    """1-based line of the `def` keyword (its code object's first line may be a decorator's); 0 if it has no source."""
    kind: CallableKind = "function"
    flavour: Flavour = "plain"
    parameters: tuple[Parameter, ...] = ()
    """`self` and `cls` left out."""
    returns: Shape = ANY
    doc: str = ""
    owner: Shape | None = None
    """The class, for all but functions."""
    fixtures: tuple[str, ...] = ()
    """Parameters for which the project has a pytest fixture of that name, seen from `near`."""


# -- what to call ---------------------------------------------------------------------------------------------------


Origin = Literal[
    "docstring", "recorded", "constant", "type", "default", "mutation", "symbolic", "model", "pair"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a call needs."""

    module: str
    name: str = ""
    """Taken from the module; empty: the module itself, under its own name (`import a.b`)."""

    @property
    def bound(self) -> str:
        """The name that the import binds."""
        return self.name or self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One call, as it would stand in a test."""

    key: str
    """Unlike any other's in the same request."""
    function: str
    """Qualname of what is called, as `Described.qualname`."""
    call: str
    """An expression, as `slugify("a b", max_length=3)`, `cart.total` or `Cart([])`; names are of `imports`, `setup`,
    `fixtures` and built-ins. Coroutines are written without `await`, see `Described.flavour`."""
    imports: tuple[Import, ...] = ()
    setup: tuple[tuple[str, str], ...] = ()
    """(name, expression), evaluated in order before the call: receivers, and arguments that the call may change."""
    fixtures: tuple[str, ...] = ()
    """pytest fixtures, by the names that the expressions use."""
    flavour: Flavour = "plain"
    origin: Origin = "type"
    """Where its arguments come from: a human's example reads better than a mutant of it."""
    expected: str = ""
    """With origin `docstring`: what the example says comes out, as source text or as the first line of a traceback."""
    variant: int = -1
    """Index into `ExploreRequest.variants`, whose functions are in place for this call alone; -1: the code as it is."""


# -- what came of it ------------------------------------------------------------------------------------------------

ShownKind = Literal[
    "literal", "float", "enum", "built", "list", "tuple", "set", "frozenset", "dict", "object", "class", "opaque"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A value, as far as a test can say what it is without asking the value for anything but its data.

    A container is a `literal` if all that is in it are literals; else it has parts.
    """

    kind: ShownKind
    text: str = ""
    """`literal`, `float`: as `ast.literal_eval` reads it (`inf` and `nan` too, with kind `float`); `enum`: the member's
    name; `built`: an expression of calls, names and literals that builds an equal value, as
    `datetime.timedelta(seconds=3)`, checked there to be equal to it."""
    type: str = ""
    """`module:qualname` of its exact type, or of the class that it is; `builtins:int` for built-ins."""
    parts: tuple[Shown, ...] = ()
    """Elements in order; of a dict key, value, key, value; of a set in an order that means nothing."""
    fields: tuple[tuple[str, Shown], ...] = ()
    """Of an object: public data attributes and properties, sorted; none whose value differs between two reads."""
    imports: tuple[Import, ...] = ()
    """What `text` of a `built` needs."""
    cut: bool = False
    """Too large or too deep: what is there is not all."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that left a call."""

    type: str
    """`module:qualname`."""
    message: str
    """`str()` of it, bounded; empty where that failed."""
    bases: tuple[str, ...] = ()
    """Its other classes up to `Exception`, likewise."""
    path: str = ""
    """File of the innermost frame that is the project's, relative to rootdir."""
    line: int = 0
    """1-based line there."""
    explicit: bool = False
    """Whether a `raise` statement of the project's raised it; else an operation failed."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison that a call came by: its operands are what other inputs should hold, or be near to."""

    line: int
    operator: str
    """`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `is`, `is not`, or the name of a method, as `startswith`."""
    left: str
    """Source text of a literal; empty if it is none, or long."""
    right: str
    holds: bool
    distance: float = 0.0
    """How far from coming out the other way: 0 < d < 1, after Tracey et al., normalised by d/(d+1); 1 where that cannot
    be told."""


UNSWAPPABLE = "pytest_codemode.worker.exchange:Unfaithful"
"""As `Raised.type`: functions cannot be put in place so that it is what importing the changed file would give."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of one recipe."""

    key: str
    outcome: Literal["returned", "raised", "exited", "timeout", "crashed", "refused", "invalid", "not run"]
    """`exited`: SystemExit; `crashed`: the process died of it; `refused`: it ran into the fence (network, files
    outside); `invalid`: its imports, fixtures or setup failed, or it is no expression, or its variant cannot be put in
    place (`raised` has the type `UNSWAPPABLE` then): nothing was called."""
    value: Shown | None = None
    """What was returned; of a generator a list of what it yielded (`cut` if there was more), of a context manager what
    was entered."""
    raised: Raised | None = None
    """With `raised`, `exited` and `invalid`."""
    after: tuple[tuple[str, Shown], ...] = ()
    """Names of `setup` and `fixtures` that the call has changed, and what they were then."""
    arcs: tuple[Arc, ...] = ()
    """Executed in the request's file, sorted, by the lines the interpreter names (of a statement that spans several
    lines not always the first); setup and fixtures included. Of a variant none are told."""
    compared: tuple[Compared, ...] = ()
    """On request; each comparison once, as it came out last."""
    stdout: str = ""
    """What was printed, bounded."""
    warned: tuple[str, ...] = ()
    """`module:qualname` of the warnings that the call gave, sorted, each once; an empty text for those that setup and
    fixtures gave."""
    digest: str = ""
    """Of outcome, value, exception and `after`: equal if and only if a test could not tell the two apart."""
    steady: bool = True
    """Whether a second call gave the same digest, and the call read nothing that changes (`reads`), left nothing
    running and changed no fixture that other tests get too; only told with `twice`."""
    reads: Literal["", "the clock", "the process", "chance", "the environment", "the time zone", "this machine"] = ""
    """What the call read that is another thing at another time, in another process or elsewhere, as the date; only told
    with `twice`."""
    new: bool = True
    """Whether it executed an arc that `known` and the observations before did not have. If not, and not asked for with
    `full`, all but `key`, `outcome`, `digest`, `steady` and `reads` is left out, and of `compared` what came no nearer
    to coming out the other way than any before in this request."""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ExploreRequest:
    """Calls into one file, run one after the other in a fork of their own."""

    path: str
    """The file whose arcs are wanted: posix, relative to rootdir."""
    module: str = ""
    """Name to import it by; empty: worked out from `sys.path` there."""
    recipes: tuple[Recipe, ...] = ()
    describe: bool = False
    """Tell what can be called in the file."""
    swaps: tuple[Swap, ...] = ()
    """Functions to be changed first: a mutant."""
    variants: tuple[tuple[Swap, ...], ...] = ()
    """Mutants that share one process: each in force for its own recipes alone, which best follow one another."""
    stop_at_timeout: bool = False
    """Leave out (`not run`) what follows of a variant's recipes after one that did not end, or that ended the
    process."""
    known: tuple[Arc, ...] = ()
    """Arcs that are no news."""
    full: bool = False
    """Tell everything of each recipe, whatever arcs it executed."""
    twice: bool = False
    """Run each recipe twice, to see whether it comes out the same."""
    compare: bool = False
    """Tell the comparisons that the file's functions made."""
    near: str = ""
    """A test file, or a folder with tests, relative to rootdir: what fixtures are seen from there; empty: rootdir."""
    call_s: float = 0.5
    """Wall clock of one recipe; seconds."""
    timeout_s: float = 20.0
    """Wall clock of all."""
    hash_seed: int | None = None
    """Set: a fresh interpreter with this PYTHONHASHSEED in the place of a fork."""
    elsewhere: bool = False
    """Of a fresh interpreter: in another time zone, of another user, on a wider terminal."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of an `ExploreRequest`."""

    status: Literal["finished", "killed", "failed"]
    """`failed`: the file cannot be imported; `killed`: a limit ended it; what was observed before is kept."""
    observations: tuple[Observation, ...] = ()
    """In the order of the recipes, one each."""
    callables: tuple[Described, ...] = ()
    """With `describe`, in the order of the file."""
    imported: tuple[Arc, ...] = ()
    """With `describe`: arcs that importing the file executed, if it was imported for this request."""
    import_s: float = 0.0
    """Wall clock of that import; 0 if the session, or `preload`, had imported it."""
    threads: bool = False
    """Whether that import left threads behind: a session that holds it cannot be forked."""
    reason: str = ""
    """Why it failed or was killed; one sentence, as `import calls sys.exit(2)`."""
    sandbox: InForce | None = None
    """Set by the trusted side."""


# -- what a suite leaves out ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """Branch coverage of one file, as the project's own configuration of coverage.py counts it."""

    path: str
    """Posix, relative to rootdir."""
    statements: tuple[int, ...]
    """1-based first lines, excluded ones left out."""
    missing: tuple[int, ...]
    """Those of `statements` that were not executed."""
    branches: tuple[Arc, ...] = ()
    """Every way that a line with more than one has."""
    missing_branches: tuple[Arc, ...] = ()

    @property
    def percent(self) -> float:
        """Executed statements and branches, of all: the number that `pytest --cov --cov-branch` prints."""
        total = len(self.statements) + len(self.branches)
        done = total - len(self.missing) - len(self.missing_branches)
        return 100.0 * done / total if total else 100.0


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """One run of tests under coverage.py, with the project's own configuration, in a fresh interpreter."""

    nodeids: tuple[str, ...] | None = None
    """None: the user's whole selection."""
    extra: tuple[str, ...] = ()
    """Further test files, beside the selection (which `nodeids` may leave out by being empty)."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Path -> bytes laid over the tree."""
    paths: tuple[str, ...] = ()
    """Files that are measured, whether or not a test imports them; empty: what the project's configuration says, and
    without one its own packages and modules, tests left out."""
    contexts: bool = False
    """Tell what each test executes."""
    order_seed: int | None = None
    hash_seed: int | None = None
    canary: str = ""
    """As in `RunRequest`."""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """What came of a `MeasureRequest`."""

    status: Literal["finished", "killed", "failed"]
    files: tuple[Measured, ...] = ()
    outcomes: dict[str, str] = field(default_factory=dict)
    """Node id -> value of its `Outcome`."""
    contexts: dict[str, dict[str, tuple[Arc, ...]]] = field(default_factory=dict)
    """Node id -> path -> arcs, in the numbering of `Measured` (first lines of statements)."""
    notes: tuple[str, ...] = ()
    """What the user should know, as `coverage's configuration names a plugin that is not installed`."""
    reason: str = ""
    canary_failed: bool | None = None
    """As in `RunResult`."""
    touched: tuple[str, ...] = ()
    """Files and folders of the tree that came, went or changed meanwhile, caches left out; the first ones."""
    duration_s: float = 0.0
    sandbox: InForce | None = None
    """Set by the trusted side."""
