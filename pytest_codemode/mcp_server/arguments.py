"""Arguments as an outside MCP client sees them: plain JSON types, each described; and what they stand for inside."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pytest_codemode.core.outcome import Candidate, Swap


def _decodable(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("not base64") from None
    return text


def _inside(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ValueError("not a posix path relative to the project's root")
    return path


ProjectPath = Annotated[str, AfterValidator(_inside)]
Base64 = Annotated[str, AfterValidator(_decodable), Field(json_schema_extra={"contentEncoding": "base64"})]
PatchedFiles = dict[ProjectPath, Base64]

FILES = "Patched files: posix path relative to the project's root -> the whole new content as base64 text."
SECONDS = "Wall-clock limit in seconds; leave out for the sandbox's own limit, which cannot be exceeded."

Nodeids = Annotated[
    list[str] | None,
    Field(description="pytest node ids, as `tests/test_cart.py::test_total[2-3]`; leave out for the whole selection."),
]
Files = Annotated[PatchedFiles, Field(description=FILES)]
ModeName = Annotated[
    Literal["warm", "reload", "cold"],
    Field(
        description="`warm`: fork of the collected session, fastest, only without `files`; `reload`: fork with pytest"
        " imported but no project module; `cold`: fresh interpreter in a fresh sandbox."
    ),
]
RecordName = Annotated[
    Literal["nothing", "functions", "lines", "values", "calls"],
    Field(
        description="What to record of each test: the project functions it ran, the lines of `line_paths`, what the"
        " functions of `watch` were given and returned (slow: for few tests), or the calls of these as source text,"
        " each different one once."
    ),
]
LinePaths = Annotated[
    list[ProjectPath], Field(description='With record="lines": files whose executed lines to report.')
]
Watch = Annotated[
    list[str],
    Field(description='With record="values" or "calls": functions to report of, as `src/cart.py::Cart.total`.'),
]
RecordFor = Annotated[
    list[str] | None,
    Field(
        description="Record only what these node ids execute; leave out for all that run. With `reuse`: record these"
        " in any case."
    ),
]
Reuse = Annotated[
    bool,
    Field(
        description='With record="functions": run everything, but record only where the index of earlier runs is out of'
        " date; the rest of the functions come from there."
    ),
]
ChangedPaths = Annotated[list[ProjectPath], Field(description="Files that changed in some way or other.")]
ChangedFunctions = Annotated[
    list[str],
    Field(
        description="Functions whose bodies changed, as `src/cart.py::Cart.total`; a class stands for its methods and"
        " its class body."
    ),
]
Lines = Annotated[
    bool,
    Field(description="Run the affected tests once more to tell which lines of the changed files each one executes."),
]
Output = Annotated[
    bool,
    Field(description="Return what each phase of each test printed; a failure comes with its output in any case."),
]
Seconds = Annotated[float | None, Field(description=SECONDS, gt=0)]
Seed = Annotated[int | None, Field(description="Shuffle the tests with this seed; leave out for the collected order.")]
HashSeed = Annotated[
    int | None, Field(description="PYTHONHASHSEED of a cold run; leave out for the user's.", ge=0, le=2**32 - 1)
]
Canary = Annotated[str, Field(description="Name of a test to add that must fail, as proof that the run is honest.")]


class _Argument(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SwapArgument(_Argument):
    """New source of a function, or of the value of a name, to be put in place of the running one."""

    path: ProjectPath = Field(description="Posix path relative to the project's root.")
    qualname: str = Field(description="As `Cart.total`: class names, then the function or name.")
    line: int = Field(description="1-based line of the `def`, or of the assignment, in the patched file.", ge=1)
    source: str = Field(description="Its lines as they stand in the patched file, decorators left out.")
    kind: Literal["function", "value"] = Field(
        default="function", description="`value`: one name directly in a module or class is bound to another value."
    )


class CandidateArgument(_Argument):
    """One patch to try."""

    key: str = Field(description="Your name for the patch; comes back in its result.")
    files: PatchedFiles = Field(description=FILES)
    swaps: list[SwapArgument] = Field(
        default=[], description="Give them only if the patch changes nothing but these function bodies or values."
    )

    def candidate(self) -> Candidate:
        """Return the candidate as the sandbox takes it."""
        swaps = tuple(Swap(swap.path, swap.qualname, swap.line, swap.source, swap.kind) for swap in self.swaps)
        return Candidate(key=self.key, files=file_bytes(self.files), swaps=swaps)


def file_bytes(files: PatchedFiles) -> dict[str, bytes]:
    """Return the files' content; the text was checked when the arguments came in."""
    return {path: base64.b64decode(text) for path, text in files.items()}


def duplicate(keys: Iterable[str]) -> str | None:
    """Return the first key that occurs twice, or None."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None
