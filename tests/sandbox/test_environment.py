from dataclasses import dataclass, replace

import pytest

from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.environment import environment, inside, scrub


@dataclass(frozen=True)
class FakeEnclosure:
    root: str
    scratch: str = "/scratch"
    library: str = ""
    inner_landlock: bool = True


PROJECT = Project("/srv/app", "/srv/app", "/usr/bin/python3")
IN_PLACE = FakeEnclosure("/srv/app")
COPIED = FakeEnclosure("/private/tree/app")


@pytest.mark.parametrize(
    "name",
    [
        *("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "DB_PASSWORD"),
        *("PGPASSWORD", "MYSQL_PWD", "DJANGO_SECRET_KEY", "APP_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"),
        *("SENTRY_DSN", "SSH_AUTH_SOCK", "npm_config__auth", "TWINE_PASSWORD", "SESSION_COOKIE", "HTTP_BEARER"),
        *("OPENAI_APIKEY", "CI_JOB_JWT", "private-key", "AUTHTOKEN", "KUBECONFIG", "ACCESSKEY"),
    ],
)
def test_variables_named_like_credentials_are_dropped(name):
    assert scrub({name: "x"}) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LANG", "TERM", "SSH_TTY", "KEYBOARD", "MONKEYTYPE", "PYTEST_KEYWORDS", "AUTHOR", "PWD", "PASSENGER"),
        *("GIT_AUTHOR_NAME", "COMPASS", "KEYMAP", "TOKENIZERS_PARALLELISM", "PYTHONHASHSEED", "DJANGO_SETTINGS_MODULE"),
        *("BYPASS_CACHE", "PATTERN", "SECRETARY", "CI", "DATABASE_URL"),
    ],
)
def test_harmless_variables_survive(name):
    assert scrub({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "value",
    [
        *("sk-ant-api03-abcdefghijklmnopqrstuvwx", "ghp_" + "a" * 36, "github_pat_" + "a" * 30, "AKIAIOSFODNN7EXAMPLE"),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "prefix -----BEGIN PRIVATE KEY-----",
        *(
            "postgres://user:hunter2@db/app",
            "https://x:abc@host/",
            "xoxb-123456789012-abcdef",
            "glpat-abcdefghij0123456789",
        ),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
        *("hf_" + "a" * 30, "npm_" + "a" * 36, "AIza" + "a" * 35),
    ],
)
def test_values_that_look_like_credentials_are_dropped(value):
    assert scrub({"INNOCENT": value}) == {}


@pytest.mark.parametrize(
    "value",
    [
        *("postgres://localhost/app", "http://user@host/", "sk-short", "task-force-of-many-words", "/usr/bin:/bin"),
        *(
            "https://host:8080/path@version",
            "risk-assessment-of-everything",
            "2024-01-01T00:00:00",
            "-----BEGIN CERTIFICATE-----",
        ),
    ],
)
def test_ordinary_values_survive(value):
    assert scrub({"INNOCENT": value}) == {"INNOCENT": value}


def test_home_and_temporary_folder_are_the_enclosure_s_own():
    made = environment(replace(PROJECT, env={"HOME": "/home/me", "TMPDIR": "/var/tmp", "TMP": "/x"}), IN_PLACE)
    assert made["HOME"] == "/scratch/home"
    assert made["TMPDIR"] == "/scratch"
    assert "TMP" not in made
    assert made["PYTHONDONTWRITEBYTECODE"] == "1"


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "LD_AUDIT", "PYTHONSTARTUP", "PYTHONINSPECT", "BASH_ENV", "PYTHONBREAKPOINT"]
)
def test_what_would_make_the_interpreter_run_something_else_is_dropped(name):
    assert name not in environment(replace(PROJECT, env={name: "x"}), IN_PLACE)


def test_what_changes_the_behaviour_of_tests_is_kept():
    env = {"PYTHONOPTIMIZE": "1", "PYTHONUTF8": "1", "LD_LIBRARY_PATH": "/opt/lib", "ENV": "test", "TZ": "UTC"}
    assert environment(replace(PROJECT, env=env), IN_PLACE).items() >= env.items()


def test_what_the_user_let_in_by_name_stays():
    assert environment(replace(PROJECT, env={"TEST_DB_TOKEN": "x"}), IN_PLACE)["TEST_DB_TOKEN"] == "x"


def test_python_path_follows_the_tree_to_its_copy():
    project = replace(PROJECT, env={"PYTHONPATH": "/srv/app/src:/opt/lib:/srv/application"})
    assert environment(project, IN_PLACE)["PYTHONPATH"] == "/srv/app/src:/opt/lib:/srv/application"
    assert environment(project, COPIED)["PYTHONPATH"] == "/private/tree/app/src:/opt/lib:/srv/application"


def test_entries_of_a_copied_tree_come_first(tmp_path):
    copy = tmp_path / "copy"
    (copy / "src").mkdir(parents=True)
    project = replace(PROJECT, sys_path=("/srv/app/src", "/srv/app/.venv/lib", "/usr/lib/python3"))
    made = environment(project, FakeEnclosure(str(copy), library="/library"))
    assert made["PYTHONPATH"] == f"{copy}/src:/library"


def test_the_user_s_own_packages_stay_findable():
    project = replace(PROJECT, env={"HOME": "/home/me"}, sys_path=("/home/me/.local/lib/python3.11/site-packages",))
    assert environment(project, IN_PLACE)["PYTHONUSERBASE"] == "/home/me/.local"
    assert "PYTHONUSERBASE" not in environment(replace(project, sys_path=()), IN_PLACE)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/app", "/private/tree/app"),
        ("/srv/app/a/b", "/private/tree/app/a/b"),
        ("/srv/apple", "/srv/apple"),
        ("/", "/"),
    ],
)
def test_only_paths_of_the_tree_move(path, expected):
    assert inside(path, PROJECT, COPIED) == expected
    assert inside(path, PROJECT, IN_PLACE) == path
