"""`pytest --codemode-cover` on a project that holds secrets: none of them is written, told or logged."""

import json
import re

from tests.projects import Workspace

FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
    "settings.py": 'SERVICE_TOKEN = "prod-9f8e7d6c5b4a3f2e1d0c"\n',
    "vault.py": """\
        from dataclasses import dataclass

        from settings import SERVICE_TOKEN


        @dataclass
        class Login:
            user: str
            password: str
            token: str = SERVICE_TOKEN


        def default_login(user: str) -> Login:
            return Login(user, password="Tr0ub4dor&3-prod")


        def headers(kind: str) -> dict:
            if kind == "json":
                return {"Accept": "application/json"}
            return {"X-Api-Key": "9c1185a57be24b0f"}


        def account(name: str) -> dict:
            result = {"name": name}
            result["password"] = "hunter2-Sup3rSecret!"
            return result


        def check(password: str) -> bool:
            if password == "letmein-9921":
                return True
            return False


        def refuse(word: str) -> str:
            if word != "letmein-9921":
                raise ValueError(f"it is not letmein-9921: {word}")
            return "welcome"


        def check_password(password: str) -> str:
            if len(password) > 8:
                return "long"
            return "short"
    """,
    "tests/test_vault.py": "import vault\n\n\ndef test_vault():\n    assert vault.Login\n",
}
SECRET = re.compile("9f8e7d6c|Tr0ub4dor|9c1185a5|hunter2|letmein|9921", re.IGNORECASE)


def test_no_secret_of_the_project_is_written_told_or_logged(tmp_path):
    workspace = Workspace(tmp_path, FILES)
    run = workspace.pytest("--codemode-cover", "--codemode-budget=time=30s", "--codemode-report=cover.json")
    assert run.status == 0, run.output
    assert not SECRET.search(run.output)
    told = [path for path in workspace.root.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert any(path.name == "run.jsonl" for path in told)
    ours = [path for path in told if path.name not in ("vault.py", "settings.py")]
    assert [path.name for path in ours if SECRET.search(path.read_text(errors="replace"))] == []
    report = json.loads(workspace.read("cover.json"))
    cover = report.get("run", report)["cover"]
    assert {"vault.py::check_password", "vault.py::check"} <= {test["function"] for test in cover["tests"]}
    why = {one["function"]: one["reason"] for one in cover["untested"]}
    assert why["check"].endswith("it holds what looks like a secret")
    assert why["default_login"].endswith("it holds what looks like a secret")
