import sys

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.launch.consent import check_consent
from pytest_codemode.options.reading import read

pytestmark = pytest.mark.usefixtures("only_our_plugin")

LOOSENING = {
    "sandbox": "none",
    "network": "",
    "env": "API_KEY",
    "mount": "/",
    "python": sys.executable,
    "allow": "always-equal",
    "operators": "some-package",
    "limit": "memory=1t",
    "model": "claude-sonnet-5-5",
    "base-url": "http://127.0.0.1:9",
    "escalate": "claude-opus-5-5",
    "budget": "usd=1000",
}
REFUSED = "(loosens what guards this machine|decides which model)"


@pytest.fixture
def check(pytester: pytest.Pytester):
    """Return a function that checks a command line in the pytester folder."""

    def check(*arguments: str) -> None:
        config = pytester.parseconfig(*arguments)
        check_consent(config, read(config))

    return check


def flag(name: str) -> str:
    value = LOOSENING[name]
    return f"--codemode-{name}={value}" if value else f"--codemode-{name}"


def ini(name: str) -> str:
    return f"{ini_name(name)}={LOOSENING[name] or 'true'}"


def ini_name(name: str) -> str:
    return f"codemode_{name.replace('-', '_')}"


@pytest.mark.parametrize("name", LOOSENING)
def test_an_ini_file_must_not_loosen(pytester: pytest.Pytester, check, name: str):
    pytester.path.joinpath("pytest.ini").write_text(f"[pytest]\n{ini(name)}\n")

    with pytest.raises(ConfigError, match=rf"^{ini_name(name)} \(pytest.ini\) {REFUSED}.*give --codemode-{name}"):
        check()


@pytest.mark.parametrize("name", LOOSENING)
def test_addopts_must_not_loosen(pytester: pytest.Pytester, check, name: str):
    pytester.path.joinpath("pytest.ini").write_text(f"[pytest]\naddopts = {flag(name)}\n")

    with pytest.raises(ConfigError, match=rf"^--codemode-{name} \(addopts\) {REFUSED}.*give --codemode-{name}"):
        check()


@pytest.mark.parametrize("name", LOOSENING)
def test_an_override_in_addopts_must_not_loosen(pytester: pytest.Pytester, check, name: str):
    pytester.path.joinpath("pytest.ini").write_text(f"[pytest]\naddopts = -o {ini(name)}\n")

    with pytest.raises(ConfigError, match=rf"^{ini_name(name)} .* {REFUSED}"):
        check()


@pytest.mark.parametrize("name", LOOSENING)
def test_the_command_line_may_loosen(check, name: str):
    check(flag(name))
    check("-o", ini(name))
    check(f"-o{ini(name)}")
    check(f"--override-ini={ini(name)}")


@pytest.mark.parametrize("name", LOOSENING)
def test_the_user_s_environment_may_loosen(monkeypatch: pytest.MonkeyPatch, check, name: str):
    monkeypatch.setenv("PYTEST_ADDOPTS", flag(name))

    check()


def test_an_argument_file_that_the_user_names_may_loosen(pytester: pytest.Pytester, check):
    pytester.path.joinpath("args.txt").write_text("--codemode-network\n")

    check("@args.txt")


def test_a_mount_of_the_user_does_not_cover_another_of_the_repository(pytester: pytest.Pytester, check):
    pytester.path.joinpath("pytest.ini").write_text("[pytest]\naddopts = --codemode-mount /\n")

    with pytest.raises(ConfigError, match=r"^--codemode-mount \(addopts\)"):
        check("--codemode-mount=/usr")


def test_a_level_of_the_user_wins_over_the_repository_s(pytester: pytest.Pytester, check):
    pytester.path.joinpath("pytest.ini").write_text("[pytest]\naddopts = --codemode-sandbox none\n")

    check("--codemode-sandbox=auto")


@pytest.mark.parametrize("line", ["codemode_sandbox = landlock", "codemode_network = false", "codemode_env ="])
def test_an_ini_file_may_tighten(pytester: pytest.Pytester, check, line: str):
    pytester.path.joinpath("pytest.ini").write_text(f"[pytest]\n{line}\n")

    check()


@pytest.mark.parametrize("line", ["codemode_limit=memory=100m", "addopts = --codemode-limit=memory=100m"])
def test_a_repository_may_lower_limits_while_the_user_raises_others(pytester: pytest.Pytester, check, line: str):
    pytester.path.joinpath("pytest.ini").write_text(f"[pytest]\n{line}\n")

    check()
    check("--codemode-limit", "processes=1000")


def test_a_limit_raised_beside_one_that_is_lowered_still_loosens(pytester: pytest.Pytester, check):
    pytester.path.joinpath("pytest.ini").write_text("[pytest]\naddopts = --codemode-limit=cpu=1,memory=1t\n")

    with pytest.raises(ConfigError, match=r"--codemode-limit \(addopts\) loosens"):
        check("--codemode-limit", "processes=1000")
