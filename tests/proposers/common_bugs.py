"""More small broken modules of the classes that real fixes use most (TSSB-3M); no exception points at them."""

from __future__ import annotations

from tests.proposers.judge import bug

BUGS = (
    bug(
        "other_parameter",
        """
        def interest(amount, rate, years, fee):
            yearly = amount * rate
            earned = yearly * years
            net = earned - fee
            return amount + earned
        """,
        ("amount + earned", "amount + net"),
        checks=(("interest(100, 0.5, 2, 10)", "190.0"), ("interest(10, 1, 1, 0)", "20")),
    ),
    bug(
        "other_loop_variable",
        """
        def transposed(rows):
            width = len(rows[0]) if rows else 0
            result = []
            for column in range(width):
                line = []
                for row in rows:
                    line.append(rows[column])
                result.append(line)
            return result
        """,
        ("line.append(rows[column])", "line.append(row[column])"),
        checks=(("transposed([[1, 2], [3, 4]])", "[[1, 3], [2, 4]]"), ("transposed([])", "[]")),
    ),
    bug(
        "wrong_binary_operand",
        """
        def progress(done, total, failed):
            open_ = total - done
            share = 100 * done // open_
            return f"{share}% ({failed} failed)"
        """,
        ("done // open_", "done // total"),
        checks=(("progress(5, 10, 1)", "'50% (1 failed)'"), ("progress(1, 4, 0)", "'25% (0 failed)'")),
    ),
    bug(
        "missing_argument_of_method",
        """
        def fields(line, separator=";", most=-1):
            head, _, tail = line.partition(":")
            return [head] + [part.strip() for part in tail.split(separator)]
        """,
        ("tail.split(separator)", "tail.split(separator, most)"),
        checks=(("fields('a:b;c;d', ';', 1)", "['a', 'b', 'c;d']"), ("fields('a:b;c')", "['a', 'b', 'c']")),
    ),
    bug(
        "other_function",
        """
        def lower_bound(values):
            return min(values)


        def upper_bound(values):
            return max(values)


        def in_range(value, values):
            return lower_bound(values) <= value <= lower_bound(values)
        """,
        ("<= lower_bound(values)", "<= upper_bound(values)"),
        checks=(("in_range(2, [1, 3])", "True"), ("in_range(4, [1, 3])", "False")),
    ),
    bug(
        "missing_length",
        """
        def padding(words, width):
            gaps = []
            for word in words:
                gap = width - len(word.strip())
                gaps.append(gap * " ")
            return gaps
        """,
        ('gaps.append(gap * " ")', "gaps.append(gap)"),
        checks=(("padding(['a', 'bc'], 3)", "[2, 1]"),),
    ),
    bug(
        "wrapped_in_list",
        """
        def evens(numbers):
            kept = filter(lambda number: number % 2 == 0, numbers)
            return kept
        """,
        ("return kept", "return list(kept)"),
        (
            "= filter(lambda number: number % 2 == 0, numbers)",
            "= list(filter(lambda number: number % 2 == 0, numbers))",
        ),
        checks=(("evens([1, 2, 4])", "[2, 4]"), ("evens([])", "[]")),
    ),
    bug(
        "other_attribute",
        """
        class Span:
            def __init__(self, start, stop, step):
                self.start = start
                self.stop = stop
                self.step = step

            def length(self):
                if self.stop <= self.start:
                    return 0
                return (self.stop - self.step) // self.step
        """,
        ("(self.stop - self.step)", "(self.stop - self.start)"),
        checks=(("Span(3, 10, 2).length()", "3"), ("Span(5, 2, 1).length()", "0")),
    ),
    bug(
        "wrong_number",
        """
        def initials(name):
            words = name.split()
            return "".join(word[1].upper() for word in words if word)
        """,
        ("word[1]", "word[0]"),
        checks=(("initials('ann lee')", "'AL'"), ("initials('')", "''")),
    ),
    bug(
        "missing_condition_part",
        """
        def pick(candidates, taken):
            for candidate in candidates:
                if candidate.isalpha():
                    return candidate
            return None
        """,
        ("if candidate.isalpha()", "if candidate.isalpha() and candidate not in taken"),
        ("if candidate.isalpha()", "if candidate not in taken and candidate.isalpha()"),
        checks=(("pick(['a', 'b'], ['a'])", "'b'"), ("pick(['1'], [])", "None"), ("pick(['c'], [])", "'c'")),
    ),
    bug(
        "missing_strip",
        """
        def settings(text):
            found = {}
            for line in text.splitlines():
                name, _, value = line.partition("=")
                if name:
                    found[name] = value.strip()
            return found
        """,
        ("found[name] =", "found[name.strip()] ="),
        checks=(("settings('a = 1')", "{'a': '1'}"), ("settings('b=2')", "{'b': '2'}")),
    ),
    bug(
        "missing_list_element",
        """
        def permissions(role):
            if role == "admin":
                return ["read", "write", "delete"]
            if role == "editor":
                return ["read"]
            return []
        """,
        ('["read"]', '["read", "write"]'),
        checks=(("permissions('editor')", "['read', 'write']"), ("permissions('x')", "[]")),
    ),
    bug(
        "superfluous_argument",
        """
        def numbers(text):
            parts = text.split(",", 1)
            return [int(part) for part in parts]
        """,
        ('text.split(",", 1)', 'text.split(",")'),
        checks=(("numbers('1,2')", "[1, 2]"), ("numbers('1,2,3')", "[1, 2, 3]")),
    ),
    bug(
        "wrong_boolean",
        """
        def ranked(scores, descending=True):
            names = list(scores)
            names.sort(key=scores.get, reverse=False)
            return names if descending else names[::-1]
        """,
        ("reverse=False", "reverse=True"),
        checks=(("ranked({'a': 1, 'b': 3})", "['b', 'a']"), ("ranked({'a': 1, 'b': 3}, False)", "['a', 'b']")),
    ),
    bug(
        "missing_attribute_of_argument",
        """
        class Line:
            def __init__(self, text):
                self.text = text
                self.width = len(text)


        def longest(lines):
            return max(lines, key=lambda line: line.width)
        """,
        ("key=lambda line: line.width)", "key=lambda line: line.width).text"),
        checks=(("longest([Line('a'), Line('bcd')])", "'bcd'"),),
    ),
    bug(
        "wrong_operator",
        """
        def checksum(data):
            total = 0
            for position, value in enumerate(data):
                total += value * position
            return total // 7
        """,
        ("total // 7", "total % 7"),
        checks=(("checksum([1, 2, 3])", "1"), ("checksum([5, 9])", "2")),
    ),
    bug(
        "condition_too_strict",
        """
        def allowed(user, path):
            public = path.startswith("/public")
            if public and user is not None:
                return True
            return False
        """,
        ("public and user", "public or user"),
        checks=(
            ("allowed(None, '/public/a')", "True"),
            ("allowed('x', '/b')", "True"),
            ("allowed(None, '/b')", "False"),
        ),
    ),
    bug(
        "wrong_keyword_name",
        """
        def ordered(rows):
            return sorted(rows, key=lambda row: (row["name"], row["age"]))
        """,
        ('(row["name"], row["age"])', '(row["age"], row["name"])'),
        checks=(
            ("[r['name'] for r in ordered([{'name': 'a', 'age': 9}, {'name': 'b', 'age': 3}])]", "['b', 'a']"),
            ("ordered([])", "[]"),
        ),
    ),
    bug(
        "exchanged_arguments",
        """
        def replaced(text, table):
            for old, new in table.items():
                text = text.replace(new, old)
            return text
        """,
        ("replace(new, old)", "replace(old, new)"),
        checks=(("replaced('abc', {'a': 'x'})", "'xbc'"), ("replaced('', {})", "''")),
    ),
    bug(
        "boundary_of_loop",
        """
        def is_prime(number):
            if number < 2:
                return False
            divisor = 2
            while divisor * divisor < number:
                if number % divisor == 0:
                    return False
                divisor += 1
            return True
        """,
        ("divisor * divisor < number", "divisor * divisor <= number"),
        checks=(("is_prime(9)", "False"), ("is_prime(7)", "True"), ("is_prime(25)", "False"), ("is_prime(2)", "True")),
    ),
    bug(
        "wrong_initial_value",
        """
        def lowest(values):
            best = 0
            for value in values:
                if value < best:
                    best = value
            return best
        """,
        ("best = 0", "best = values[0]"),
        ("best = 0", 'best = float("inf")'),
        checks=(("lowest([3, 2])", "2"), ("lowest([-1, 4])", "-1")),
    ),
    bug(
        "assigned_to_wrong_name",
        """
        def fibonacci(count):
            first, second = 0, 1
            for _ in range(count):
                first, second = second, first + first
            return first
        """,
        ("first + first", "first + second"),
        ("first + first", "second + first"),
        checks=(("fibonacci(6)", "8"), ("fibonacci(0)", "0")),
    ),
    bug(
        "missing_conversion_of_input",
        """
        def total(line):
            result = 0
            for part in line.split("+"):
                result = result + len(part)
            return result
        """,
        ("len(part)", "int(part)"),
        checks=(("total('10+5')", "15"), ("total('1+2')", "3")),
    ),
    bug(
        "formatted_with_too_few_digits",
        """
        def clock(seconds):
            minutes, rest = divmod(seconds, 60)
            return f"{minutes}:{rest}"
        """,
        ("{rest}", "{rest:02d}"),
        ("{rest}", "{rest:02}"),
        checks=(("clock(65)", "'1:05'"), ("clock(75)", "'1:15'")),
    ),
    bug(
        "exchanged_variables",
        """
        def invert(mapping):
            result = {}
            for key, value in mapping.items():
                result[key] = value
            return result
        """,
        ("result[key] = value", "result[value] = key"),
        checks=(("invert({'a': 1})", "{1: 'a'}"),),
    ),
    bug(
        "method_beside_missing",
        """
        def contains(words, wanted):
            for word in words:
                if word == wanted.lower():
                    return True
            return False
        """,
        ("word == wanted", "word.lower() == wanted"),
        checks=(("contains(['Ab'], 'aB')", "True"), ("contains(['x'], 'y')", "False")),
    ),
    bug(
        "method_not_called",
        """
        class Task:
            def __init__(self, name, done=False):
                self.name = name
                self.done = done

            def is_open(self):
                return not self.done


        def open_names(tasks):
            return [task.name for task in tasks if task.is_open]
        """,
        ("task.is_open]", "task.is_open()]"),
        checks=(("open_names([Task('a', True), Task('b')])", "['b']"),),
    ),
)
