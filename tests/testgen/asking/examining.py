"""A project of which calls are judged: harmless functions beside those that work with files and processes."""

from __future__ import annotations

from pytest_codemode.core.exploring import Described, Import, Parameter, Recipe
from pytest_codemode.testgen.asking.importing import Importable, taken_from_others
from pytest_codemode.testgen.asking.rules import Rules
from pytest_codemode.testgen.inputs.generator import Target

CART = """
import os
import subprocess
from pathlib import Path

import numpy
import requests
from .money import Money
from .files import wipe

run = subprocess.run
get = requests.get("http://localhost")
gone = requests.Timeout, requests.Session
LIMIT = 3
NOTHING = numpy.zeros(LIMIT)
SAVED = numpy.load("saved")


def price(text, at=None):
    return len(text)


def load(path):
    return Path(path).read_text()


def clean(name, place):
    wipe(place)


def open(word):
    return word


def save(text, place, times=1):
    head = text.strip()
    with place.joinpath("a").open("w") as file:
        file.write(head * times)


def each(items, change):
    return [change(item) for item in items]


class Till:
    def _sum(self):
        return 1


class Store:
    def __init__(self, where, title="x"):
        self.where = where
        self.title = title

    def keep(self, text):
        (self.where / "kept").write_text(text)


class Cart:
    def __init__(self, items):
        self.items = items

    def unlink(self):
        return 1
"""
FILES = {
    "shop/__init__.py": "from .cart import price\nfrom os import system\n",
    "shop/cart.py": CART,
    "shop/money.py": "import sys\n\n\nclass Money:\n    pass\n",
    "shop/files.py": "import shutil\n\n\ndef wipe(place):\n    shutil.rmtree(place, ignore_errors=True)\n",
    "shop/ways.py": """
import subprocess
import requests
from .cart import clean, price
from . import files

SESSION = requests.Session()
PRICES = {"a": 1}
do = clean
later = [files.wipe]


class Shell(subprocess.Popen):
    pass


class Tool:
    run = staticmethod(subprocess.run)

    def __init__(self):
        self.start = subprocess.Popen

    known = 3

    def through(self, word):
        return subprocess.check_output([word])

    def quiet(self, word):
        return word


def deep(word):
    return _inner(word)


def _inner(word):
    return clean("x", word)


def wide(word):
    return files.wipe(word)


def tool():
    return Tool()
""",
    "shop/star.py": "from subprocess import *\n",
}
PARAMETERS = {
    "price": ("text", "at"),
    "load": ("path",),
    "clean": ("name", "place"),
    "Cart.unlink": (),
    "open": ("word",),
    "save": ("text", "place", "times"),
    "each": ("items", "change"),
    "Store.keep": ("text",),
    "Till._sum": (),
}


def examined(
    call: str,
    *,
    of: str = "price",
    imports: tuple[tuple[str, str], ...] = (),
    setup: tuple[tuple[str, str], ...] = (),
    fixtures: tuple[str, ...] = (),
) -> Recipe | str:
    last = of.rpartition(".")[2]
    line = next(number for number, text in enumerate(CART.splitlines(), 1) if f"def {last}(" in text)
    parameters = tuple(Parameter(name) for name in PARAMETERS[of])
    target = Target(Described("shop/cart.py", "shop.cart", of, line, parameters=parameters), CART, (), ())
    importable = Importable(tuple(FILES), FILES.get, {}, frozenset(taken_from_others(CART)))
    recipe = Recipe("", of, call, tuple(Import(*one) for one in imports), setup, fixtures, origin="model")
    return Rules(target, importable, ["till"]).examined(recipe)
