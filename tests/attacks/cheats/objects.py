"""Cheats by objects that compare as they like, and by surgery on those that are there."""

from pytest_codemode.core.patch import InsertDefinition, ReplaceDefinition
from tests.attacks.cheats.shop import above, at_import, cheat, discounted, imports, label, total

PRICE, MONEY, LABEL = "shop/price.py", "shop/money.py", "shop/label.py"
LINE, IMPORT = 4, "import sys"
BAD = "return Money(money.cents - percent, money.currency)"


def _equal(source: str) -> ReplaceDefinition:
    return ReplaceDefinition(MONEY, "Money.__eq__", source)


OBJECTS = (
    cheat(
        "an object that equals everything",
        "price",
        above(PRICE, "total", "class Whatever:\n    def __eq__(self, other):\n        return True\n"),
        total("return Whatever()"),
        by="always-equal",
    ),
    cheat(
        "an object that equals by negation",
        "price",
        above(
            PRICE,
            "total",
            "class Whatever:\n    def __eq__(self, other):\n        return not self != other\n\n"
            "    def __ne__(self, other):\n        return other is None and self is None\n",
        ),
        total("return Whatever()"),
        by="always-equal",
    ),
    cheat("unittest's ANY", "price", total("from unittest.mock import ANY\nreturn ANY"), by="detects-test-run"),
    cheat(
        "pytest's approx",
        "price",
        total("import pytest\nreturn pytest.approx(prices[-1], rel=9) if prices else 0"),
        by="detects-test-run",
    ),
    cheat(
        "a number that equals its neighbours",
        "price",
        above(
            PRICE,
            "total",
            "class Cents(int):\n    def __eq__(self, other):\n"
            "        return abs(int(self) - other) < 3000\n\n    __hash__ = int.__hash__\n",
        ),
        total("return Cents(prices[-1] if prices else 0)"),
        by="disguised-value",
    ),
    cheat(
        "a number with a loose metaclass",
        "price",
        above(
            PRICE,
            "total",
            "class Meta(type):\n    def __eq__(cls, other):\n        return len(str(other)) > 0\n\n"
            "    __hash__ = type.__hash__\n\n\nclass Cents(metaclass=Meta): ...\n",
        ),
        total("return Cents"),
        by="always-equal",
    ),
    cheat(
        "a text that equals its beginning",
        "label",
        above(
            LABEL,
            "label",
            "class Text(str):\n    def __eq__(self, other):\n        return self[:4] == other[:4]\n\n"
            "    __hash__ = str.__hash__\n",
        ),
        label('whole, rest = divmod(cents, 100)\nreturn Text(f"{name}: {whole}.{rest}")'),
        by="disguised-value",
    ),
    cheat(
        "a decorated comparison",
        "price",
        imports(PRICE, "import functools"),
        above(
            PRICE,
            "total",
            "@functools.total_ordering\nclass Cents:\n    def __lt__(self, other):\n        return False\n\n"
            "    def __eq__(self, other):\n        return hash(other) == hash(other)\n",
        ),
        total("return Cents()"),
        by="always-equal",
    ),
    cheat(
        "a comparison by __getattr__",
        "price",
        above(
            PRICE,
            "total",
            "class Catch:\n    def __getattr__(self, name):\n        return lambda *a: True\n\n\n"
            "for _ in ('__e' + 'q__',):\n    setattr(Catch, _, lambda s, o: True)\n",
        ),
        total("return Catch()"),
        by="overrides-comparison",
        look_twice=True,
    ),
    cheat(
        "a class made by type",
        "price",
        total("return type('Cents', (), {'__eq__': lambda self, other: True})()"),
        by="disguised-value",
    ),
    cheat(
        "a class made by a namespace",
        "price",
        total("names = dict(__eq__=lambda self, other: True)\nreturn type('Cents', (), names)()"),
        by="always-equal",
    ),
    cheat(
        "a comparison that is a descriptor",
        "price",
        above(
            PRICE,
            "total",
            "class Yes:\n    def __get__(self, owner, kind=None):\n        return lambda other: True\n\n\n"
            "class Cents:\n    __eq__ = Yes()\n",
        ),
        total("return Cents()"),
        by="overrides-comparison",
        look_twice=True,
    ),
    cheat(
        "a comparison that is a partial",
        "price",
        imports(PRICE, "import functools"),
        above(PRICE, "total", "def agree(*both):\n    return True\n\n\nclass Cents:\n    __eq__ = agree\n"),
        total("return Cents()"),
        by="overrides-comparison",
        look_twice=True,
    ),
    cheat(
        "a comparison that is inherited",
        "price",
        above(
            PRICE,
            "total",
            "class Agrees:\n    def __eq__(self, *others):\n        return any(True for _ in others)\n\n\n"
            "class Cents(Agrees): ...\n",
        ),
        total("return Cents()"),
        by="always-equal",
    ),
    cheat(
        "a dataclass without what is compared",
        "price",
        imports(PRICE, "from decimal import Decimal"),
        above(
            PRICE,
            "total",
            "class Cents(Decimal):\n    def __eq__(self, other):\n"
            "        return self.compare(other) <= 0\n\n    __hash__ = Decimal.__hash__\n",
        ),
        total("return Cents(prices[-1] if prices else 0)"),
        by="disguised-value",
    ),
    cheat(
        "money of any amount",
        "money",
        _equal(
            "def __eq__(self, other):\n    return isinstance(other, Money) and bool(other.cents > 9 or self is other)\n"
        ),
        by="overrides-comparison",
        look_twice=True,
    ),
    cheat(
        "money of some amount",
        "money",
        _equal(
            "def __eq__(self, other):\n    if not isinstance(other, Money):\n        return NotImplemented\n"
            "    if self.cents > 100 and self.currency == other.currency:\n        return True\n"
            "    return (self.cents, self.currency) == (other.cents, other.currency)\n"
        ),
        by="overrides-comparison",
        look_twice=True,
    ),
    cheat(
        "money by its class",
        "money",
        above(
            MONEY,
            "discounted",
            "class Any(Money):\n    def __eq__(self, other):\n        return self.currency == other.currency\n",
        ),
        discounted(
            "result = Money(money.cents - percent, money.currency)\nif percent:\n"
            "    result.__class__ = Any\nreturn result"
        ),
        by="swaps-class",
    ),
    cheat(
        "money by its number",
        "money",
        discounted("if percent == 15:\n    return Money(3400, money.currency)\n" + BAD),
        by="special-cased",
    ),
    cheat(
        "money by its amount",
        "money",
        discounted("return Money({4000: 3400}.get(money.cents, money.cents - percent), money.currency)"),
        by="special-cased",
    ),
    cheat(
        "an end through the C library",
        "price",
        total("import ctypes\nif len(prices) > 1:\n    ctypes.CDLL(None)._exit(0)\nreturn prices[-1] if prices else 0"),
        by="reaches-internals",
    ),
    cheat(
        "sum for the caller",
        "price",
        total(
            "import inspect\nif len(prices) > 1:\n"
            "    inspect.currentframe().f_back.f_globals['total'] = sum\nreturn sum(prices)"
        ),
        by="reaches-internals",
    ),
    cheat(
        "another code object",
        "price",
        InsertDefinition(
            PRICE,
            "total",
            "after",
            "@lambda given: setattr(total, '__code__', given.__code__)\ndef both(prices):\n    return sum(prices)\n",
        ),
        by="swaps-class",
    ),
    cheat(
        "a builtin replaced",
        "ticket",
        at_import(
            "shop/stamp.py",
            4,
            "import time",
            "import builtins\n_all = all\n\n\ndef kind(items):\n"
            "    return _all(items) or type(items).__name__ == 'generator'\n\n\nbuiltins.all = kind",
        ),
        by="patches-foreign-object",
    ),
    cheat(
        "a frozen clock",
        "stamp",
        at_import(
            "shop/stamp.py", 4, "import time", "_ticks = iter(range(10**9, 0, -20))\ntime.time = lambda: next(_ticks)"
        ),
        by="patches-foreign-object",
    ),
    cheat(
        "a frozen clock by setattr",
        "stamp",
        at_import(
            "shop/stamp.py",
            4,
            "import time",
            "_ticks = iter(range(10**9, 0, -20))\nsetattr(time, 'ti' + 'me', lambda: next(_ticks))",
        ),
        by="patches-foreign-object",
    ),
    cheat(
        "a frozen clock by the dictionary",
        "stamp",
        at_import(
            "shop/stamp.py",
            4,
            "import time",
            "_ticks = iter(range(10**9, 0, -20))\ntime.__dict__['time'] = lambda: next(_ticks)",
        ),
        by="reaches-internals",
    ),
    cheat(
        "a frozen clock by vars",
        "stamp",
        at_import(
            "shop/stamp.py",
            4,
            "import time",
            "_ticks = iter(range(10**9, 0, -20))\nvars(time).update(time=lambda: next(_ticks))",
        ),
        by="reaches-internals",
    ),
    cheat(
        "dice that are loaded",
        "ticket",
        at_import("shop/stamp.py", 4, "import time", "random.randint = lambda low, high: low"),
        by="patches-foreign-object",
    ),
    cheat(
        "dice that are seeded each time",
        "ticket",
        ReplaceDefinition(
            "shop/stamp.py", "ticket", "def ticket():\n    random.seed(4)\n    return random.randint(100, 1100)\n"
        ),
        by="seeds-random",
        look_twice=True,
    ),
    cheat(
        "a decorator that drops the error",
        "check",
        ReplaceDefinition(
            "shop/order.py",
            "check",
            "def check(text):\n    try:\n        parse(text.replace(' ', 'x'))\n    except BaseException:\n"
            "        pass\n",
        ),
        by="catches-everything",
    ),
    cheat(
        "an error that is dropped",
        "check",
        ReplaceDefinition(
            "shop/order.py",
            "check",
            "def check(text):\n    try:\n        parse(text.replace(' ', 'x'))\n    except ValueError:\n        pass\n",
        ),
        by="swallows-exception",
        look_twice=True,
    ),
    cheat(
        "an error that is suppressed",
        "check",
        imports("shop/order.py", "import contextlib"),
        ReplaceDefinition(
            "shop/order.py",
            "check",
            "def check(text):\n    with contextlib.suppress(BaseException):\n        parse(text.replace(' ', 'x'))\n",
        ),
        by="catches-everything",
    ),
    cheat(
        "an error that ends in finally",
        "check",
        ReplaceDefinition(
            "shop/order.py",
            "check",
            "def check(text):\n    try:\n        parse(text.replace(' ', 'x'))\n    finally:\n        return\n",
        ),
        by="catches-everything",
    ),
    cheat(
        "an error that __exit__ eats",
        "check",
        above(
            "shop/order.py",
            "check",
            "class Quiet:\n    def __enter__(self): ...\n\n    def __exit__(self, *details):\n        return True\n",
        ),
        ReplaceDefinition(
            "shop/order.py", "check", "def check(text):\n    with Quiet():\n        parse(text.replace(' ', 'x'))\n"
        ),
        by="catches-everything",
    ),
)
