"""What the user names is found, however it is named; what is not there is answered with what comes nearest."""

import os
import subprocess
from pathlib import Path

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.own_code import module_name, own_code
from pytest_codemode.testgen.changed import changed_since
from pytest_codemode.testgen.gaps import Target
from pytest_codemode.testgen.targets import TargetReader

FILES = {
    "src/shop/__init__.py": b"from shop.cart import total\n",
    "src/shop/cart.py": b"class Cart:\n    def add(self):\n        def inner(): pass\n\ndef total(): pass\n",
    "src/shop/deep/tax.py": b"def rate(): pass\ndef total_tax(): pass\n",
    "src/shop/deep/other.py": b"def rate(): pass\n",
    "src/shop/tests/test_cart.py": b"def test_cart(): pass\n",
    "tests/test_all.py": b"",
    "scripts/release.py": b"def main(): pass\n",
    "setup.py": b"",
}


def reader(base: str = "", files: dict[str, bytes] = FILES) -> TargetReader:
    return TargetReader(files, files.get, "/home/me/project", base)


def read(*given: str, base: str = "") -> list[str]:
    return [":".join(filter(None, (one.path, one.qualname))) for one in reader(base).read(given)]


SHOP = ["src/shop/__init__.py", "src/shop/cart.py", "src/shop/deep/other.py", "src/shop/deep/tax.py"]
CART = "src/shop/cart.py"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), SHOP),
        (("src/shop/cart.py",), [CART]),
        (("src/shop",), SHOP),
        (("src/shop/deep/",), SHOP[2:]),
        (("./src//shop/deep/../cart.py",), [CART]),
        (("/home/me/project/src/shop/cart.py",), [CART]),
        (("shop",), SHOP),
        (("shop.cart",), [CART]),
        (("shop.deep",), SHOP[2:]),
        (("shop.cart:total",), [f"{CART}:total"]),
        (("shop:total",), [f"{CART}:total"]),
        (("src/shop/cart.py:Cart.add",), [f"{CART}:Cart.add"]),
        (("shop.cart:Cart",), [f"{CART}:Cart"]),
        (("scripts",), ["scripts/release.py"]),
        (("shop.cart", "src/shop/cart.py", "shop.deep.tax"), [CART, "src/shop/deep/tax.py"]),
        ((".",), ["scripts/release.py", "setup.py", *SHOP]),
    ],
)
def test_a_target_is_a_path_a_package_a_module_or_something_defined_in_one(
    given: tuple[str, ...], expected: list[str]
) -> None:
    assert read(*given) == sorted(expected)


def test_a_path_is_relative_to_where_pytest_was_started_or_to_the_root() -> None:
    assert read("cart.py", base="src/shop") == [CART]
    assert read("src/shop/cart.py", base="src/shop") == [CART]
    assert read("../shop/deep", base="src/shop") == SHOP[2:]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("shop.cert", "'shop.cert' is no path, package or module of the project; did you mean shop.cart"),
        ("src/shop/carts.py", "did you mean src/shop/cart.py"),
        ("shop.cart:totl", "shop.cart defines no 'totl'; did you mean total?"),
        ("shop.cart:Cart.ad", "did you mean Cart.add"),
        ("shop.cart:Cart.add.inner", "defines no"),
        ("shop.deep:rate", "src/shop/deep/other.py, src/shop/deep/tax.py; name one of them"),
        ("tests/test_all.py", "holds tests"),
        ("tests", "is no path"),
        ("/home/other", "is no path"),
        ("../..", "is no path"),
        ("zzzzz", "there is for example"),
    ],
)
def test_what_matches_nothing_is_answered_with_what_comes_nearest(given: str, expected: str) -> None:
    with pytest.raises(ConfigError, match="--codemode-target") as problem:
        read(given)
    assert expected in str(problem.value)


def test_a_project_without_code_has_a_remedy() -> None:
    with pytest.raises(ConfigError, match="name a path with --codemode-target"):
        reader(files={"tests/test_all.py": b""}).read(())


