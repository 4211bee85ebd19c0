"""What a parameter's name says about its values, where nothing is annotated."""

from __future__ import annotations

import re

from pytest_codemode.core.exploring import Shape

STR, INT, FLOAT, BOOL, BYTES = (Shape(kind) for kind in ("str", "int", "float", "bool", "bytes"))
NONE, CALLABLE = Shape("none"), Shape("callable")
INTS = Shape("list", items=(INT,))
STRS = Shape("list", items=(STR,))
PAIRS = Shape("list", items=(Shape("tuple", items=(STR, INT)),))
DICT = Shape("dict", items=(STR, INT))
DATE, DATETIME, DELTA = (Shape("class", f"datetime:{name}") for name in ("date", "datetime", "timedelta"))
PATTERN, PATH, FILE = Shape("class", "re:Pattern"), Shape("class", "pathlib:Path"), Shape("class", "io:StringIO")

_BY_NAME: tuple[tuple[str, tuple[Shape, ...]], ...] = (
    (r"(is|has|should|can|use|allow|with|no|include|exclude|ignore|skip|keep|force|strict|ensure)_\w+|flag|strict|verbose|"
     r"reverse|recursive|inclusive|force|quiet|debug|enabled?|\w+_(ok|only|flag)|ignorecase|default_first", (BOOL,)),
    (r"(func|fn|f|function|callback|cb|callable|handler|hook|factory|op|operation|getter|binop|reducer)|\w+_(func|fn|"
     r"callback|hook|factory|function)|default_factory|key_?func|transform|mapper|method", (CALLABLE,)),
    (r"pred(icate)?|cond(ition)?|filter(_func)?|test|key", (CALLABLE, STR)),
    (r"(d|dic|dct|dict\d?|mapping|map|kw|kwargs|options|opts|config|settings|params|context|ctx|env|environ|headers|data|"
     r"attrs|attributes|meta|table|registry|lookup|fields|properties|props|record|row|payload)|\w+_(dict|map|mapping|"
     r"config|options|kwargs)", (DICT, Shape("dict", items=(STR, STR)))),
    (r"dicts|maps|mappings|records|rows", (Shape("list", items=(DICT,)),)),
    (r"matrix|grid|board|lists|groups|nested|table|iterables|seqs", (Shape("list", items=(INTS,)),)),
    (r"(dt|datetime|timestamp|now|when|moment|start_time|end_time|dttm)|\w+_(dt|datetime|at)", (DATETIME, DATE)),
    (r"(date|day|today|birthday|start_date|end_date|due)|\w+_date", (DATE, DATETIME, STR)),
    (r"(delta|td|timedelta|duration|interval|elapsed)|\w+_(delta|duration)", (DELTA, INT)),
    (r"path|paths?|file_?path|directory|folder|dirname|root|\w+_(path|dir)", (PATH, STR)),
    (r"filename|file_?name|basename|fname", (STR, PATH)),
    (r"(fp|fh|file|fobj|file_?obj|stream|out|output|buf|buffer|handle|f_in|f_out)", (FILE, STR)),
    (r"(pattern|regexp?|rx)|\w+_(re|regex|pattern)", (STR, PATTERN)),
    (r"(text|s|string|str|st|name|word|words?_text|line|label|title|msg|message|sentence|char|c|ch|prefix|suffix|sep|"
     r"separator|delimiter|delim|value_str|fmt|format|encoding|url|uri|email|query|sql|html|xml|markdown|token|slug|"
     r"substring|needle|haystack|camel|snake|singular|plural|locale|lang|language|source|code|src|content|body|template|"
     r"version|host|domain|user|username|password|color|colour|currency|unit|symbol|ident|identifier|expr|expression|"
     r"raw|txt|mode|kind|tag|attr|doc|phrase|quote|chars|charset|alphabet|replacement|term)|\w+_(name|str|text|string|"
     r"char|sep|fmt|format|id|url|prefix|suffix|label|title|line|word)", (STR,)),
    (r"(strings|words|lines|names|tokens|parts|labels|tags|texts|args|argv|columns|headers|chunks|paragraphs|ids|urls|"
     r"paths|keys)|\w+_(names|lines|words|strings|tokens|keys)", (STRS,)),
    (r"(n|i|j|k|m|num|number|count|size|length|width|height|depth|limit|index|idx|start|stop|end|step|offset|pos|"
     r"position|times|year|month|day_of_\w+|hour|hours|minute|minutes|second|seconds|days?|weeks?|months|years|max|min|"
     r"maximum|minimum|max_\w+|min_\w+|num_\w+|n_\w+|precision|digits|ndigits|places|level|base|radix|port|age|amount|"
     r"quantity|qty|total|capacity|maxsize|maxlen|line_?no|col|column|row|lo|hi|low|high|low(er)?_bound|upper_bound|bits|"
     r"ordinal|page|per_page|seed|indent|fill|timeout|retries|attempts|x\d?|y\d?|z|dividend|divisor|numerator|denominator|"
     r"exponent|int|integer|numeral)|\w+_(count|size|length|len|index|limit|width|number|num|days|seconds)",
     (INT, FLOAT)),
    (r"(ratio|rate|percent(age)?|price|cost|weight|score|value|val|probability|p|fraction|factor|scale|alpha|beta|gamma|"
     r"lat|lon|lng|latitude|longitude|angle|temperature|temp|speed|distance|r|g|b|h|v|l|mean|mu|sigma|threshold|tolerance|"
     r"tol|eps|epsilon|a|w|t)|\w+_(rate|ratio|price|weight|score|factor)", (FLOAT, INT)),
    (r"(items?|seq|sequence|iterable|it|values|vals|elements|elems|xs|ys|list|lst|l|arr|array|nums|numbers|numerals|coll|"
     r"collection|samples|points|entries|objs|objects|data|series|stack|queue|heap|nodes|population|others?|container|"
     r"children|list\d|seq\d|results|scores|weights|prices)|\w+_(list|seq|items|values|iterable)", (INTS, STRS)),
    (r"pairs|tuples|edges|kvs|couples|intervals|ranges",
     (PAIRS, Shape("list", items=(Shape("tuple", items=(INT, INT)),)))),
    (r"graph|tree|deps|dependencies|adjacency", (Shape("dict", items=(STR, STRS)),)),
    (r"bytes|b|blob|raw_bytes|bytestring|octets", (BYTES,)),
    (r"exc(eption)?|err(or)?", (Shape("class", "builtins:Exception"),)),
    (r"(cls|klass|type_?|class_?)|\w+_(type|cls|class)", (Shape("type"),)),
)  # fmt: skip
_RULES = tuple((re.compile(pattern), shapes) for pattern, shapes in _BY_NAME)

