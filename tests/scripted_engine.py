"""An engine that plays a script: stands in for `pytest_codemode.cli.engine` where the plugin is under test.

`python scripted_engine.py SCRIPT --lifeline FD`, where SCRIPT holds a JSON list of steps, each an object with one key.
The request it was given lies in SCRIPT.request afterwards, its arguments and environment in SCRIPT.start.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 20


def wait_for_interrupt(_: object) -> None:
    signal.sigtimedwait({signal.SIGINT}, PATIENCE_S)


def wait_for_lifeline(note: str) -> None:
    os.read(int(sys.argv[sys.argv.index("--lifeline") + 1]), 1)
    Path(f"{note}.part").write_text("the lifeline was closed")
    Path(f"{note}.part").rename(note)


STEPS = {
    "say": lambda line: print(line, flush=True),
    "complain": lambda text: print(text, file=sys.stderr, flush=True),
    "touch": lambda path: Path(path).touch(),
    "sleep": time.sleep,
    "exit": sys.exit,
    "die": lambda number: os.kill(os.getpid(), number),
    "wait for interrupt": wait_for_interrupt,
    "wait for lifeline": wait_for_lifeline,
}

script = Path(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
script.with_suffix(".request").write_bytes(sys.stdin.buffer.read())
script.with_suffix(".start").write_text(json.dumps({"argv": sys.argv, "env": dict(os.environ), "pid": os.getpid()}))
for step in json.loads(script.read_text()):
    for name, argument in step.items():
        STEPS[name](argument)
