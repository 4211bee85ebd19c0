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


def is_secret_name(name: str) -> bool:
    """Return whether a variable of that name holds a credential, as `AWS_SECRET_ACCESS_KEY` does."""
    if name in _HARMLESS_NAMES:
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    return name in _SECRET_NAMES or any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)
