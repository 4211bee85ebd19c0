"""Operators of other packages: a real, small one, installed as packages are; and what must not be loaded."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ConfigError, ProposerError
from pytest_codemode.core.request import EngineOptions
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.extensions import operators
from pytest_codemode.proposers.search.table import OPERATORS
from pytest_codemode.wiring.proposing import Proposing
from pytest_codemode.worktree.sources import SourceTree
from tests.proposers.material import PATH, task

PACKAGE = '''
    """Prices of a shop are in cents."""

    import ast

    from pytest_codemode.proposers.search.extensions import hookimpl
    from pytest_codemode.proposers.search.operator import Operator, wrong


    def cents(site):
        """A price becomes cents."""
        for node in site.expressions:
            if isinstance(node, ast.Name) and node.id == "price":
                yield site.replace(node, "in_cents(price)", 1.0)


    @hookimpl
    def codemode_operators():
        before = "def f(price):\\n    return price\\n"
        example = wrong(before, ("return price", "return in_cents(price)"))
        return [Operator("shop.cents", 5.0, cents, "forgotten cents", example)]
'''
SUBJECT = "def f(price):\n    return 2 * price\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that lays a package out as an installer does, and puts the folder on the path."""

    def install(source: str, folder: Path | None = None, *, name: str = "codemode-shop", entry: str = "") -> Path:
        place = folder or tmp_path / "site"
        module = name.replace("-", "_")
        package = place / module
        package.mkdir(parents=True)
        package.joinpath("__init__.py").write_text("")
        package.joinpath("rules.py").write_text(textwrap.dedent(source))
        info = place / f"{module}-1.0.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        info.joinpath("entry_points.txt").write_text(f"[codemode]\nrules = {entry or f'{module}.rules'}\n")
        monkeypatch.syspath_prepend(place)
        return place

    yield install
    for name in [name for name in sys.modules if name.startswith("codemode_")]:
        del sys.modules[name]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the root of a project that is under repair."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_named_package_adds_its_operators_behind_the_projects_own(install, root: Path) -> None:
    install(PACKAGE)
    found = operators(["codemode-shop"], root)
    assert found[:-1] == OPERATORS
    assert (found[-1].name, found[-1].family, found[-1].matches) == ("shop.cents", "shop", "A price becomes cents.")


def test_its_patches_are_proposed_by_the_search_of_a_run(install, root: Path) -> None:
    install(PACKAGE)
    options = EngineOptions(proposers=("search",), operators=("codemode-shop",))
    (proposer,) = Proposing(
        options,
        tree=SourceTree(root),
        budget=Budget(Allowance()),
        emit=lambda event: None,
        sandbox=lambda: pytest.fail("the search needs no sandbox"),
        resources=None,  # type: ignore[arg-type]  # nothing is opened
    ).all()
    first = next(proposer.propose(task(SUBJECT)))[0]
    assert first.template == "shop.cents"
    assert getattr(first.edits[0], "new", "") == "in_cents(price)"
    assert first.paths == (PATH,)


def test_a_package_that_was_not_named_is_not_even_imported(install, root: Path) -> None:
    install(PACKAGE)
    assert operators([], root) == OPERATORS
    assert "codemode_shop" not in sys.modules


@pytest.mark.parametrize("place", [".", "vendor/lib"])
def test_a_package_in_the_tree_under_repair_is_refused_and_not_run(install, root: Path, place: str) -> None:
    install("raise SystemExit('the tree ran in the engine')", root / place)
    with pytest.raises(ConfigError, match="lies in the tree under repair"):
        operators(["codemode-shop"], root)
    assert "codemode_shop" not in sys.modules


def test_metadata_elsewhere_does_not_let_a_module_of_the_tree_in(install, root: Path, monkeypatch) -> None:
    install(PACKAGE, entry="codemode_planted.rules")
    planted = root / "codemode_planted"
    planted.mkdir()
    planted.joinpath("rules.py").write_text("raise SystemExit('the tree ran in the engine')")
    monkeypatch.syspath_prepend(root)
    with pytest.raises(ConfigError, match="lies in the tree under repair"):
        operators(["codemode-shop"], root)


def test_a_link_into_the_tree_is_followed_before_it_is_judged(install, tmp_path: Path, root: Path) -> None:
    site = install(PACKAGE)
    site.joinpath("codemode_shop").rename(root / "codemode_shop")
    site.joinpath("codemode_shop").symlink_to(root / "codemode_shop")
    with pytest.raises(ConfigError, match="lies in the tree under repair"):
        operators(["codemode-shop"], root)


def test_a_package_that_is_not_installed_is_named_with_the_remedy(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"--codemode-operators=no-such-package: no such .* install it there"):
        operators(["no-such-package"], root)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("x = 1", "gives no operators"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        (PACKAGE.replace("return [Operator", "return 1 / 0, [Operator"), "ZeroDivisionError"),
        (PACKAGE.replace('return [Operator("shop.cents"', 'return ["shop"]; [Operator("shop.cents"'), "gives a str"),
        (PACKAGE.replace("5.0, cents", "'5', cents"), "the prior of its operator shop.cents is no positive number"),
        (PACKAGE.replace('"shop.cents"', '"compare.operator"'), "two operators named compare.operator"),
    ],
)
def test_what_a_package_does_wrong_is_said_before_anything_starts(install, root: Path, source: str, why: str) -> None:
    install(source)
    with pytest.raises(ConfigError, match=why):
        operators(["codemode-shop"], root)


@pytest.mark.parametrize(
    ("old", "new"),
    [("for node in", "1 / 0\n        for node in"), ("cents, ", "cents, needs=lambda hints: 1 / 0, serves=")],
)
def test_an_operator_that_fails_ends_the_search_and_is_named(install, root: Path, old: str, new: str) -> None:
    install(PACKAGE.replace(old, new).replace('"forgotten cents", example)', '"forgotten cents", example=example)'))
    with pytest.raises(ProposerError, match=r"shop.cents of codemode-shop fails .ZeroDivisionError"):
        next(SearchProposer(operators=operators(["codemode-shop"], root)).propose(task(SUBJECT)))


def test_the_option_travels_from_the_command_line_to_the_engine(pytester, scripted_engine, only_our_plugin) -> None:
    scripted = scripted_engine()
    pytester.makeconftest(f"""
        import pytest

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            repair = config.pluginmanager.get_plugin("codemode-repair")
            repair.engine_command = {scripted.command!r}
    """)
    pytester.makepyfile("def test_fails():\n    assert 1 == 2\n")
    pytester.runpytest_inprocess("--codemode-fix", "--codemode-operators=one,two", "--codemode-operators", "three")
    assert scripted.request.options.operators == ("one", "two", "three")
