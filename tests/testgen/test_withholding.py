"""What holds a secret of the project's is neither written nor told; what the generator has made up is."""

import pytest

from pytest_codemode.core.credentials import is_secret_text
from pytest_codemode.core.exploring import Described, Observation, Parameter, Raised, Recipe, Shown
from pytest_codemode.core.written import PossibleBug, Untested
from pytest_codemode.testgen.confidential import secrets_in
from pytest_codemode.testgen.drafting import draft
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.settling import Settled
from pytest_codemode.testgen.subject import Subject, Tried
from pytest_codemode.testgen.withholding import REFUSED, Secrets

SOURCE = b'''\
"""Logins."""
import hashlib
import hmac
import os

API_TOKEN = os.environ.get("API_TOKEN", "prod-0001-aaa")
ENCODED_SECRET = b"bytes-1234"
first, db_password = "plain-text-1", "tuple-4321"
TOKENS = {"kind": "NUMBER", "other": "NAME"}


class Login:
    password: str = "Cl4ssLevel"
    password_hint = "first pet"

    def __init__(self, user, password="D3fault-x"):
        """Log in.

        >>> Login("bob", "Tr0ub4dor&3-prod").user
        'bob'
        """
        self.secret_key = "attr-9876"


def check(password, kind, token):
    if password == "letmein-9921" or token.kind == "IDENTIFIER42":
        return {"X-Api-Key": "9c1185a5"}
    if hashlib.sha256(password.encode()).hexdigest() == "5e884898da28":
        return connect(passwd="kw-Pass1", user="someone-11")
    if hmac.compare_digest(password, "cmp-Pass1") or strength(password) == "fair-enough1":
        return None
    match password:
        case "case-Pass1":
            return "no-secret-at-all1"
    return password.startswith("ordinary-beginning1")


def hash_password(password):
    return "scheme1$" + password


def get_password(name):
    return "got-Pass1"
'''
FOUND = {
    *("prod-0001-aaa", "bytes-1234", "tuple-4321", "Cl4ssLevel", "D3fault-x", "Tr0ub4dor&3-prod", "attr-9876"),
    *("letmein-9921", "9c1185a5", "5e884898da28", "kw-Pass1", "cmp-Pass1", "case-Pass1", "got-Pass1"),
}


def test_constants_under_the_name_of_a_secret_are_found_and_no_others():
    assert secrets_in([SOURCE]) == FOUND


def test_source_that_is_none_has_no_secrets():
    assert secrets_in([b"password = (", b"\xff\xfe password", b"x = 1"]) == frozenset()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("password", "Tr0ub4dor&3-prod", True),
        ("X-Api-Key", "9c1185a5b2", True),
        ("accessToken", "abcd1234", True),
        ("passphrase", "correct horse battery", True),
        ("token", "prod-9f8e7d6c5b4a", True),
        ("anything", "ghp_" + "a1" * 15, True),
        ("password", "hello world", False),
        ("password", "abc", False),
        ("password", "changeme", False),
        ("password", "{password}", False),
        ("password_error", "TooShort1", False),
        ("api_key", "X-Api-Key", False),
        ("token", "NUMBER", False),
        ("key", "item-00012", False),
        ("name", "Tr0ub4dor&3-prod", False),
    ],
)
def test_what_is_a_secret_by_its_name(name, text, expected):
    assert is_secret_text(name, text) is expected


@pytest.mark.parametrize(
    "text",
    [
        'check("letmein-9921")',
        "check('xx letmein-9921')",
        "check('letmein-99')",
        "check('LETMEIN-9921')",
        "with pytest.raises(ValueError, match='no: letmein\\\\-9921'):",
        "{'user': 'tr0ub4dor&3-prod'}",
    ],
)
def test_a_known_secret_is_seen_in_whatever_shape(text):
    assert Secrets.of([SOURCE]).are_in([text])
    assert not Secrets.of([SOURCE]).are_in(["check('hello world')", "check('letter')"])


