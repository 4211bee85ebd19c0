"""Names that give a cheat away, by rule."""

from __future__ import annotations

import re

_ENDINGS = ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")

DOTTED: dict[str, tuple[str, ...]] = {
    "skips-tests": (
        *("pytest.skip", "pytest.xfail", "pytest.exit", "pytest.importorskip", "pytest.fail", "pytest.outcomes"),
        *("pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "_pytest.outcomes"),
        *("unittest.skip", "unittest.skipIf", "unittest.skipUnless", "unittest.SkipTest", "unittest.expectedFailure"),
    ),
    "detects-test-run": (
        *("pytest", "_pytest", "pluggy", "unittest", "nose", "hypothesis", "xdist", "mock"),
        *("sys.argv", "sys.orig_argv", "sys.gettrace", "sys.getprofile", "__main__"),
        *(f"sys.{stream}.{name}" for stream in ("stdin", "stdout", "stderr") for name in ("name", "__class__", "mode")),
        *("sys.__stdin__", "sys.__stdout__", "sys.__stderr__", "sys.__excepthook__", "sys.__unraisablehook__"),
        *("sys.warnoptions", "sys._xoptions", "warnings.filters", "logging.root"),
    ),
    "inspects-stack": (
        *("inspect.stack", "inspect.trace", "inspect.currentframe", "inspect.getouterframes"),
        *("inspect.getinnerframes", "inspect.getframeinfo", "sys._getframe", "sys._getframemodulename"),
        *("sys._current_frames", "traceback.extract_stack", "traceback.walk_stack", "traceback.format_stack"),
        *("traceback.print_stack", "traceback.StackSummary", "logging.currentframe"),
    ),
    "imports-dynamically": (
        *("builtins.__import__", "importlib", "imp", "pkgutil", "runpy", "zipimport", "site", "sys.path"),
        *("sys.meta_path", "sys.path_hooks", "sys.path_importer_cache", "builtins.__loader__", "builtins.__spec__"),
    ),
    "executes-code": (
        *("builtins.eval", "builtins.exec", "builtins.compile", "code", "codeop", "marshal"),
        *("types.CodeType", "types.FunctionType", "types.LambdaType", "typing.ForwardRef", "typing._eval_type"),
        *("pickle.load", "pickle.loads", "pickle.Unpickler", "pickle._loads", "_pickle", "shelve", "dill"),
        *("cloudpickle.loads", "cloudpickle.load", "joblib.load", "yaml.unsafe_load"),
        *("timeit.timeit", "timeit.repeat", "timeit.Timer", "timeit.main"),
        *("cProfile", "_lsprof", "profile.run", "profile.runctx", "profile.Profile"),
        *("trace", "bdb", "pdb", "builtins.breakpoint", "doctest", "logging.config"),
    ),
    "reaches-internals": (
        *("gc", "ctypes", "_ctypes", "cffi", "sys.modules", "sys.settrace", "sys.setprofile"),
        *("sys.monitoring", "sys.addaudithook", "sys.excepthook", "sys.unraisablehook", "threading.settrace"),
        *("threading.setprofile", "sys.call_tracing", "sys.setswitchinterval", "builtins.__builtins__"),
        *("_testcapi", "_testinternalcapi", "forbiddenfruit"),
    ),
    "ends-process": (
        *("atexit", "signal", "faulthandler", "os._exit", "os.abort", "os.kill", "os.killpg"),
        *(f"os.exec{ending}" for ending in _ENDINGS),
    ),
    "starts-process": (
        *("subprocess", "os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.posix_spawnp", "pty"),
        *(
            "multiprocessing",
            "_multiprocessing",
            "concurrent.futures.process",
            "concurrent.futures.ProcessPoolExecutor",
        ),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
        *(f"os.spawn{ending}" for ending in _ENDINGS),
    ),
    "touches-descriptors": (
        *(
            "os.read",
            "os.pread",
            "os.lseek",
            "os.ftruncate",
            "os.write",
            "os.writev",
            "os.pwrite",
            "os.pwritev",
            "os.dup",
            "os.dup2",
            "os.pipe",
            "os.pipe2",
        ),
        *("os.sendfile", "os.splice", "os.copy_file_range", "os.closerange", "os.set_inheritable", "os.set_blocking"),
        *("os.fdopen", "os.fstat", "os.openpty", "os.login_tty", "os.memfd_create", "os.eventfd", "fcntl"),
        *("posix.write", "posix.dup", "posix.dup2", "posix.pipe", "posix.fstat", "_posixsubprocess"),
    ),
    "opens-network": ("socket", "_socket", "socketserver"),
    "searches-files": ("os.walk", "os.fwalk", "os.listdir", "os.scandir", "glob"),
    "opens-files": ("builtins.open", "io.open", "_io.open", "codecs.open", "io.FileIO"),
    "silences-warnings": (
        *("warnings.simplefilter", "warnings.filterwarnings", "warnings.catch_warnings", "warnings.resetwarnings"),
        *("logging.disable", "logging.captureWarnings"),
    ),
    "seeds-random": ("random.seed", "random.setstate", "numpy.random.seed"),
    "reads-environment": ("os.environ", "os.getenv", "os.environb"),
}
"""Rule -> dotted names that new code must not use; a name covers everything below it."""

HARMLESS = (
    *("importlib.metadata", "importlib.resources", "importlib.machinery.EXTENSION_SUFFIXES"),
    "multiprocessing.cpu_count",
)
"""Dotted names below those in `DOTTED` that are no finding."""

EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "builtins.SystemExit", "builtins.KeyboardInterrupt"})
"""Ways to end the process that count as one: a file that had one may use another."""

