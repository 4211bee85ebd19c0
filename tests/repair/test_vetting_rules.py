import pytest

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.repair.vetting import switched_off


def test_a_rule_is_switched_off_by_its_name() -> None:
    assert switched_off(("starts-process",)) == {"starts-process"}


@pytest.mark.parametrize("name", ["no-such-rule", "path-outside-tree", "not-editable"])
def test_what_is_no_rule_or_must_always_hold_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        switched_off((name,))
