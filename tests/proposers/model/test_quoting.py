import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.proposers.model.quoting import quote, redact

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
SECRETS = [
    ('API_KEY = "{}"', "sk-ant-api03-abcdefghijklmnop"),
    ("password='{}'", "hunter2-prod"),
    ('"db_password": "{}"', "a1b2c3d4e5"),
    ("Authorization: Bearer {}", "abc.def.ghi12345"),
    ("postgres://user:{}@db/x", "pw-of-user"),
    ("{}", "AKIAABCDEFGHIJKLMNOP"),
    ("token {} here", "ghp_abcdefghijklmnopqrstuvwxyz0123"),
    ("{}", TOKEN),
    ("cookie: {}; path=/", "session=abcdef123456"),
    ("DATABASE_PASSWORD={}", "Xk39fjw0aPq2"),
    (r"returned 'HOST=db\nDATABASE_PASSWORD={}\nPORT=1'", "Xk39fjw0aPq2"),
    (r"returned 'HOST=db\r\nkey={}\r\nPORT=1'", "Xk39fjw0aPq2"),
    ("'token={}'", "tok_93jf02kdkfj2"),
    (r"'it\'s\nkey = \'{}\'\n'", "tok_93jf02kdkfj2"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_what_looks_like_a_credential_is_taken_out_and_its_neighbours_stay(text: str, secret: str) -> None:
    redacted = redact(f"x = 1\n{text.format(secret)}\ny = 2")
    assert secret not in redacted
    assert redacted.count("[redacted]") == 1
    assert redacted.startswith("x = 1\n")
    assert redacted.endswith("\ny = 2")


def test_a_private_key_goes_out_whole_and_the_lines_behind_it_keep_their_numbers() -> None:
    text = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nxyz\n-----END RSA PRIVATE KEY-----\nb"
    assert redact(text).splitlines()[5] == "b"
    assert "MIIabc" not in redact(text)
    assert "MIIabc" not in redact(text.partition("-----END")[0])  # cut off before its end


@pytest.mark.parametrize(
    "text",
    [
        'password: "Enter your password"',
        'key = "width"',
        'monkey = "abc12345"',
        "return sk - risk",
        'def token(self): return "identifier"',
        "https://example.com/a@b",
        "sort(key=lambda x: x)",
        "login(user, token=token_v2)",
        "login(\n    token=token_of_user1\n)",
        "PASSWORD=get_password(level1)",
        "PASSWORD=unknown",
        r"'monkey=abc12345\nnokeys=abc12345'",
    ],
)
def test_ordinary_code_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text(alphabet=st.sampled_from('<>/data-2 \n"x')), st.text(max_size=20))
def test_nothing_inside_a_fence_can_end_it(text: str, label: str) -> None:
    quoted = quote(text, label)
    head, *_, last = quoted.split("\n")
    tag = head[1:].partition(" ")[0]
    assert last == f"</{tag}>"
    assert quoted.count(f"</{tag}") == 1
    assert head.count("<") == head.count(">") == 1


def test_terminal_sequences_and_control_characters_do_not_reach_a_model() -> None:
    assert quote("\x1b[31mred\x1b[0m\x00\ttab\r\nline", "x") == '<data of="x">\nred\ufffd\ttab\nline\n</data>'
