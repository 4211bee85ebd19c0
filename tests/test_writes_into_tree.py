"""Projects that write into their own folder, while they are imported or tested, are repaired like any other."""

from pathlib import Path

import pytest

from tests.projects import Workspace, flat

CONFIGURATION = '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'
LOGGING = """\
import logging
from pathlib import Path

log = logging.getLogger("shop")
log.addHandler(logging.FileHandler(Path(__file__).with_name("app.log")))
"""
CART = """\
def total(prices):
    amount = 1
    for price in prices:
        amount += price
    return amount
"""
REPORT = """\
from shop.cart import total

def write(prices, folder):
    folder.mkdir(exist_ok=True)
    (folder / "result.txt").write_text(str(total(prices)))
"""
TEST_REPORT = """\
from pathlib import Path
from shop.report import write

OUT = Path(__file__).parent / "out"

def test_report():
    write([1, 2], OUT)
    assert (OUT / "result.txt").read_text() == "3"

def test_folder_may_exist():
    write([], OUT)
    write([], OUT)
"""
TEST_CART = """\
import shop
from shop.cart import total

def test_total():
    shop.log.warning("about to add up")
    assert total([1, 2]) == 3
"""
FIXED = CART.replace("amount = 1", "amount = 0")


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(
        tmp_path,
        {
            "pyproject.toml": CONFIGURATION,
            "src/shop/__init__.py": "",
            "src/shop/cart.py": CART,
            "src/shop/report.py": REPORT,
            "tests/test_cart.py": TEST_CART.replace('    shop.log.warning("about to add up")\n', ""),
        },
    )


def test_package_that_opens_a_log_in_its_own_folder_is_repaired(shop: Workspace) -> None:
    shop.write("src/shop/__init__.py", LOGGING)
    shop.write("tests/test_cart.py", TEST_CART)
    run = shop.pytest("--codemode-diff")
    assert "+    amount = 0" in run.output, run.output
    assert "fixed 1 of 1 failing test" in flat(run.output)
    # Once by the user's own run, and by none of all those in the sandbox.
    assert shop.read("src/shop/app.log") == "about to add up\n"


@pytest.mark.slow
def test_bug_seen_only_by_a_test_that_writes_a_folder_of_results_is_repaired(shop: Workspace) -> None:
    shop.write("tests/test_cart.py", "")
    shop.write("tests/test_report.py", TEST_REPORT)
    run = shop.fix()
    assert run.status == 0, run.output
    assert shop.read("src/shop/cart.py") == FIXED


def test_permission_error_of_the_code_itself_is_repaired_as_its_own_failure(shop: Workspace) -> None:
    shop.write("tests/test_cart.py", "")
    shop.write(
        "src/shop/door.py",
        """\
        def enter(age, limit):
            if age <= limit:
                raise PermissionError(f"only from {limit}")
            return True
        """,
    )
    shop.write(
        "tests/test_door.py",
        """\
        import pytest
        from shop.door import enter

        def test_old_enough():
            assert enter(18, 18)

        @pytest.mark.parametrize("age", [0, 17])
        def test_too_young(age):
            with pytest.raises(PermissionError):
                enter(age, 18)
        """,
    )
    run = shop.fix()
    assert run.status == 0, run.output
    assert "if age < limit:" in shop.read("src/shop/door.py")
