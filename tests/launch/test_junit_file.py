"""The JUnit file of a run with repair: pytest writes it for real, an engine that plays a script gives the report."""

import stat
import textwrap
from xml.etree import ElementTree

import pytest

from pytest_codemode.core.events import RunDone, to_line
from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.launch.junit import JunitFile

pytestmark = pytest.mark.usefixtures("only_our_plugin")

TESTS = """
    import pytest

    def test_good(): pass

    class TestShop:
        class TestCart:
            def test_deep(self): assert 0

    @pytest.mark.parametrize("x", ["a::b", "x/y.py", "[", "]", "\\x01", "ü<&\\"", "a-b"])
    def test_each(x): assert 0

    @pytest.fixture
    def broken(): raise OSError("gone")

    @pytest.fixture
    def torn():
        yield
        raise OSError("gone")

    def test_setup(broken): pass

    def test_teardown(torn): assert 0

    def test_recorded(record_property):
        record_property("mine", "1")
        assert 0

    def test_sub(subtests):
        with subtests.test("one"):
            assert 0
"""


@pytest.fixture
def engine(pytester: pytest.Pytester, scripted_engine):
    """Return a function that puts an engine into the project which ends with a report."""

    def put(report: RunReport, more: str = ""):
        scripted = scripted_engine({"say": to_line(RunDone(report))})
        pytester.makeconftest(f"""
            import pytest

            @pytest.hookimpl(trylast=True)
            def pytest_configure(config):
                repair = config.pluginmanager.get_plugin("codemode-repair")
                if repair is not None:  # an xdist worker has none
                    repair.engine_command = {scripted.command!r}

            {more}
        """)
        return scripted

    return put


def report_of(*nodeids: str) -> RunReport:
    task = TaskReport("t1", "assert 0", nodeids, fixed=False, why_not="time is up")
    return RunReport("r1", "the time is spent", green=False, tasks=(task,))


def states(xml: bytes) -> dict[tuple[str, str], str | None]:
    """Return (classname, name) -> codemode.state of each test case."""
    return {
        (case.attrib["classname"], case.attrib["name"]): next(
            (one.attrib["value"] for one in case.iter("property") if one.attrib["name"] == "codemode.state"), None
        )
        for case in ElementTree.fromstring(xml).iter("testcase")
    }


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
@pytest.mark.parametrize("prefix", [(), ("--junitprefix", "pre")])
def test_every_failing_test_is_found_by_the_name_that_pytest_gives_it(pytester, engine, family, prefix):
    pytester.makeini(f"[pytest]\njunit_family = {family}\njunit_suite_name = shop")
    folder = pytester.mkdir("tests")
    folder.joinpath("test_all.py").write_text(textwrap.dedent(TESTS))
    folder.joinpath("test_broken.py").write_text("import no_such_module")
    arguments = ("--junitxml=out/junit.xml", *prefix, "--continue-on-collection-errors")
    scripted = engine(report_of())
    pytester.runpytest_inprocess("--codemode-fix", *arguments)
    failing = tuple(dict.fromkeys(failure.nodeid for failure in scripted.request.failures))
    plain = states(pytester.path.joinpath("out/junit.xml").read_bytes())

    engine(report_of(*failing))
    result = pytester.runpytest_inprocess("--codemode-fix", *arguments)

    xml = pytester.path.joinpath("out/junit.xml").read_bytes()
    found = states(xml)
    assert len(failing) == 13
    assert set(plain.values()) == {None}
    assert found.keys() == plain.keys()
    assert [name for name, state in found.items() if state is None] == [
        (".".join([*prefix[1:], "tests.test_all"]), "test_good")
    ]
    (suite,) = ElementTree.fromstring(xml).iter("testsuite")
    assert suite.attrib["name"] == "shop"
    assert {one.attrib["name"]: one.attrib["value"] for one in suite.iterfind("properties/property")}.items() >= {
        "codemode.run_id": "r1",
        "codemode.unfixed": "13",
    }.items()
    assert "warning: " not in result.stdout.str()


