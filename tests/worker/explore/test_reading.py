"""A result that only looks steady, because the clock or the process is read for it."""

import pytest

from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore, recipe

SOURCE = """
    import datetime
    import logging
    import os
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
