from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.limits import NAMES, limit_behind, limit_told, parse, raised, with_limit
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.project import Limits

LIMITS = Limits(memory_bytes=512 * 2**20, processes=64, open_files=128, file_bytes=8 * 2**20, disk_bytes=1536 * 2**20)


@pytest.mark.parametrize(
    ("item", "field", "value"),
    [
        ("memory=2g", "memory_bytes", 2**31),
        ("memory=1.5GiB", "memory_bytes", 3 * 2**29),
        ("disk=2097152", "disk_bytes", 2**21),
        ("output=64kb", "output_bytes", 2**16),
        ("processes=1k", "processes", 1000),
        ("cpu=1.5m", "test_cpu_s", 90.0),
        ("test-time=0.25", "test_s", 0.25),
        ("run-time=1h", "run_s", 3600.0),
    ],
)
def test_an_amount_is_read_in_the_unit_of_its_limit(item: str, field: str, value: float) -> None:
    assert parse([item], Limits()) == replace(Limits(), **{field: value})


@pytest.mark.parametrize(
    "item",
    [
        *("", "memory", "memory=", "memory=-1", "memory=1x", "memory=nan", "memory=1e9"),
        *("cpu=1g", "cpu=inf", "cpu=10b"),
        *("processes=2", "disk=0", "run-time=0", "memory=9999999999999t", "test_s=3", "memory=1g=2"),
    ],
)
def test_what_is_no_limit_is_refused(item: str) -> None:
    with pytest.raises(ValueError):  # its text stands beside the option's name, see test_options
        parse([item], Limits())


def test_the_last_value_of_a_name_holds() -> None:
    assert parse(["cpu=5", "memory=1g", "cpu=7"], Limits()).test_cpu_s == 7


def test_every_limit_of_the_sandbox_can_be_set_and_stands_within_its_bounds() -> None:
    fields = {known.field for known in NAMES.values()}
    assert fields == set(Limits.__dataclass_fields__)
    assert all(known.least <= getattr(Limits(), known.field) <= known.most for known in NAMES.values())


@given(st.sampled_from(sorted(NAMES)), st.floats(min_value=0.01, max_value=100))
def test_what_is_above_the_default_loosens_and_nothing_else_does(name: str, factor: float) -> None:
    known = NAMES[name]
    wanted = getattr(Limits(), known.field) * factor
    wanted = min(max(wanted, known.least), known.most)
    item = f"{name}={wanted:.3f}" if known.unit == "seconds" else f"{name}={int(wanted)}"
    assert bool(raised([item], Limits())) == (float(item.partition("=")[2]) > getattr(Limits(), known.field))


def failed(exception: str, message: str, function: str = "f", source: str = "") -> Failure:
    return Failure("t.py::t", Phase.CALL, exception, message, (Frame("t.py", 1, function, {}, source),))


@pytest.mark.parametrize(
    ("failure", "limit"),
    [
        (failed("OSError", "[Errno 27] File too large"), "file size limit of 8 MiB"),
        (failed("OSError", "[Errno 24] Too many open files: '/dev/null'"), "limit of 128 open files"),
        (failed("OSError", "[Errno 28] No space left on device"), "disk limit of 1536 MiB"),
        (failed("OperationalError", "database or disk is full"), "disk limit of 1536 MiB"),
        (failed("MemoryError", ""), "memory limit of 512 MiB"),
        (failed("OSError", "[Errno 12] Cannot allocate memory"), "memory limit of 512 MiB"),
        (failed("RuntimeError", "can't start new thread"), "limit of 64 processes"),
        (
            failed("BlockingIOError", "[Errno 11] Resource temporarily unavailable", source="pid = os.fork()"),
            "limit of 64 processes",
        ),
        (
            failed("BlockingIOError", "[Errno 11] Resource temporarily unavailable", "Popen._execute_child"),
            "limit of 64 processes",
        ),
        (failed("BlockingIOError", "[Errno 11] Resource temporarily unavailable", source="s.recv(1)"), ""),
        (failed("AssertionError", "assert '[Errno 27] File too large' == ''"), ""),
        (failed("OSError", "[Errno 2] No such file or directory"), ""),
        (failed("RuntimeError", "no"), ""),
    ],
)
def test_a_failure_names_the_limit_that_the_kernel_s_error_comes_from(failure: Failure, limit: str) -> None:
    assert limit_behind(failure, LIMITS) == limit


@pytest.mark.parametrize(
    ("stderr", "limit"),
    [
        ("Traceback\n  os.fork()\nBlockingIOError: [Errno 11] Resource temporarily unavailable\n", "limit of 64"),
        ("Traceback\n  s.recv()\nBlockingIOError: [Errno 11] Resource temporarily unavailable\n", ""),
        ("Traceback\n  x = bytearray(3 << 30)\n      ^^^^^\nMemoryError\n", "memory limit of 512 MiB"),
        ("numpy.core._exceptions._ArrayMemoryError: Unable\n", ""),
        ("bash: fork: retry: Resource temporarily unavailable", "limit of 64"),
        ("[Errno 27] File too large\nKeyError: 'a'\n", ""),
        ("", ""),
    ],
)
def test_a_program_s_last_words_name_the_limit(stderr: str, limit: str) -> None:
    assert limit_told(stderr, LIMITS).startswith(limit)
    assert bool(limit_told(stderr, LIMITS)) == bool(limit)


def test_only_a_program_that_failed_by_itself_gets_a_likely_limit() -> None:
    words = "OSError: [Errno 27] File too large"
    failing = Execution("finished", 1, "", words)
    assert with_limit(failing, LIMITS).reason == "most likely the file size limit of 8 MiB"
    for other in (replace(failing, exit_code=0), Execution("killed", None, "", words, "killed: x")):
        assert with_limit(other, LIMITS) is other
