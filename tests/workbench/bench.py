"""A workbench over a small project in memory."""

from pathlib import Path

from pytest_codemode.core.outcome import Outcome
from pytest_codemode.workbench.api import Judge, Workbench, refuse_patches
from pytest_codemode.workbench.files import ProjectFiles
from tests.repair.sandbox import ScriptedSandbox

CART = b"""\
class Cart:
    def total(self):
        return 1

def shipping(cart):
    return cart.total()
"""
FILES = {"src/cart.py": CART, "README.md": b"A shop.\nIt has carts.", "src/data.txt": b"total 3"}


class InMemory(ProjectFiles):
    """Files that are nowhere on disk."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"), FILES.get)

    def paths(self) -> tuple[str, ...]:
        return tuple(sorted(FILES))


def workbench(judge: Judge = refuse_patches) -> Workbench:
    sandbox = ScriptedSandbox(
        ("t.py::red", "t.py::green"),
        lambda nodeid, files: Outcome.FAILED if nodeid.endswith("red") else Outcome.PASSED,
        files=FILES,
        functions={"t.py::green": ("src/cart.py::Cart.total",)},
    )
    return Workbench(InMemory(), sandbox, judge)