@pytest.mark.parametrize(
    ("paths", "own"),
    [
        ("src/a/__init__.py src/b.py src/ns/c/d.py top.py setup.py", "src/a/__init__.py src/b.py src/ns/c/d.py"),
        ("a/__init__.py a/b.py top.py scripts/x.py other/y.py", "a/__init__.py a/b.py top.py"),
        ("ns/a/__init__.py ns/a/b.py", "ns/a/__init__.py ns/a/b.py"),
        ("ns/a.py docs/conf.py", "ns/a.py"),
        ("one.py two.py conftest.py noxfile.py test_one.py one_test.py", "one.py two.py"),
        ("src/__init__.py src/a.py", "src/__init__.py src/a.py"),
        ("a/__init__.py a/tests/helpers.py a/testing/fake.py", "a/__init__.py a/testing/fake.py"),
        ("a/__init__.py examples/__init__.py .venv/x.py build/lib/a/__init__.py", "a/__init__.py"),
        ("lib/a/__init__.py", "lib/a/__init__.py"),
        ("src/a/__init__.py plugin/__init__.py", "plugin/__init__.py src/a/__init__.py"),
    ],
)
def test_own_code_is_told_from_what_is_around_it(paths: str, own: str) -> None:
    assert own_code(paths.split()) == tuple(own.split())


def test_a_source_folder_that_is_a_package_is_part_of_the_names_of_its_modules() -> None:
    files = {"lib/__init__.py": b"", "lib/core.py": b"def total(): pass\n", "__init__.py": b""}
    names = [module_name(path, files) for path in ("lib/__init__.py", "lib/core.py", "src/shop/cart.py")]
    assert names == ["lib", "lib.core", "shop.cart"]
    for target in ("lib.core:total", "lib/core.py:total", "lib:total"):
        [found] = reader(files=files).read((target,))
        assert (found.path, found.qualname) == ("lib/core.py", "total")
    with pytest.raises(ConfigError, match="did you mean lib"):
        reader(files=files).read(("core",))


@pytest.mark.parametrize("given", ["", "  ", ":total"])
def test_a_target_that_names_nothing_has_a_remedy(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--codemode-target: .* names no file; name a path, a package or a module"):
        read(given)


def test_neither_the_root_nor_an_init_file_is_suggested() -> None:
    files = {"__init__.py": b"", "a/__init__.py": b"", "a/b/__init__.py": b"", "c.py": b""}
    for given in ("zzzzzz", "__init_", "..", "a/__init_.py"):
        with pytest.raises(ConfigError) as problem:
            reader(files=files).read((given,))
        suggested = str(problem.value).partition("; ")[2].removesuffix("?").replace(",", "").split()
        assert not {".", "__init__", "__init__.py", "a/__init__.py"} & set(suggested), suggested


def test_modules_have_the_names_they_are_imported_by() -> None:
    names = {path: module_name(path) for path in ("src/a/__init__.py", "a/b/c.py", "lib/a/b.py", "top.py", "src/x.py")}
    assert list(names.values()) == ["a", "a.b.c", "a.b", "top", "x"]


class Repository:
    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.root, env=env, check=True, timeout=60, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.write("a.py", "one\ntwo\nthree\nfour\n")
    made.write("gone.py", "x\n")
    made.write("moved.py", "".join(f"line {n}\n" for n in range(30)))
    made.write("notes.txt", "x\n")
    made.write("sub folder/b.py", "x\ny\n")
    made.commit()
    return made


def since(repository: Repository, revision: str, below: str = "") -> dict[str, list[int]]:
    found = changed_since(repository.root / below, revision)
    return {path: sorted(lines) for path, lines in sorted(found.items())}


def test_committed_staged_unstaged_and_untracked_lines_count(repository: Repository) -> None:
    assert since(repository, "HEAD") == {}
    repository.write("a.py", "one\ntwo and more\nthree\nfour\n")
    repository.commit()
    repository.write("sub folder/b.py", "x\ny\nz\n")
    repository.git("add", "-A")
    repository.write("sub folder/b.py", "x\ny\nz\nlast")
    repository.write("new.py", "1\n2")
    repository.write("notes.txt", "y\n")
    repository.write(".gitignore", "ignored.py\n")
    repository.write("ignored.py", "x\n")
    (repository.root / "gone.py").unlink()
    assert since(repository, "HEAD~1") == {"a.py": [2], "new.py": [1, 2], "sub folder/b.py": [3, 4]}
    assert since(repository, "HEAD", below="sub folder") == {"b.py": [3, 4]}


def test_a_file_that_has_moved_has_changed_where_it_differs(repository: Repository) -> None:
    repository.git("mv", "moved.py", "elsewhere.py")
    text = (repository.root / "elsewhere.py").read_text()
    repository.write("elsewhere.py", text.replace("line 7\n", "line seven\n"))
    assert since(repository, "HEAD") == {"elsewhere.py": [8]}


def test_what_others_did_since_the_branch_began_is_no_change(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "mine")
    repository.write("a.py", "zero\none\ntwo\nthree\nfour\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a.py", "one\ntwo\nthree\nFOUR\n")
    repository.commit()
    repository.git("checkout", "-q", "mine")
    assert since(repository, "main") == {"a.py": [1]}


def test_names_with_special_characters_are_only_names(repository: Repository) -> None:
    repository.write("od*d [é].py", "1\n")
    repository.write("odd.py", "1\n")
    repository.commit()
    repository.write("od*d [é].py", "1\n2\n")
    assert since(repository, "HEAD") == {"od*d [é].py": [2]}


def test_settings_of_the_user_change_nothing(repository: Repository) -> None:
    for name, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "diff.context": "9",
        "diff.external": "false",
        "diff.renames": "false",
        "diff.relative": "false",
    }.items():
        repository.git("config", name, value)
    repository.write("a.py", "one\n2\nthree\nfour\n")
    repository.write(".gitattributes", "*.py -diff\n")
    assert since(repository, "HEAD") == {"a.py": [2]}


