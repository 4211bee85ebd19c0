import os
import stat

import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree.seal import seal, unseal


@pytest.fixture(autouse=True)
def state_home(monkeypatch, tmp_path):
    """Return the folder of the user's state; HOME and TMPDIR are private too."""
    for name, folder in (("XDG_STATE_HOME", "state"), ("HOME", "home")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "state"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def key(folder):
    return folder / "pytest-codemode" / "key"


def test_what_was_sealed_comes_back_and_is_json(root):
    sealed = seal(root, "patch", b'{"a":1}')
    assert unseal(root, "patch", sealed) == b'{"a":1}'
    assert sealed.startswith(b'{"seal":"')
    assert sealed.endswith(b'","record":{"a":1}}\n')


def test_no_changed_byte_goes_unseen(root):
    sealed = seal(root, "patch", b'{"a":1}')
    for at in range(len(sealed)):
        with pytest.raises(ValueError, match="was not written by your own codemode"):
            unseal(root, "patch", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
        with pytest.raises(ValueError, match="was not written by your own codemode"):
            unseal(root, "patch", sealed[:at])


def test_a_seal_counts_for_one_purpose_and_one_project(root, tmp_path):
    sealed = seal(root, "patch", b"{}")
    for project, purpose in ((root, "journal"), (tmp_path / "other", "patch")):
        with pytest.raises(ValueError, match="was not written by your own codemode"):
            unseal(project, purpose, sealed)


def test_the_key_is_for_the_user_s_eyes_only_and_is_kept(root, state_home):
    sealed = seal(root, "patch", b"{}")
    assert stat.S_IMODE(key(state_home).stat().st_mode) == 0o600
    assert [path.name for path in key(state_home).parent.iterdir()] == ["key"]
    assert seal(root, "patch", b"{}") == sealed


def test_reading_makes_no_key(root, state_home):
    with pytest.raises(ValueError, match="was not written by your own codemode"):
        unseal(root, "patch", b"{}")
    assert list(state_home.iterdir()) == []


def test_a_key_that_others_could_have_read_or_made_is_not_used(root, state_home):
    sealed = seal(root, "patch", b"{}")
    key(state_home).chmod(0o644)
    with pytest.raises(ValueError, match="was not written by your own codemode"):
        unseal(root, "patch", sealed)
    assert unseal(root, "patch", seal(root, "patch", b"{}")) == b"{}"  # with the next place's key


def test_a_run_without_the_variable_and_a_command_with_it_agree(root, monkeypatch):
    given = os.environ["XDG_STATE_HOME"]
    monkeypatch.delenv("XDG_STATE_HOME")
    sealed = seal(root, "patch", b"{}")
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert unseal(root, "patch", sealed) == b"{}"


def test_where_no_state_folder_can_be_written_the_key_is_in_the_private_temporary_folder(root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert unseal(root, "patch", seal(root, "patch", b"{}")) == b"{}"
    assert (tmp_path / f"codemode-{os.geteuid()}" / "key").is_file()


def test_a_key_is_never_in_the_project(tmp_path):
    with pytest.raises(ConfigError, match="set XDG_STATE_HOME"):
        seal(tmp_path, "patch", b"{}")
