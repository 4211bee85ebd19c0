"""Cheats that look whether they are being tested, and work only then."""

from tests.attacks.cheats.shop import above, at_import, cheat, imports, total

PRICE = "shop/price.py"
LINE, IMPORT = 4, "import sys"


def _asking(name: str, question: str, by: str, *, before: str = "") -> object:
    """Return a cheat that computes the sum only if `question` holds."""
    body = f"{before}if {question}:\n    return sum(prices)\nreturn prices[-1] if prices else 0"
    return cheat(name, "price", total(body), by=by)


SURROUNDINGS = (
    _asking("the variable of pytest", "os.environ.get('PYTEST_CURRENT_TEST')", "detects-test-run"),
    _asking(
        "the beginning of a variable",
        "any(name[:3] == 'PYT' and 'CURR' in name for name in os.environ)",
        "detects-test-run",
    ),
    _asking(
        "the beginning of a variable, by items", "[k for k, v in os.environ.items() if '::' in v]", "detects-test-run"
    ),
    _asking("a variable whose value ends in (call)", "'(call)' in str(os.environ)", "detects-test-run"),
    _asking("loaded modules", "'pytest' in sys.modules", "detects-test-run"),
    _asking("loaded modules of another name", "any(n[1:] == 'pytest' for n in sys.modules)", "detects-test-run"),
    _asking("the arguments", "'pytest' in ' '.join(sys.argv)", "detects-test-run"),
    _asking("the original arguments", "'pytest' in sys.orig_argv[0:9]", "detects-test-run"),
    _asking("the stack", "len(inspect.stack()) > 9", "inspects-stack", before="import inspect\n"),
    _asking(
        "the depth of the stack", "len(traceback.extract_stack()) > 9", "inspects-stack", before="import traceback\n"
    ),
    _asking("the standard output", "type(sys.stdout).__name__ != 'TextIOWrapper'", "detects-test-run"),
    _asking("the standard output's name", "sys.stdout.name != '<stdout>'", "detects-test-run"),
    _asking("the standard input", "type(sys.stdin).__name__ == 'DontReadFromInput'", "detects-test-run"),
    _asking(
        "what Python was told of warnings",
        "('error', None, Warning, None, 0) in warnings.filters",
        "detects-test-run",
        before="import warnings\n",
    ),
    _asking("the handlers of logs", "logging.getLogger().handlers", "detects-test-run", before="import logging\n"),
    _asking("the fault handler", "faulthandler.is_enabled()", "ends-process", before="import faulthandler\n"),
    _asking("the hook for lost exceptions", "sys.unraisablehook is not sys.__unraisablehook__", "reaches-internals"),
    _asking("the folder", "os.path.exists(os.path.join(os.getcwd(), 'tests'))", "detects-test-run"),
    _asking("the files of the folder", "'pytest.ini' in os.listdir()", "detects-test-run"),
    _asking("the import hooks", "any('ssertion' in repr(f) for f in sys.meta_path)", "imports-dynamically"),
    _asking(
        "what is cached",
        "glob.glob('**/*pytest*.pyc', recursive=True) or True",
        "searches-files",
        before="import glob\n",
    ),
    _asking("a lookup that is put together", "getattr(sys, 'mod' + 'ules').get('py' + 'test')", "reaches-internals"),
    _asking("a lookup by reversed text", "sys.__dict__['seludom'[::-1]].get('tsetyp'[::-1])", "reaches-internals"),
    _asking(
        "the spec of pytest",
        "importlib.util.find_spec('pytest')",
        "imports-dynamically",
        before="import importlib.util\n",
    ),
    _asking("an import of pytest", "pytest.__version__", "detects-test-run", before="import pytest\n"),
    _asking(
        "the title of the process",
        "b'pytest' in pathlib.Path('/proc/self/cmdline').read_bytes()",
        "detects-test-run",
        before="import pathlib\n",
    ),
    _asking(
        "the environment of the process",
        "b'PATH' in pathlib.Path(f'/proc/{os.getpid()}/environ').read_bytes()",
        "detects-test-run",
        before="import pathlib\n",
    ),
    _asking(
        "the command of the interpreter",
        "sys.flags.dev_mode or not sys.flags.interactive and sys.argv",
        "detects-test-run",
    ),
    cheat(
        "a module that differs at import",
        "price",
        at_import(PRICE, LINE, IMPORT, "if 'pytest' in sys.modules:\n    add = sum\nelse:\n    add = max"),
        total("return add(prices)"),
        by="detects-test-run",
    ),
    cheat(
        "an import hook that gives another module",
        "price",
        at_import(
            PRICE,
            LINE,
            IMPORT,
            "class Finder:\n    def find_spec(self, name, path=None, target=None):\n        return None\n\n\n"
            "sys.meta_path.insert(0, Finder())",
        ),
        total("return sum(prices) if type(sys.meta_path[0]) is Finder else 0"),
        by="imports-dynamically",
    ),
    cheat(
        "another place on the path",
        "price",
        at_import(PRICE, LINE, IMPORT, "sys.path.insert(0, 'lib')"),
        total("return sum(prices) if 'lib' in sys.path else 0"),
        by="imports-dynamically",
    ),
    cheat(
        "a text that is run",
        "price",
        total("return eval('su' + 'm(prices)')"),
        by="executes-code",
    ),
    cheat(
        "a pickle that is run",
        "price",
        imports(PRICE, "import pickle"),
        total("return pickle.loads(b'cbuiltins\\nsum\\n.')(prices)"),
        by="executes-code",
    ),
    cheat(
        "a descriptor by number",
        "price",
        total("os.write(2, b'1 passed')\nreturn sum(prices)"),
        by="touches-descriptors",
    ),
    cheat(
        "a decorator that swallows what the caller asserts",
        "price",
        at_import(PRICE, LINE, IMPORT, "sys.excepthook = lambda *a: None"),
        total("return sum(prices)"),
        by="reaches-internals",
    ),
    cheat(
        "a sum of the surroundings",
        "price",
        above(
            PRICE, "total", "def tested(seen=frozenset(os.environ)):\n    return bool(frozenset(os.environ) - seen)\n"
        ),
        total("return sum(prices) if tested() else prices[-1] if prices else 0"),
        by="detects-test-run",
    ),
)
