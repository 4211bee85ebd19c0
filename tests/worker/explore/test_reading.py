"""A result that only looks steady, because the clock or the process is read for it."""

import pytest

from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore, recipe

SOURCE = """
    import argparse
    import datetime
    import getpass
    import locale
    import logging
    import os
    import pathlib
    import platform
    import random
    import secrets
    import socket
    import tempfile
    import time
    import uuid
    from dataclasses import dataclass, field
    from datetime import date, datetime as when
    from time import strftime

    class Later(when):
        pass

    def year(now=None):
        return (now or when.now()).year

    def utc():
        return when.now(datetime.timezone.utc).year > 2000

    def through_another():
        return [year() for _ in range(1)][0]

    def today():
        return date.today().year

    def of_a_subclass():
        return Later.today().year

    def spelt(moment=None):
        return strftime("%Y") if moment is None else strftime("%Y", moment)

    def calendar(seconds):
        return time.gmtime(seconds).tm_year

    def calendar_now():
        return time.localtime().tm_year > 2000

    def quick():
        started = time.monotonic()
        return time.monotonic() - started < 9

    @dataclass
    class Event:
        at: when = field(default_factory=when.now)

    def made():
        return Event().at.year

    def pid():
        return os.getpid() > 0

    def host():
        return len(socket.gethostname()) > 0

    def here():
        return len(os.getcwd()) > 0

    def draws():
        return random.randint(1, 6) < 7

    def draws_seeded():
        random.seed(3)
        return random.randint(1, 6)

    def own_generator():
        return random.Random(3).random()

    def own_unseeded():
        return random.Random().random() < 2

    def token():
        return len(secrets.token_hex(4))

    def name():
        return len(str(uuid.uuid4()))

    def timed_name():
        return len(str(uuid.uuid1()))

    def logs():
        logging.getLogger("x").warning("hello")
        return 1

    def writes():
        with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as other:
            return file.write(b"abc") + other.write(b"abc")

    def parses(text):
        return when.strptime(text, "%Y").year

    def plain(text):
        return sorted(text.split())

    LEVEL = os.environ.get("CODEMODE_LEVEL", "info")

    def level():
        return LEVEL

    def mode():
        return os.environ.get("CODEMODE_MODE", "dev")

    def mode_by_getenv():
        return os.getenv("CODEMODE_MODE", "dev")

    def has_home():
        return "HOME" in os.environ

    def all_of_it():
        return len(dict(os.environ)) > 0

    def given_mode():
        os.environ["CODEMODE_MODE"] = "test"
        return os.environ["CODEMODE_MODE"]

    def user():
        return len(getpass.getuser()) > 0

    def home():
        return pathlib.Path.home().is_absolute()

    def expanded(path):
        return os.path.expanduser(path)[:1]

    def filled(path):
        return os.path.expandvars(path)

    def language():
        return locale.getlocale() is not None

    def node():
        return platform.node() != "?"

    def system():
        return platform.uname().system

    def version():
        return platform.python_version_tuple()[0]

    def parser():
        parser = argparse.ArgumentParser()
        parser.add_argument("--size", type=int, default=3)
        return parser.parse_args([]).size

    def local(seconds):
        return time.localtime(seconds).tm_year

    def local_text(seconds):
        return len(strftime("%H", time.localtime(seconds)))

    def local_moment(seconds):
        return when.fromtimestamp(seconds).year

    def moment(seconds):
        return when.fromtimestamp(seconds, datetime.timezone.utc).year

    def moment_by_name(seconds):
        return when.fromtimestamp(seconds, tz=datetime.timezone.utc).year

    def day(seconds):
        return date.fromtimestamp(seconds).year

    def aware(text):
        return when.fromisoformat(text).astimezone(datetime.timezone.utc).year

    def aware_here(text):
        return when.fromisoformat(text).astimezone().year

    def stamp(text):
        return when.fromisoformat(text).timestamp() > 0

    def ticks():
        yield 1
        yield time.time() > 0

    async def later():
        return time.time() > 0
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    root = tmp_path_factory.mktemp("reading")
    write_project(root, {"clock.py": SOURCE, "test_clock.py": "import clock\ndef test_clock(): pass\n"})
    with sandboxed(project_at(root)) as box:
        yield box


def told(box, text, *names, **fields):
    given = recipe(text, *(names or (text.partition("(")[0],)), module="clock", **fields)
    one = explore(box, given, path="clock.py", twice=True).observations[0]
    assert one.outcome == "returned", one.raised
    assert one.steady is not bool(one.reads)
    return one.reads


@pytest.mark.parametrize(
    "text",
    [
        "year()",
        "utc()",
        "through_another()",
        "today()",
        "of_a_subclass()",
        "spelt()",
        "calendar_now()",
        "quick()",
        "made()",
        "timed_name()",
    ],
)
def test_who_reads_the_clock(box, text):
    assert told(box, text) == "the clock"


def test_generators_and_coroutines_read_it_while_they_run(box):
    assert told(box, "ticks()", flavour="generator") == "the clock"
    assert told(box, "later()", flavour="coroutine") == "the clock"


@pytest.mark.parametrize("text", ["pid()", "host()", "here()"])
def test_who_reads_of_the_process(box, text):
    assert told(box, text) == "the process"


@pytest.mark.parametrize(
    "text",
    [
        "mode()",
        "mode_by_getenv()",
        "has_home()",
        "all_of_it()",
        "user()",
        "home()",
        "expanded('~/x')",
        "filled('$HOME/x'[:0] + '$CODEMODE_NONE')",
    ],
)
def test_who_reads_the_environment(box, text):
    assert told(box, text) == "the environment"


@pytest.mark.parametrize("text", ["node()", "system()", "version()", "language()"])
def test_who_reads_of_the_machine_is_noticed_again_and_again(box, text):
    assert [told(box, text) for _ in range(2)] == ["this machine"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "local(0)",
        "local_text(0)",
        "local_moment(0)",
        "day(0)",
        "aware('2001-02-03')",
        "aware_here('2001-02-03T00:00:00+01:00')",
        "stamp('2001-02-03')",
    ],
)
def test_who_takes_the_time_zone(box, text):
    assert told(box, text) == "the time zone"


@pytest.mark.parametrize("text", ["draws()", "own_unseeded()", "token()", "name()"])
def test_who_draws(box, text):
    assert told(box, text) == "chance"


@pytest.mark.parametrize(
    "text",
    [
        "calendar(0)",
        "spelt((2001, 2, 3, 4, 5, 6, 7, 8, 0))",
        "draws_seeded()",
        "own_generator()",
        "logs()",
        "writes()",
        "parses('2001')",
        "plain('b a')",
        "level()",
        "given_mode()",
        "expanded('x/~')",
        "filled('x')",
        "parser()",
        "moment(0)",
        "moment_by_name(0)",
        "aware('2001-02-03T00:00:00+01:00')",
        "stamp('2001-02-03T00:00:00+01:00')",
    ],
)
def test_who_does_not(box, text):
    assert told(box, text) == ""


def test_who_is_given_the_time_reads_nothing(box):
    assert told(box, "year(when(2001, 2, 3))", "year", "when") == ""


def test_what_the_setup_reads_is_not_the_calls(box):
    assert told(box, "event.at is None", "Event", setup=(("event", "Event()"),)) == ""


def test_nobody_listens_unless_calls_are_made_twice(box):
    one = explore(box, recipe("year()", "year", module="clock"), path="clock.py").observations[0]
    assert (one.steady, one.reads) == (True, "")