_NARROW: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"e?mail", ('"user@example.com"', '"user"')),
    (r"ur[li]s?|link|href", ('"https://user:pw@example.com:8080/path/page.html?a=1&b=2#part"', '"http://example.com"',
                             '"example.com/a"')),
    (r"dates?|day|datestr(ing)?", ('"2024-02-29"', '"2024-02-29T13:05:09Z"', '"29/02/2024"',
                                   '"Thu, 29 Feb 2024 13:05:09 +0200"')),
    (r"time\w*|timestamp|duration|dur", ('"13:05:09"', '"1h30m"', '"2024-02-29T13:05:09+02:00"', '"P1DT2H"')),
    (r"versions?|release", ('"1.2.3"', '"v2.0.0rc1"', '"1.0.post1"', '"1!2.0+local"')),
    (r"paths?|file\w*|dir\w*", ('"folder/file.txt"', '"/a/b/../c.tar.gz"', '"file"')),
    (r"json", ('"{\\"a\\": [1, 2]}"', '"[]"', '"{"')),
    (r"html|xml|markup", ('"<p class=\\"a\\">text &amp; <b>more</b></p>"', '"<br/>"')),
    (r"sql|query", ('"select a, b from t where c = 1"', '"a=1&b=2"')),
    (r"patterns?|pat|regexp?", ('"a+"', '"(\\\\w+)-(\\\\d+)"', '"*.txt"', '"["')),
    (r"encoding|codec|charset", ('"utf-8"', '"ascii"', '"latin-1"')),
    (r"errors", ('"strict"', '"ignore"', '"replace"')),
    (r"locale|lang(uage)?", ('"en"', '"de_DE"', '"fr-FR"')),
    (r"colou?r|hex\w*", ('"#ff8800"', '"red"', '"fff"')),
    (r"sep\w*|delim\w*", ('","', '"-"', '" "', '""')),
    (r"fmt|format", ('"%Y-%m-%d"', '"{}"', '"%d"', '"{:.2f}"')),
    (r"mode", ('"r"', '"w"')),
    (r"roman|numerals?", ('"XIV"', '"IIII"')),
    (r"ip|host\w*|addr\w*", ('"192.0.2.1"', '"localhost:8000"', '"::1"')),
    (r"char|ch|c|letter|symbol", ('"a"', '"é"', '"Z"', '"1"')),
    (r"phone", ('"+1 (555) 010-9999"',)),
)  # fmt: skip
"""Names that leave little choice."""
_WIDE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"code|source|src|expr\w*", ('"x = 1\\n"', '"a + b * 2"', '"(1 + 2) * 3"')),
    (r"lines?|text|body|content|doc|paragraph|sentence", ('"One. Two! Three?"',
                                                          '"first line\\n\\n  second line\\nthird"')),
    (r"numbers?|num|values?|amount|size|int\w*", ('"12"', '"1,234.5"', '"-3"', '"1e5"', '"10 kB"')),
    (r"names?|words?|camel\w*|snake\w*|ident\w*", ('"HTMLParser"', '"some_name"', '"two words"')),
)  # fmt: skip
_NARROW_RULES, _WIDE_RULES = (
    tuple((re.compile(pattern), texts) for pattern, texts in table) for table in (_NARROW, _WIDE)
)

_VERB = re.compile(r"^(parse|format|is|valid(ate)?|check|normali[sz]e|read|load|get|split|convert|extract|to|from)")


def guessed(name: str) -> tuple[Shape, ...]:
    """Return the shapes that a parameter's name suggests, likeliest first; none if it says nothing."""
    lowered = name.strip("_").lower()
    return next((shapes for rule, shapes in _RULES if rule.fullmatch(lowered)), ())


def samples(name: str) -> tuple[str, ...]:
    """Return texts that suit what a parameter's name says they hold, as source text."""
    words = name.lower().split("_")
    rules = (*_NARROW_RULES, *_WIDE_RULES)
    return tuple(text for rule, texts in rules if any(map(rule.fullmatch, words)) for text in texts)


def said_by(qualname: str) -> tuple[str, ...]:
    """Return texts that suit what a function's name says it takes, as source text: `parse_date`, `is_ipaddress`."""
    words = [_VERB.sub("", word) for word in qualname.rpartition(".")[2].lower().split("_")]
    rules = [(rule, texts) for rule, texts in _NARROW_RULES if any(word and rule.fullmatch(word) for word in words)]
    return tuple(text for _, texts in rules for text in texts)


def narrow(name: str) -> bool:
    """Whether a name leaves little choice what a text holds: an address, a date, a separator."""
    words = name.lower().split("_")
    return any(rule.fullmatch(word) for rule, _ in _NARROW_RULES for word in words)
