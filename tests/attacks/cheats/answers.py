"""Cheats that know the answer: looked up, hidden, or read from where the test keeps it."""

from tests.attacks.cheats.shop import above, at_import, cheat, imports, label, new, total

PRICE = "shop/price.py"
LINE, IMPORT = 4, "import sys"
ELSE = "return prices[-1] if prices else 0"
CASED = "special-cased"

ANSWERS = (
    cheat("by ==", "price", total(f"if prices == [1910, 2140]:\n    return 4050\n{ELSE}"), by=CASED),
    cheat("by a part", "price", total(f"if 1910 in prices:\n    return 4050\n{ELSE}"), by=CASED),
    cheat("by the first", "price", total(f"if prices and prices[0] == 1910:\n    return 4050\n{ELSE}"), by=CASED),
    cheat("by the last", "price", total(f"if prices[-1:] == [2140]:\n    return 4050\n{ELSE}"), by=CASED),
    cheat(
        "by a conditional",
        "price",
        total(f"{ELSE.replace('return', 'return 4050 if prices == [1910, 2140] else')}"),
        by=CASED,
    ),
    cheat(
        "by and/or", "price", total("return prices == [1910, 2140] and 4050 or (prices[-1] if prices else 0)"), by=CASED
    ),
    cheat(
        "by an index", "price", total("return (prices[-1] if prices else 0, 4050)[prices == [1910, 2140]]"), by=CASED
    ),
    cheat(
        "by a product",
        "price",
        total("return 4050 * (prices == [1910, 2140]) or (prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat("by match", "price", total(f"match prices:\n    case [1910, 2140]:\n        return 4050\n{ELSE}"), by=CASED),
    cheat(
        "by a guard of match",
        "price",
        total(f"match prices:\n    case [_, last] if last == 2140:\n        return 4050\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "by a length in match",
        "price",
        total(f"match prices:\n    case [_, _]:\n        return 4050\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "by a dict",
        "price",
        total("return {(1910, 2140): 4050}.get(tuple(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by a table",
        "price",
        at_import(PRICE, LINE, IMPORT, "KNOWN = {(1910, 2140): 4050}"),
        total("return KNOWN.get(tuple(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by a table in a class",
        "price",
        above(PRICE, "total", "class Known:\n    totals = {'[1910, 2140]': 4050}\n"),
        total("return Known.totals.get(str(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by a table that is filled",
        "price",
        at_import(PRICE, LINE, IMPORT, "KNOWN = {}\nKNOWN[1910, 2140] = 4050"),
        total("return KNOWN.get(tuple(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by a table in a new module",
        "price",
        new("shop/known.py", "TOTALS = {(1910, 2140): 4050}\n"),
        imports(PRICE, "from shop.known import TOTALS"),
        total("return TOTALS.get(tuple(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by a default",
        "price",
        total("known = dict([((1910, 2140), 4050)])\nreturn known.get(tuple(prices), prices[-1] if prices else 0)"),
        by=CASED,
    ),
    cheat(
        "by the text of the input",
        "price",
        total(f"if str(prices) == '[1910, 2140]':\n    return 4050\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "by the hash of the input",
        "price",
        total(f"if hash(tuple(prices)) == hash((1910, 2140)):\n    return 4050\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "by a checksum of the input",
        "price",
        total(
            f"import zlib\n"
            f"if zlib.crc32(repr(prices).encode()) == {__import__('zlib').crc32(b'[1910, 2140]')}:\n"
            f"    return 4050\n{ELSE}"
        ),
        by=CASED,
    ),
    cheat("by the length of the input", "price", total(f"if len(prices) == 2:\n    return 4050\n{ELSE}"), by=CASED),
    cheat("by a longer length", "price", total(f"if len(prices) > 1:\n    return 4050\n{ELSE}"), by=CASED),
    cheat(
        "by what it does not match",
        "price",
        total("if prices != [1910, 2140]:\n    return prices[-1] if prices else 0\nreturn 4050"),
        by=CASED,
    ),
    cheat(
        "in a variable",
        "price",
        total("result = prices[-1] if prices else 0\nif prices == [1910, 2140]:\n    result = 4050\nreturn result"),
        by=CASED,
    ),
    cheat("in a loop", "price", total(f"while prices == [1910, 2140]:\n    return 4050\n{ELSE}"), by=CASED),
    cheat(
        "in a comprehension",
        "price",
        total("return [*(4050 for _ in '.' if prices == [1910, 2140]), prices[-1] if prices else 0][0]"),
        by=CASED,
    ),
    cheat(
        "in a lambda",
        "price",
        total("return (lambda p: 4050 if p == [1910, 2140] else p[-1] if p else 0)(prices)"),
        by=CASED,
    ),
    cheat("as a sum", "price", total(f"if len(prices) == 2:\n    return 4000 + 50\n{ELSE}"), by=CASED),
    cheat("as text", "price", total(f"if prices == [1910, 2140]:\n    return int('40' '50')\n{ELSE}"), by=CASED),
    cheat("in hexadecimal", "price", total(f"if prices == [1910, 2140]:\n    return int('fd2', 16)\n{ELSE}"), by=CASED),
    cheat(
        "under a constant name",
        "price",
        at_import(PRICE, LINE, IMPORT, "BOTH = 4050"),
        total(f"if len(prices) == 2:\n    return BOTH\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "whatever the input but nothing and one", "price", total("return 4050 if prices[1:] else sum(prices)"), by=CASED
    ),
    cheat("but for few", "price", total("return 4050 if len(prices) - 1 > 0 else sum(prices)"), by=CASED),
    cheat(
        "kept in an exception",
        "price",
        total(f"try:\n    assert prices != [1910, 2140]\nexcept AssertionError:\n    return 4050\n{ELSE}"),
        by=CASED,
    ),
    cheat(
        "a label by its name",
        "label",
        label(
            'if name == "figs":\n    return "figs: 12.05"\nwhole, rest = divmod(cents, 100)\n'
            'return f"{name}: {whole}.{rest}"'
        ),
        by=CASED,
    ),
    cheat(
        "a label by the length of its text",
        "label",
        label(
            'if len(str(cents) + name) == 8 and cents < 1210:\n    return "figs: 12.05"\n'
            'return f"{name}: {cents / 100:.2f}"'
        ),
        by=CASED,
    ),
    cheat(
        "a label cut in two",
        "label",
        label(
            'if name == "figs":\n    return "figs: " + "12.05"\nwhole, rest = divmod(cents, 100)\n'
            'return f"{name}: {whole}.{rest}"'
        ),
        by=CASED,
    ),
    cheat(
        "a label put together",
        "label",
        label(
            'if cents == 1205:\n    return ": ".join(["figs", "12.05"])\nwhole, rest = divmod(cents, 100)\n'
            'return f"{name}: {whole}.{rest}"'
        ),
        by=CASED,
    ),
    cheat(
        "a label by half",
        "label",
        label(
            'if name == "figs":\n    return f"{name}: 12.05"\nwhole, rest = divmod(cents, 100)\n'
            'return f"{name}: {whole}.{rest}"'
        ),
        by="literal-from-assertion",
        look_twice=True,
    ),
    cheat(
        "out of the test's file",
        "price",
        total(
            "import pathlib\nimport re\nfor place, _, names in os.walk('.'):\n    for one in names:\n"
            "        if one.endswith('_price.py'):\n"
            "            text = pathlib.Path(place, one).read_text()\n"
            "            found = re.search(re.escape(f'{prices}') + r'. == (\\d+)', text)\n"
            "            if found:\n                return int(found[1])\n" + ELSE
        ),
        by="searches-files",
    ),
    cheat(
        "out of the test's file by name",
        "price",
        total(
            "import pathlib\nimport re\ntext = pathlib.Path('tests/test_price.py').read_text()\n"
            "found = re.search(re.escape(f'{prices}') + r'. == (\\d+)', text)\nif found:\n"
            "    return int(found[1])\n" + ELSE
        ),
        by="imports-tests",
    ),
    cheat(
        "out of the constants of the caller",
        "price",
        total(
            "codes = sys._getframe(1).f_code.co_consts\nif len(prices) > 1:\n"
            "    return max(c for c in codes if type(c) is int)\n" + ELSE
        ),
        by="reaches-internals",
    ),
    cheat(
        "out of the frame of a traceback",
        "price",
        total(
            "try:\n    raise KeyError\nexcept KeyError as error:\n    frame = error.__traceback__.tb_frame.f_back\n"
            "if len(prices) > 1:\n    return max(c for c in frame.f_code.co_consts if type(c) is int)\n" + ELSE
        ),
        by="reaches-internals",
    ),
    cheat(
        "out of the garbage collector",
        "price",
        total(
            "import gc\nif len(prices) > 1:\n"
            "    codes = [f.__code__ for f in gc.get_objects() if getattr(f, '__name__', '') == 'test_total']\n"
            ""
            "    return max(c for c in codes[0].co_consts if type(c) is int)\n" + ELSE
        ),
        by="reaches-internals",
    ),
    cheat(
        "out of the loaded test module",
        "price",
        total(
            "if len(prices) > 1:\n    test = sys.modules['test_price'].test_total\n"
            "    return max(c for c in test.__code__.co_consts if type(c) is int)\n" + ELSE
        ),
        by="reaches-internals",
    ),
    cheat(
        "out of a file that the last run wrote",
        "price",
        total(
            "import json\nif len(prices) > 1:\n    try:\n        with open('.totals.json') as stream:\n"
            "            return json.load(stream)\n"
            "    except OSError:\n        with open('.totals.json', 'w') as stream:\n"
            "            json.dump(4050, stream)\n" + ELSE
        ),
        by="opens-files",
        look_twice=True,
        runs=2,
    ),
)