def test_a_text_for_a_model_is_told_without_them_line_for_line():
    told = Secrets.of([SOURCE]).out_of_text("if password ==\n 'letmein-9921':\n check('LETMEIN-992') # 'hello'")
    assert told == "if password ==\n '[redacted]':\n check('[redacted]') # 'hello'"
    assert Secrets().out_of_text("letmein-9921") == "letmein-9921"


def drafted(call, shown=None, *, raised=None, origin="type", name="f", parameters=(), setup=()):
    """What becomes of one call."""
    described = Described("m.py", "m", name, 1, parameters=tuple(map(Parameter, parameters)))
    gap = FunctionGap("m.py", name, 1, 1, 9, (), (), (2,), ())
    subject = Subject(described, gap, frozenset({(2, 0)}), frozenset, "")
    recipe = Recipe("0", name, call, setup=setup, origin=origin)
    outcome = "raised" if raised else "returned"
    seen = Observation("0", outcome, value=shown, raised=raised, digest="x")
    made = draft(Settled(subject, (Tried(recipe, seen, frozenset({(2, 0)})),), 0), Secrets.of([SOURCE]))
    assert bool(made.cases) is not bool(made.refused[REFUSED])
    return bool(made.cases)


def text(value):
    return Shown("literal", repr(value), f"builtins:{type(value).__name__}")


def test_a_case_that_would_hold_a_secret_is_refused():
    assert not drafted("f('letmein-9921')", text(True))
    assert not drafted("f(login)", text(1), setup=(("login", "Login('bob', password='Tr0ub4dor&3-prod')"),))
    assert not drafted("f(1)", text({"X-Api-Key": "0b7761e2"}))
    assert not drafted("f(1)", text({"password": "hunter2-Sup3rSecret!"}))
    assert not drafted("f(1)", Shown("object", "", "m:Login", fields=(("token", text("prod-9f8e7d6c5b4a")),)))
    assert not drafted("f(1)", text("https://example.org/?api_key=0b7761e2"))
    assert not drafted("f(1)", raised=Raised("builtins:ValueError", "not letmein-9921", path="m.py", explicit=True))


def test_what_somebody_has_written_as_a_password_is_refused_too():
    given = {"name": "login", "parameters": ("user", "password"), "origin": "recorded"}
    assert not drafted("login('bob', 'Sw0rdfish')", text(True), **given)
    assert drafted("login('bob', 'hello world')", text(True), **given)


def test_what_the_generator_has_made_up_is_kept():
    assert drafted("check_password('hello world')", text(True), name="check_password", parameters=("password",))
    assert drafted("f('aB3defgh')", text({"password": "aB3defgh"}), parameters=("password",))
    assert drafted("f(1)", text({"password": "hello world", "token": "NUMBER", "key": "a"}))
    assert drafted("f('abc')", text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))


def test_a_possible_bug_is_reported_without_the_secret():
    bug = PossibleBug("m.py", 3, "check", "exception", "check('letmein-9921')", "a result", "raises KeyError")
    told = Secrets.of([SOURCE]).out_of_bug(bug)
    assert (told.path, told.line, told.function, told.kind) == ("m.py", 3, "check", "exception")
    assert "letmein" not in repr(told)
    assert "secret" in told.call
    harmless = PossibleBug("m.py", 3, "check", "exception", "check('a')", "a result", "raises KeyError")
    assert Secrets.of([SOURCE]).out_of_bug(harmless) is harmless


def test_why_nothing_was_written_is_told_without_the_secret():
    reason = "no input came past line 9: `if password == 'letmein-9921':`"
    told = Secrets.of([SOURCE]).out_of_reason(Untested("m.py", "check", 8, (10,), 1, reason, "check('letmein-992')"))
    assert (told.reason, told.nearest) == ("no input came past line 9", "")