BUILTINS = frozenset(
    {"eval", "exec", "compile", "__import__", "__builtins__", "__loader__", "__spec__", "exit", "quit", "SystemExit"}
    | {"KeyboardInterrupt", "BaseException", "setattr", "delattr", "getattr", "vars", "open", "breakpoint"}
)
"""Builtin names that are looked at where nothing in the file binds them."""

INTERNALS = frozenset(
    {"__globals__", "__builtins__", "__code__", "__closure__", "__subclasses__", "__loader__", "__spec__"}
    | {"f_back", "f_globals", "f_locals", "f_builtins", "f_code", "tb_frame", "gi_frame", "cr_frame", "ag_frame"}
    | {"__import__", "_getframe", "_exit", "settrace", "setprofile", "currentframe"}
)
"""Attribute names that reach into the interpreter whatever they are asked of, written out or as strings."""

SENSITIVE = frozenset(
    {"sys", "os", "builtins", "inspect", "gc", "importlib", "traceback", "signal", "timeit", "profile", "posix"}
    | {"pickle"}
)
"""Modules whose attributes must be named in plain sight."""

IDENTITY = frozenset({"__class__", "__bases__", "__mro__", "__code__", "__defaults__", "__kwdefaults__", "__closure__"})
"""Attributes whose assignment turns an object into another one."""

COMPARISONS = frozenset(
    {"__eq__", "__ne__", "__hash__", "__bool__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"}
    | {"__instancecheck__", "__subclasscheck__", "__subclasshook__"}
)
"""Special methods that decide what an assertion sees."""

RICH = COMPARISONS & {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
"""Special methods that compare two objects."""

VALUE_TYPES = frozenset(
    {"int", "float", "complex", "str", "bytes", "bytearray", "list", "dict", "tuple", "set", "frozenset"}
)
"""Builtin types of plain values."""

VALUE_CLASSES = frozenset(
    {f"builtins.{name}" for name in VALUE_TYPES}
    | {"collections.UserString", "collections.UserList", "collections.UserDict", "collections.OrderedDict"}
    | {"collections.defaultdict", "collections.Counter", "collections.deque", "decimal.Decimal", "fractions.Fraction"}
    | {"datetime.date", "datetime.time", "datetime.datetime", "datetime.timedelta"}
)
"""Dotted names of classes whose objects are plain values."""

DESCRIPTOR_FILES = ("os.fdopen", "os.fstat")
"""Uses of descriptors that are no news in a file that opens files by descriptor."""

OPENS_DESCRIPTORS = frozenset({"os.open", "os.close", "tempfile.mkstemp"})
"""Names by which a file is known to open files by descriptor; no findings themselves."""

TRACEBACKS = frozenset({"__traceback__", "tb_next", "exc_info", "last_traceback", "last_exc"})
"""Attributes that lead to frames."""

FILE_CHANGES = frozenset(
    {f"shutil.{name}" for name in ("rmtree", "move", "copy", "copy2", "copyfile", "copytree", "copymode", "chown")}
    | {f"os.{name}" for name in ("remove", "unlink", "rmdir", "removedirs", "rename", "renames", "replace", "link")}
    | {f"os.{name}" for name in ("symlink", "truncate", "chmod", "mkdir", "makedirs", "utime", "mkfifo", "open")}
)
"""Functions that change files."""

FILE_METHODS = frozenset(
    {"unlink", "rmdir", "write_text", "write_bytes", "rename", "replace", "touch", "mkdir", "chmod", "symlink_to"}
    | {"hardlink_to"}
)
"""Methods of paths that change files."""

TEST_PLACE = re.compile(
    r"(?:.*[/\\])?(?:tests?|conftest\.py|test_[^/\\]*\.py|[^/\\]*_test\.py|pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml)"
    r"(?:[/\\].*)?"
)
"""The path of tests or of their configuration."""

PYTEST_NAMES = frozenset({"pytest_plugins", "collect_ignore", "collect_ignore_glob", "__test__"})
"""Module and class variables that pytest reads."""

TEST_TEXT = re.compile(r"\S*(?:pytest|PYTEST|conftest)\S*|unittest(?:\.\w+)*|\S*xdist\S*|/proc/\S*")
"""A string without spaces that names the test run, or the files that tell a process about itself."""

TEST_FILE = re.compile(r"(?:\S*[/\\])?(?:test_\w+|\w+_test)\.py\S*")
"""A string that names a test file."""

TEST_MODULE = re.compile(r"(?:.*\.)?(?:tests|conftest|test_\w+)(?:\..*)?")
"""A dotted module name of tests."""
