"""Small broken modules whose failing comparison, recorded values or likeness to other code shows what is wrong."""

from __future__ import annotations

from tests.proposers.judge import bug

BUGS = (
    bug(
        "word_in_a_message",
        """
        def remaining(used, most):
            if used > most:
                return f"no items leaved, {used - most} too many"
            return f"{most - used} items leaved"
        """,
        ('"{most - used} items leaved"', '"{most - used} items left"'),
        checks=(("remaining(1, 3)", "'2 items left'"),),
    ),
    bug(
        "table_of_messages",
        """
        TEXTS = {"low": "must not be less {0}", "high": "must not be more {0}"}


        def complain(kind, limit):
            return TEXTS[kind].format(limit)


        def both(limit):
            return [complain("low", limit), complain("high", limit)]
        """,
        (
            '{"low": "must not be less {0}", "high": "must not be more {0}"}',
            '{"low": "must not be less than {0}", "high": "must not be more than {0}"}',
        ),
        checks=(("both(3)", "['must not be less than 3', 'must not be more than 3']"),),
    ),
    bug(
        "separator_without_space",
        """
        def listing(names):
            return ",".join(sorted(names)) + "."
        """,
        ('","', '", "'),
        checks=(("listing(['b', 'a'])", "'a, b.'"), ("listing(['a'])", "'a.'")),
    ),
    bug(
        "digits_of_a_pattern",
        r"""
        import re

        TIME = re.compile(r"(\d{2}):(\d{2})$")


        def minutes(text):
            found = TIME.match(text)
            return int(found[1]) * 60 + int(found[2]) if found else -1
        """,
        (r"(\d{2}):", r"(\d{1,2}):"),
        checks=((r"minutes('9:30')", "570"), ("minutes('10:00')", "600"), ("minutes('x')", "-1")),
    ),
    bug(
        "pattern_stops_at_words",
        r"""
        import re


        def quoted(line):
            return re.findall(r"'(\w+)'", line)
        """,
        (r"'(\w+)'", r"'([^']+)'"),
        checks=(("""quoted("say 'good day' or 'x-y'")""", "['good day', 'x-y']"), ("quoted('')", "[]")),
    ),
    bug(
        "pattern_matches_in_the_middle",
        r"""
        import re


        def is_number(text):
            return re.match(r"\d+", text) is not None
        """,
        (r"\d+", r"\d+$"),
        ('re.match(r"', 're.fullmatch(r"'),
        checks=(("is_number('12x')", "False"), ("is_number('12')", "True")),
    ),
    bug(
        "unescaped_point",
        r"""
        import re


        def versions(text):
            return re.findall(r"[0-9].[0-9]", text)
        """,
        ("[0-9].[0-9]", r"[0-9]\.[0-9]"),
        checks=(("versions('1.2 134')", "['1.2']"),),
    ),
    bug(
        "same_wrong_method_twice",
        """
        def heading(first, second):
            if len(first) > len(second):
                return first.title() + ": " + second.title()
            return second.upper() + ": " + first.upper()


        def labels(rows):
            found = {}
            for row in rows:
                if row.strip(" #") not in found:
                    found[row.strip(" #")] = len(found)
            return found
        """,
        (
            'if row.strip(" #") not in found:\n            found[row.strip(" #")]',
            'if row.lstrip(" #") not in found:\n            found[row.lstrip(" #")]',
        ),
        checks=(("labels(['# a#', '#b'])", "{'a#': 0, 'b': 1}"), ("heading('ab', 'c')", "'Ab: C'")),
    ),
    bug(
        "wide_condition_first",
        """
        def grade(points):
            if points >= 50:
                return "passed"
            elif points >= 90:
                return "excellent"
            else:
                return "failed"
        """,
        (
            'if points >= 50:\n        return "passed"\n    elif points >= 90:\n        return "excellent"',
            'if points >= 90:\n        return "excellent"\n    elif points >= 50:\n        return "passed"',
        ),
        checks=(("grade(95)", "'excellent'"), ("grade(60)", "'passed'"), ("grade(1)", "'failed'")),
    ),
    bug(
        "second_if_undoes_the_first",
        """
        def size(count):
            name = "none"
            if count > 100:
                name = "large"
            if count > 10:
                name = "medium"
            return name
        """,
        ("    if count > 10:", "    elif count > 10:"),
        checks=(("size(500)", "'large'"), ("size(50)", "'medium'"), ("size(1)", "'none'")),
    ),
    bug(
        "branch_that_sets_nothing",
        """
        def colour(level, usual):
            if level > 8:
                name = "red"
            elif level > 4:
                name = "yellow"
            return name.title() + usual[:0]
        """,
        ('        name = "yellow"\n', '        name = "yellow"\n    else:\n        name = usual\n'),
        checks=(("colour(1, 'green')", "'Green'"), ("colour(9, 'green')", "'Red'")),
    ),
    bug(
        "last_group_is_lost",
        """
        def groups(numbers):
            found = []
            group = []
            for number in numbers:
                if group and number < group[-1]:
                    found.append(group)
                    group = []
                group.append(number)
            return found
        """,
        ("    return found", "    if group:\n        found.append(group)\n    return found"),
        checks=(("groups([1, 2, 1, 3])", "[[1, 2], [1, 3]]"), ("groups([])", "[]")),
    ),
    bug(
        "rest_is_lost",
        """
        def packets(data, size):
            found = []
            while len(data) > size:
                packet, data = data[:size], data[size:]
                found.append(packet)
            return found
        """,
        ("    return found", "    found.append(data)\n    return found"),
        ("    return found", "    if data:\n        found.append(data)\n    return found"),
        checks=(("packets('abcde', 2)", "['ab', 'cd', 'e']"), ("packets('ab', 2)", "['ab']")),
    ),
    bug(
        "keyword_not_taken",
        """
        def render(text, width=10, fill=" "):
            return text.center(width, fill)


        def banner(text, width=10):
            return render(text.upper(), width)
        """,
        (
            "text, width=10):\n    return render(text.upper(), width)",
            'text, width=10, fill=" "):\n    return render(text.upper(), width, fill=fill)',
        ),
        checks=(("banner('ab', width=4, fill='*')", "'*AB*'"), ("banner('ab', 4)", "' AB '")),
    ),
    bug(
        "keyword_not_handed_on",
        """
        def shout(text, mark="!"):
            return text.upper() + mark


        def greet(name, mark="!"):
            hello = shout("hello")
            return hello + " " + shout(name)
        """,
        (
            'shout("hello")\n    return hello + " " + shout(name)',
            'shout("hello", mark=mark)\n    return hello + " " + shout(name, mark=mark)',
        ),
        checks=(("greet('ann', '?')", "'HELLO? ANN?'"), ("greet('bo')", "'HELLO! BO!'")),
    ),
    bug(
        "rounded_too_late",
        """
        def share(part, whole):
            return 100 * part / whole
        """,
        ("100 * part / whole", "round(100 * part / whole, 1)"),
        checks=(("share(1, 3)", "33.3"), ("share(2, 3)", "66.7")),
    ),
    bug(
        "milliseconds",
        """
        def wait(seconds):
            pause = seconds + 1
            return pause
        """,
        ("return pause", "return pause * 1000"),
        ("seconds + 1", "(seconds + 1) * 1000"),
        checks=(("wait(1)", "2000"), ("wait(2)", "3000")),
    ),
    bug(
        "empty_parts",
        """
        def segments(path):
            return [part.lower() for part in path.split("/")]
        """,
        ('in path.split("/")]', 'in path.split("/") if part]'),
        checks=(("segments('/A/b/')", "['a', 'b']"), ("segments('x')", "['x']")),
    ),
    bug(
        "bytes_for_text",
        """
        def first_line(data):
            return data.splitlines()[0]
        """,
        ("data.splitlines()[0]", "data.splitlines()[0].decode()"),
        checks=((r"first_line(b'ab\ncd')", "'ab'"),),
    ),
    bug(
        "argument_in_the_inner_call",
        """
        def scaled(number, factor=1):
            return number * factor


        def price(amount):
            return round(scaled(amount, 2))


        def cost(amount):
            return price(abs(scaled(amount, 3)))
        """,
        ("round(scaled(amount, 2))", "round(scaled(amount), 2)"),
        checks=(("price(1.257)", "1.26"),),
    ),
    bug(
        "result_at_hand",
        """
        class Reader:
            def __init__(self, text, sep=","):
                self.text, self.sep = text, sep

            def fields(self):
                return self.text.split(self.sep)


        def read(text, sep):
            reader = Reader(text, sep)
            return Reader(text).fields()
        """,
        ("return Reader(text).fields()", "return reader.fields()"),
        checks=(("read('a;b', ';')", "['a', 'b']"), ("read('a,b', ',')", "['a', 'b']")),
    ),
    bug(
        "defaults_win",
        """
        def settings(defaults, given):
            merged = dict(given)
            merged.update(defaults)
            return merged
        """,
        ("dict(given)\n    merged.update(defaults)", "dict(defaults)\n    merged.update(given)"),
        checks=(("settings({'a': 1}, {'a': 2})", "{'a': 2}"),),
    ),
    bug(
        "class_by_name",
        """
        class Vector:
            def __init__(self, *parts):
                self.parts = parts

            def doubled(self):
                return Vector(*(2 * part for part in self.parts))


        class Named(Vector):
            pass
        """,
        ("return Vector(", "return type(self)("),
        ("return Vector(", "return self.__class__("),
        checks=(("type(Named(1).doubled()).__name__", "'Named'"), ("Vector(1).doubled().parts", "(2,)")),
    ),
    bug(
        "copied_from_the_other_axis",
        """
        class Plane:
            def __init__(self, left, right, top, bottom):
                self.left, self.right, self.top, self.bottom = left, right, top, bottom

            def centre(self):
                across = (self.left + self.right) / 2
                down = (self.left + self.right) / 2
                return across, down

            def middle(self):
                down = (self.top + self.bottom) / 2
                return down
        """,
        ("down = (self.left + self.right) / 2", "down = (self.top + self.bottom) / 2"),
        checks=(("Plane(0, 2, 4, 8).centre()", "(1.0, 6.0)"), ("Plane(1, 1, 2, 2).middle()", "2.0")),
    ),
    bug(
        "not_there_before_the_first_call",
        """
        class Meter:
            def start(self):
                self.begun = 3
                return self

            def state(self):
                return "idle" if self.begun is None else "busy"
        """,
        ("self.begun is None", 'getattr(self, "begun", None) is None'),
        checks=(("Meter().state()", "'idle'"), ("Meter().start().state()", "'busy'")),
    ),
)
