"""What looks like a credential: names and values that must not reach a sandbox, a log, a report or a model."""

from __future__ import annotations

import re

# Whole words between underscores (or the ends), so that KEYBOARD, MONKEY, AUTHOR and PYTEST_KEYWORDS stay.
_SECRET_WORDS = frozenset(
    (
        *("token", "tokens", "secret", "secrets", "password", "passwords", "passwd", "passphrase", "pwd", "pw", "pass"),
        *("credential", "credentials", "creds", "apikey", "apikeys", "key", "keys", "pat", "auth", "authorization"),
        *("cookie", "cookies", "dsn", "bearer", "oauth", "jwt", "pgpassword", "netrc", "askpass"),
    )
)
_SECRET_ENDINGS = ("token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "credentials")
_SECRET_NAMES = frozenset(
    ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "KRB5CCNAME", "KUBECONFIG", "DOCKER_CONFIG")
)
_HARMLESS_NAMES = frozenset(
    ("PWD", "OLDPWD", "PYTHONHASHSEED", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "TOKENIZERS_PARALLELISM")
)

SECRET_VALUE = re.compile(
    r"""
      -----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY
    | \b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}                   # OpenAI, Anthropic and the like
    | \b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}              # Stripe
    | \b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})
    | \bglpat-[A-Za-z0-9_-]{16,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                       # AWS
    | \bAIza[A-Za-z0-9_-]{30,}                            # Google
    | \bya29\.[A-Za-z0-9_-]{20,}
    | \bxox[abeprs]-[A-Za-z0-9-]{10,}                     # Slack
    | \bhf_[A-Za-z0-9]{20,}
    | \bpypi-[A-Za-z0-9_-]{20,}
    | \bnpm_[A-Za-z0-9]{20,}
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.    # JSON web token
    | (?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,256}:[^\s/@]{1,1024}@  # URL with a password
    """,
    re.VERBOSE,
)
"""Values that are credentials wherever they stand: the formats of well-known services, keys, URLs with a password."""

RANDOM_TEXT = re.compile(r"(?=[A-Za-z+/_=.-]*[0-9])(?=[0-9+/_=.-]*[A-Za-z])[A-Za-z0-9+/_=.-]{8,}")
"""Letters and digits in a row: behind a secret name this is no word."""

_OTHER_MEANINGS = frozenset(
    ("token", "tokens", "key", "keys", "pass", "pat", "auth", "authorization", "cookie", "cookies", "pw")
)
"""Words that mean something else as often: the tokens of a parser, the keys of a dict."""
_QUALIFYING = frozenset(
    (
        *("api", "access", "secret", "private", "auth", "oauth", "refresh", "session", "bearer", "signing", "client"),
        *("encryption", "admin", "master", "deploy", "bot", "webhook"),
    )
)
"""Words beside which those mean a credential."""
_ABOUT = frozenset(
    (
        *("error", "errors", "message", "messages", "msg", "hint", "label", "field", "fields", "name", "names", "url"),
        *("uri", "path", "file", "filename", "header", "headers", "prompt", "help", "length", "len", "type", "types"),
        *("kind", "prefix", "suffix", "regex", "pattern", "format", "env", "var", "count", "size", "policy", "rule"),
        *("rules", "strength", "mode", "min", "max", "id", "ids", "class", "status", "required", "valid", "chars"),
        *("algorithm", "alphabet", "scheme", "function", "func", "endpoint", "expiry", "expires"),
    )
)
"""Last words of names of what is only about a credential."""
_PLACEHOLDERS = frozenset(
    (
        *("password", "passwd", "secret", "token", "none", "null", "true", "false", "string", "text", "test", "tests"),
        *("testing", "example", "changeme", "change-me", "dummy", "placeholder", "default", "value", "hello", "world"),
        *("foobar", "spam", "user", "admin", "root", "name", "utf-8", "utf8", "ascii", "basic", "bearer", "plain"),
        *("hidden", "redacted", "missing", "invalid", "valid", "weak", "strong", "medium", "sha256", "sha-256"),
        *("latin1", "latin-1", "localhost", "session", "anonymous", "anonymous@", "username", "gssapi"),
    )
)
_SAYS_ITS_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*|[A-Z]+(?:_[A-Z]+)*|[A-Z][a-z]*(?:-[A-Z][a-z]*)*")
_NO_VALUE = re.compile(r"[</]|\$[{(]|\$[A-Z_]+$|%[(s]|https?://[^@]*$|[^{]*\{[A-Za-z0-9_.!:]*\}|\.{3}")
"""How what stands for a value begins, or an address."""
_LONG_RANDOM = re.compile(r"(?=(?:[A-Za-z+/_=.-]*[0-9]){4})(?=(?:[0-9+/_=.-]*[A-Za-z]){3})[A-Za-z0-9+/_=.-]{12,}")
_SHORTEST = 4


def is_secret_name(name: str) -> bool:
    """Return whether a variable of that name holds a credential, as `AWS_SECRET_ACCESS_KEY` does."""
    if name in _HARMLESS_NAMES:
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    return name in _SECRET_NAMES or any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)


def is_secret_text(name: str, text: str) -> bool:
    """Return whether a text that stands under a name is a credential: no placeholder, and no sentence about one."""
    if SECRET_VALUE.search(text):
        return True
    if not name or not is_secret_name(name):
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) if word]
    if words[-1] in _ABOUT:
        return False
    if not _QUALIFYING.intersection(words[:-1]) and _SECRET_WORDS.intersection(words) <= _OTHER_MEANINGS:
        return _LONG_RANDOM.search(text) is not None
    if any(character.isspace() for character in text.strip()):
        return RANDOM_TEXT.search(text) is not None or "passphrase" in words
    return len(text) >= _SHORTEST and not _is_placeholder(text)


def _is_placeholder(text: str) -> bool:
    plain = text.casefold().strip("*\"'`_.:- ")
    if plain in _PLACEHOLDERS or len(set(plain)) <= 2 or _NO_VALUE.match(text):
        return True
    return is_secret_name(text) and _SAYS_ITS_NAME.fullmatch(text) is not None
