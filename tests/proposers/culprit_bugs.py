"""Small broken modules whose exception says which expression is at fault: None, a missing key, zero, a wrong type."""

from __future__ import annotations

from tests.proposers.judge import bug

BUGS = (
    bug(
        "none_in_condition",
        """
        class Rule:
            def __init__(self, first, last):
                self.first = first
                self.last = last

            def covers(self, day):
                return self.first <= day <= self.last


        class Calendar:
            def __init__(self):
                self._rules = {}
                self.default = 5

            def add(self, name, rule):
                self._rules[name.lower()] = rule

            def price(self, name, day, base):
                rule = self._rules.get(name.lower())
                if not rule.covers(day):
                    return base
                return base - self.default


        def calendar():
            made = Calendar()
            made.add("Spring", Rule(3, 5))
            return made
        """,
        ("if not rule.covers(day)", "if rule is None or not rule.covers(day)"),
        ("if not rule.covers(day)", "if not rule or not rule.covers(day)"),
        checks=(
            ("calendar().price('winter', 4, 20)", "20"),
            ("calendar().price('spring', 4, 20)", "15"),
            ("calendar().price('spring', 9, 20)", "20"),
        ),
    ),
    bug(
        "none_in_conjunction",
        """
        def eligible(person, discounts):
            found = discounts.get(person["id"])
            if person["age"] >= 18 and found["level"] > 2:
                return "full"
            return "none"
        """,
        ("and found[", "and found is not None and found["),
        ("and found[", "and found and found["),
        ('    if person["age"]', '    if found is None:\n        return "none"\n    if person["age"]'),
        checks=(
            ("eligible({'id': 1, 'age': 20}, {})", "'none'"),
            ("eligible({'id': 1, 'age': 20}, {1: {'level': 3}})", "'full'"),
            ("eligible({'id': 1, 'age': 10}, {1: {'level': 3}})", "'none'"),
        ),
    ),
    bug(
        "none_iterated",
        """
        class Node:
            def __init__(self, name, children=None):
                self.name = name
                self.children = children


        def names(node):
            found = [node.name]
            for child in node.children:
                found.extend(names(child))
            return found
        """,
        ("in node.children:", "in node.children or []:"),
        ("in node.children:", "in node.children or ():"),
        ("    for child in", "    if node.children is None:\n        return found\n    for child in"),
        ("    for child in", "    if not node.children:\n        return found\n    for child in"),
        checks=(("names(Node('a', [Node('b')]))", "['a', 'b']"), ("names(Node('x'))", "['x']")),
    ),
    bug(
        "none_operand",
        """
        def total(rows):
            result = 0
            for row in rows:
                amount = row.get("amount")
                result += amount * row["count"]
            return result
        """,
        ("    result += amount", "    if amount is None:\n            continue\n        result += amount"),
        ("    result += amount", "    if not amount:\n            continue\n        result += amount"),
        ('row.get("amount")', 'row.get("amount", 0)'),
        ("+= amount *", "+= (amount or 0) *"),
        checks=(
            ("total([{'amount': 2, 'count': 3}, {'count': 1}])", "6"),
            ("total([])", "0"),
        ),
    ),
    bug(
        "none_length",
        """
        def describe(title, notes=None):
            text = title.strip()
            if len(notes) > 0:
                text += f" ({len(notes)} notes)"
            return text
        """,
        ("if len(notes) > 0", "if notes is not None and len(notes) > 0"),
        ("if len(notes) > 0", "if notes and len(notes) > 0"),
        ("if len(notes) > 0", "if notes"),
        checks=(("describe(' a ')", "'a'"), ("describe('a', ['x'])", "'a (1 notes)'")),
    ),
    bug(
        "none_container",
        """
        class Filter:
            def __init__(self, hidden=None):
                self.hidden = hidden

            def visible(self, names):
                return [name for name in names if name not in self.hidden]
        """,
        ("if name not in self.hidden", "if self.hidden is None or name not in self.hidden"),
        ("if name not in self.hidden", "if not self.hidden or name not in self.hidden"),
        ("not in self.hidden", "not in (self.hidden or [])"),
        ("not in self.hidden", "not in (self.hidden or ())"),
        ("self.hidden = hidden", "self.hidden = hidden or []"),
        checks=(("Filter().visible(['a'])", "['a']"), ("Filter(['a']).visible(['a', 'b'])", "['b']")),
    ),
    bug(
        "none_callback",
        """
        def each(items, on_item, on_done=None):
            count = 0
            for item in items:
                on_item(item)
                count += 1
            on_done(count)
            return count
        """,
        ("    on_done(count)", "    if on_done is not None:\n        on_done(count)"),
        ("    on_done(count)", "    if on_done:\n        on_done(count)"),
        checks=(("each([1, 2], str)", "2"), ("each([1], str, str)", "1")),
    ),
    bug(
        "none_attribute_assigned",
        """
        import re


        def port_of(address, default=80):
            match = re.search(r":([0-9]+)$", address)
            port = match.group(1)
            return int(port or default)
        """,
        ("port = match.group(1)", "port = match.group(1) if match else None"),
        ("port = match.group(1)", "port = match.group(1) if match is not None else None"),
        ("port = match.group(1)", "port = match.group(1) if match else default"),
        ("port = match.group(1)", "port = match.group(1) if match is not None else default"),
        ("    port = match", "    if match is None:\n        return default\n    port = match"),
        ("    port = match", "    if not match:\n        return default\n    port = match"),
        checks=(("port_of('a:90')", "90"), ("port_of('a')", "80")),
    ),
    bug(
        "none_in_chain",
        """
        def head(queue, fallback):
            entry = queue.get("first")
            label = queue["name"].upper() + ":" + entry.strip()
            return label


        def show(queue):
            return head(queue, "-")
        """,
        ("+ entry.strip()", "+ (entry or fallback).strip()"),
        ('queue.get("first")', 'queue.get("first", fallback)'),
        ("    label =", "    if entry is None:\n        entry = fallback\n    label ="),
        ("entry.strip()", "(entry.strip() if entry else fallback)"),
        ("entry.strip()", "(entry.strip() if entry is not None else fallback)"),
        checks=(("show({'name': 'q'})", "'Q:-'"), ("show({'name': 'q', 'first': ' a'})", "'Q:a'")),
    ),
    bug(
        "key_missing_in_loop",
        """
        def renamed(record, names):
            result = {}
            for old, new in names.items():
                result[new] = record[old]
            return result
        """,
        (
            "    result[new] = record[old]",
            "    if old in record:\n            result[new] = record[old]",
        ),
        (
            "    result[new] = record[old]",
            "    if old not in record:\n            continue\n        result[new] = record[old]",
        ),
        checks=(
            ("renamed({'a': 1}, {'a': 'x', 'b': 'y'})", "{'x': 1}"),
            ("renamed({'a': None, 'b': 2}, {'a': 'x'})", "{'x': None}"),
        ),
    ),
    bug(
        "key_missing_augmented",
        """
        def stock(moves, start):
            levels = dict(start)
            for name, amount in moves:
                if amount == 0:
                    continue
                levels[name] += amount
            return levels
        """,
        ("levels[name] += amount", "levels[name] = levels.get(name, 0) + amount"),
        ("        levels[name] +=", "        levels.setdefault(name, 0)\n        levels[name] +="),
        (
            "        levels[name] +=",
            "        if name not in levels:\n            levels[name] = 0\n        levels[name] +=",
        ),
        checks=(("stock([('a', 2), ('b', 0), ('a', 1)], {})", "{'a': 3}"), ("stock([], {'b': 1})", "{'b': 1}")),
    ),
    bug(
        "key_missing_appended",
        """
        class Index:
            def __init__(self):
                self.pages = {}

            def add(self, word, page):
                self.pages[word.lower()].append(page)
                return self
        """,
        ("self.pages[word.lower()].append", "self.pages.setdefault(word.lower(), []).append"),
        checks=(("Index().add('A', 1).add('a', 2).pages", "{'a': [1, 2]}"),),
    ),
    bug(
        "key_missing_in_condition",
        """
        def active(users, name):
            if users[name]["state"] == "on":
                return True
            return False
        """,
        ('if users[name]["state"]', 'if name in users and users[name]["state"]'),
        ("    if users", "    if name not in users:\n        return False\n    if users"),
        ('users[name]["state"]', 'users.get(name, {}).get("state")'),
        checks=(
            ("active({}, 'a')", "False"),
            ("active({'a': {'state': 'on'}}, 'a')", "True"),
            ("active({'a': {'state': 'off'}}, 'a')", "False"),
        ),
    ),
    bug(
        "index_of_empty",
        """
        def spread(values):
            ordered = sorted(values)
            return ordered[-1] - ordered[0]
        """,
        ("    return ordered", "    if not ordered:\n        return 0\n    return ordered"),
        ("    ordered = sorted", "    if not values:\n        return 0\n    ordered = sorted"),
        ("ordered[-1] - ordered[0]", "ordered[-1] - ordered[0] if ordered else 0"),
        checks=(("spread([])", "0"), ("spread([3, 1])", "2")),
    ),
    bug(
        "index_past_end",
        """
        def pairs(tokens):
            found = []
            for i in range(len(tokens)):
                if tokens[i] == "-" and tokens[i + 1] == ">":
                    found.append(i)
            return found
        """,
        ("range(len(tokens))", "range(len(tokens) - 1)"),
        ('"-" and tokens', '"-" and i + 1 < len(tokens) and tokens'),
        checks=(("pairs('a->b-')", "[1]"), ("pairs('->')", "[0]"), ("pairs('-')", "[]")),
    ),
    bug(
        "zero_divisor",
        """
        def speeds(legs):
            result = []
            for distance, hours in legs:
                result.append(distance / hours)
            return result
        """,
        ("distance / hours", "distance / hours if hours else 0"),
        ("    result.append", "    if not hours:\n            continue\n        result.append"),
        ("    result.append", "    if hours == 0:\n            continue\n        result.append"),
        checks=(("speeds([(10, 2), (3, 0)]) in ([5.0], [5.0, 0])", "True"), ("speeds([(1, 2)])", "[0.5]")),
    ),
    bug(
        "zero_in_condition",
        """
        def busy(done, total, limit=0.5):
            if done / total > limit:
                return "busy"
            return "idle"
        """,
        ("if done", "if total and done"),
        ("if done", "if total != 0 and done"),
        ("if done", "if total > 0 and done"),
        ("    if done", '    if not total:\n        return "idle"\n    if done'),
        ("    if done", '    if total == 0:\n        return "idle"\n    if done'),
        checks=(("busy(0, 0)", "'idle'"), ("busy(3, 4)", "'busy'"), ("busy(1, 4)", "'idle'")),
    ),
    bug(
        "number_joined_to_text",
        """
        def summary(name, sizes):
            largest = max(sizes)
            head = name + " has " + len(sizes) + " sizes"
            return head + ", at most " + str(largest)
        """,
        ('+ len(sizes) + " sizes"', '+ str(len(sizes)) + " sizes"'),
        checks=(("summary('a', [1, 4])", "'a has 2 sizes, at most 4'"),),
    ),
    bug(
        "text_compared_to_number",
        """
        def over(rows, limit):
            count = 0
            for name, value in rows:
                if name and value > limit:
                    count += 1
            return count
        """,
        ("value > limit", "int(value) > limit"),
        ("value > limit", "float(value) > limit"),
        checks=(("over([('a', '3'), ('b', '11')], 9)", "1"), ("over([], 3)", "0")),
    ),
    bug(
        "numbers_joined",
        """
        def csv(rows):
            lines = []
            for row in rows:
                lines.append(",".join(row))
            return "\\n".join(lines)
        """,
        ('",".join(row)', '",".join(str(item) for item in row)'),
        ('",".join(row)', '",".join(map(str, row))'),
        checks=(("csv([[1, 2], [3]])", "'1,2\\n3'"), ("csv([['a']])", "'a'")),
    ),
    bug(
        "float_as_index",
        """
        def windows(items, size):
            count = len(items) / size
            return [items[k * size : (k + 1) * size] for k in range(count)]
        """,
        ("range(count)", "range(int(count))"),
        ("len(items) / size", "len(items) // size"),
        ("len(items) / size", "int(len(items) / size)"),
        checks=(("windows([1, 2, 3, 4], 2)", "[[1, 2], [3, 4]]"),),
    ),
    bug(
        "number_asked_for_text_method",
        """
        def code(prefix, number, width=4):
            if not prefix:
                return number.zfill(width)
            return prefix + "-" + str(number).zfill(width)
        """,
        ("return number.zfill", "return str(number).zfill"),
        checks=(("code('', 7)", "'0007'"), ("code('a', 7)", "'a-0007'")),
    ),
    bug(
        "list_as_key",
        """
        def tally(paths):
            seen = {}
            for path in paths:
                parts = path.split("/")[:2]
                seen[parts] = seen.get(parts, 0) + 1
            return len(seen)
        """,
        ('path.split("/")[:2]', 'tuple(path.split("/")[:2])'),
        ("    seen[parts] =", "    parts = tuple(parts)\n        seen[parts] ="),
        checks=(("tally(['a/b/c', 'a/b/d', 'e/f'])", "2"),),
    ),
    bug(
        "largest_of_nothing",
        """
        def widest(words):
            widths = [len(word) for word in words if word]
            return max(widths) + 2
        """,
        ("max(widths) + 2", "max(widths, default=0) + 2"),
        ("    return max", "    if not widths:\n        return 2\n    return max"),
        checks=(("widest([])", "2"), ("widest(['abc', ''])", "5")),
    ),
    bug(
        "dict_read_as_object",
        """
        def owners(repos):
            names = set()
            for repo in repos:
                if repo["stars"] > 1:
                    names.add(repo.owner)
            return sorted(names)
        """,
        ("repo.owner", 'repo["owner"]'),
        checks=(("owners([{'stars': 3, 'owner': 'a'}, {'stars': 0}])", "['a']"),),
    ),
    bug(
        "none_argument_of_int",
        """
        def page(query, size):
            start = int(query.get("page"))
            return start * size
        """,
        ('query.get("page")', 'query.get("page", 0)'),
        ('int(query.get("page"))', 'int(query.get("page") or 0)'),
        checks=(("page({'page': '2'}, 5)", "10"), ("page({}, 5)", "0")),
    ),
    bug(
        "none_handed_in",
        """
        class Price:
            def __init__(self, amount):
                self.amount = amount

            def net(self, rate):
                return self.amount - self.amount * rate


        def total(cart, rates):
            result = 0
            for name, price in cart:
                result += price.net(rates.get(name))
            return result
        """,
        ("rates.get(name)", "rates.get(name, 0)"),
        ("rates.get(name)", "rates.get(name) or 0"),
        checks=(("total([('a', Price(10))], {})", "10"), ("total([('a', Price(10))], {'a': 0.5})", "5.0")),
    ),
    bug(
        "none_in_alternative",
        """
        def route(request):
            if request.get("static"):
                return "static"
            elif request.get("user").startswith("admin"):
                return "admin"
            return "user"
        """,
        ('elif request.get("user").startswith', 'elif request.get("user", "").startswith'),
        ('elif request.get("user").startswith', 'elif (request.get("user") or "").startswith'),
        ("elif request", 'elif request.get("user") and request'),
        ("elif request", 'elif request.get("user") is not None and request'),
        checks=(("route({})", "'user'"), ("route({'user': 'admin1'})", "'admin'")),
    ),
    bug(
        "key_of_another_mapping",
        """
        def merged(defaults, given):
            return {name: given[name] for name in defaults}
        """,
        ("given[name]", "given.get(name, defaults[name])"),
        ("given[name]", "given[name] if name in given else defaults[name]"),
        checks=(("merged({'a': 1, 'b': 2}, {'a': 5})", "{'a': 5, 'b': 2}"),),
    ),
    bug(
        "none_unpacked",
        """
        def parse(text):
            if ":" not in text:
                return None
            name, value = text.split(":")
            return name, value


        def table(lines):
            found = {}
            for line in lines:
                name, value = parse(line)
                found[name] = value
            return found
        """,
        (
            "        name, value = parse(line)\n",
            "        if parse(line) is None:\n            continue\n        name, value = parse(line)\n",
        ),
        checks=(("table(['a:1', '#'])", "{'a': '1'}"),),
    ),
)