def test_a_test_that_changes_folder_and_environment_does_not_lead_it_astray(pytester, engine, monkeypatch):
    engine(report_of("test_it.py::test_bad"))
    pytester.makepyfile(
        test_it="import os\ndef test_bad():\n    os.environ['OUT'] = 'b'\n    os.chdir('/')\n    assert 0"
    )
    monkeypatch.setenv("OUT", "a")

    pytester.runpytest_inprocess("--codemode-fix", "--junit-xml=$OUT/junit.xml")

    assert states(pytester.path.joinpath("a/junit.xml").read_bytes()) == {("test_it", "test_bad"): "not fixed"}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("os.unlink('junit.xml')", "No such file or directory"),
        ("pathlib.Path('junit.xml').write_text('<testsuite>')", "it is not XML: no element found: line 1, column 11"),
        ("(os.unlink('junit.xml'), os.mkfifo('junit.xml'))", "it is no regular file"),
    ],
)
def test_a_file_that_is_gone_or_spoilt_is_a_warning_and_the_report_comes_all_the_same(pytester, engine, spoil, why):
    engine(
        report_of("test_it.py::test_bad"),
        f"""
            import os
            import pathlib

            def pytest_unconfigure(config):
                {spoil}
        """,
    )
    pytester.makepyfile(test_it="def test_bad(): assert 0")

    result = pytester.runpytest_inprocess("--codemode-fix", "--junitxml=junit.xml")

    assert result.ret == 1
    shown = " ".join(result.stdout.str().split())
    assert f"warning: {pytester.path}/junit.xml does not say what came of the repair: {why}" in shown
    result.stdout.fnmatch_lines(["NOT FIXED assert 0", "*= fixed 0 of 1 failing test in *"])


def test_with_xdist_the_controlling_process_has_the_file(pytester, engine):
    engine(report_of("test_it.py::test_bad"))
    pytester.makepyfile(test_it="def test_bad(): assert 0")

    pytester.runpytest_subprocess("--codemode-fix", "--junitxml=junit.xml", "-p", "xdist", "-n", "1", timeout=60)

    assert states(pytester.path.joinpath("junit.xml").read_bytes()) == {("test_it", "test_bad"): "not fixed"}


def test_without_the_option_there_is_no_file(pytester, engine):
    engine(report_of("test_it.py::test_bad"))
    pytester.makepyfile(test_it="def test_bad(): assert 0")

    result = pytester.runpytest_inprocess("--codemode-fix")

    assert "warning: " not in result.stdout.str()
    assert not list(pytester.path.glob("*.xml"))


def test_without_pytest_s_own_writer_of_the_file_there_is_none(pytester, engine):
    engine(report_of("test_it.py::test_bad"))
    pytester.makepyfile(test_it="def test_bad(): assert 0")

    assert pytester.runpytest_inprocess("--codemode-fix", "-p", "no:junitxml").ret == 1


def test_the_file_is_replaced_whole_where_a_link_leads_and_keeps_its_mode(tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "junit.xml"
    real.write_bytes(b"<testsuite><testcase classname='t' name='a'/></testsuite>")
    real.chmod(0o640)
    link = tmp_path / "junit.xml"
    link.symlink_to(real)
    with real.open("rb") as reader:
        assert JunitFile(link, "").annotate(report_of("t.py::a")) == ""
        assert b"codemode" not in reader.read()  # who has opened the old one reads the old one

    assert states(real.read_bytes()) == {("t", "a"): "not fixed"}
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert list(real.parent.iterdir()) == [real]


def test_a_folder_that_cannot_be_written_is_a_warning_and_leaves_the_file_alone(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_bytes(b"<testsuite/>")
    too_long = tmp_path / ("x" * 250 + ".xml")  # there is no room for a longer name beside it
    too_long.write_bytes(b"<testsuite/>")

    assert "File name too long" in JunitFile(too_long, "").annotate(report_of())
    assert too_long.read_bytes() == b"<testsuite/>"