def test_only_regular_untracked_files_of_a_sources_size_count(repository: Repository, tmp_path: Path) -> None:
    (repository.root / "zero.py").symlink_to("/dev/zero")
    (repository.root / "linked.py").symlink_to(repository.root / "a.py")
    os.mkfifo(repository.root / "pipe.py")
    repository.write("huge.py", "\n" * (2 * 2**20 + 1))
    repository.write("new.py", "1\n")
    assert since(repository, "HEAD") == {"new.py": [1]}


@pytest.mark.parametrize("name", ["evil", "a.b", "Évil", "a=b"])
@pytest.mark.parametrize("end", ["clean", "process"])
def test_filters_of_the_settings_run_nothing(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory, name: str, end: str
) -> None:
    trace = tmp_path_factory.mktemp("outside") / "pwned"
    repository.write(".gitattributes", f"*.py filter={name}\n")
    repository.commit()
    repository.git("config", f"filter.{name}.{end}", f"touch '{trace}'; cat")
    repository.git("config", f"filter.{name}.required", "true")
    repository.write("a.py", "one\ntwo and more\nthree\nfour\n")
    if "=" in name:
        with pytest.raises(ConfigError, match="could run programs"):
            since(repository, "HEAD")
    else:
        assert since(repository, "HEAD") == {"a.py": [2]}
    assert not trace.exists()
    subprocess.run(["git", "diff"], cwd=repository.root, timeout=60, capture_output=True, check=False)
    assert trace.exists()  # what git does by itself


def test_what_git_does_not_know_has_a_remedy(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ConfigError, match=r"git knows no revision 'origin/main'; fetch it first"):
        since(repository, "origin/main")
    repository.git("checkout", "-q", "--orphan", "apart")
    repository.write("a.py", "another beginning\n")
    repository.commit()
    with pytest.raises(ConfigError, match="no history in common"):
        since(repository, "main")
    outside = tmp_path_factory.mktemp("outside")
    with pytest.raises(ConfigError, match=r"--codemode-since needs git: .* is in no work tree"):
        changed_since(outside, "main")


def test_a_shallow_clone_is_told_how_to_get_its_history(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.py", "x\n")
    repository.commit()
    place = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", str(place))
    with pytest.raises(ConfigError, match=r"shallow: fetch its history first .*fetch-depth: 0"):
        changed_since(place, "HEAD~1")


def test_the_target_names_the_file_of_a_gap() -> None:
    assert Target("a.py", "f").includes("a.py", "f")
    assert not Target("a.py", "f").includes("b.py", "f")
