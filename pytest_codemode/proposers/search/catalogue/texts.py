"""Operators for texts and regular expressions that nearly fit."""

from __future__ import annotations

from pytest_codemode.proposers.search.operator import Operator, wrong
from pytest_codemode.proposers.search.operators import patterns, texts

_TEXT = "changed string literal (PySStuBs; real_bugs: string_or_regex and constant, 15 of 70)"
_PATTERN = "changed regular expression (real_bugs: string_or_regex, 9 of 70; Wang et al. 2020: regex bugs)"

OPERATORS = (
    Operator(
        "texts.aligned",
        1.6,
        texts.aligned,
        _TEXT,
        wrong(
            "UNITS = {'seconds': '{0} some seconds'}\n\n\ndef f(n):\n    return UNITS['seconds'].format(n)\n",
            ("{0} some seconds", "{0} seconds"),
            left="'44 some seconds'",
            right="'44 seconds'",
        ),
        lambda hints: hints.text_pairs,
    ),
    Operator(
        "texts.aligned_together",
        1.4,
        texts.aligned_together,
        _TEXT,
        wrong(
            "LOW = 'less or equal'\nHIGH = 'greater or equal'\n\n\ndef f():\n    return [LOW, HIGH]\n",
            ("less or", "less than or"),
            ("greater or", "greater than or"),
            left="['less or equal', '']",
            right="['less than or equal', '']",
        ),
        lambda hints: hints.text_pairs,
    ),
    Operator(
        "texts.key",
        0.4,
        texts.key,
        _TEXT,
        wrong(
            "def f(node):\n    return {'type': node['type'], 'text': node['raw']}\n",
            ("'text': node", "'raw': node"),
            left="{'type': 1, 'text': 2}",
            right="{'type': 1, 'raw': 2}",
        ),
    ),
    Operator(
        "texts.separator",
        0.8,
        texts.separator,
        _TEXT,
        wrong("def f(words):\n    return ','.join(words)\n", ("','", "', '"), left="'a,b'", right="'a, b'"),
    ),
    Operator(
        "texts.formatted",
        1.0,
        texts.formatted,
        _TEXT,
        wrong(
            "def f(name):\n    return (\n        'Dear {name}, '\n        'welcome'\n    )\n",
            ("'Dear", "f'Dear"),
            left="'Dear {name}, welcome'",
            right="'Dear Ann, welcome'",
        ),
    ),
    Operator(
        "texts.standard",
        0.6,
        texts.standard,
        "literal that is a named constant of the system (real_bugs: constant, 6 of 70)",
        wrong(
            "import os\n\n\ndef f(path):\n    return path.split(':')\n",
            ("':'", "os.pathsep"),
            left="['a;b']",
            right="['a', 'b']",
        ),
    ),
    Operator(
        "patterns.quantifier",
        0.8,
        patterns.quantifier,
        _PATTERN,
        wrong(
            "import re\n\n\ndef f(text):\n    return re.findall(r'[0-9]{6}', text)\n",
            ("{6}", "{1,6}"),
            left="[]",
            right="['12']",
        ),
    ),
    Operator(
        "patterns.anchor",
        0.7,
        patterns.anchor,
        _PATTERN,
        wrong(
            "import re\n\n\ndef f(text):\n    return re.sub('^mkdir (.*)', 'mkdir -p \\\\1', text)\n",
            ("^mkdir", "\\\\bmkdir"),
            left="'cd a && mkdir b'",
            right="'cd a && mkdir -p b'",
        ),
    ),
    Operator(
        "patterns.characters",
        0.8,
        patterns.characters,
        _PATTERN,
        wrong(
            "import re\n\n\ndef f(text):\n    return re.findall(r'command \"([a-z]+)\"', text)\n",
            ("[a-z]+", '[^"]+'),
            left="[]",
            right="['a-b']",
        ),
    ),
    Operator(
        "patterns.escape",
        0.6,
        patterns.escape,
        _PATTERN,
        wrong(
            "import re\n\nVERSION_RE = re.compile(r'\\d+.\\d+')\n\n\n"
            "def f(text):\n    return VERSION_RE.findall(text)\n",
            ("+.", "+\\."),
            left="['1a2']",
            right="[]",
        ),
    ),
    Operator(
        "patterns.flag",
        0.6,
        patterns.flag,
        _PATTERN,
        wrong(
            "import re\n\n\ndef f(text):\n    return bool(re.match('yes', text))\n",
            ("'yes', text", "'yes', text, flags=re.IGNORECASE"),
            left="False",
            right="True",
        ),
    ),
)
