"""Serve a script from a shell: `python -m tests.messages_api --script FILE [--port N]`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from .scripts import BadScript, load
from .server import MessagesServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; print the URL first, and one JSON line a request at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.messages_api", description=__doc__)
    parser.add_argument("--script", type=Path, required=True, help="JSON file of steps; see scripts.py")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args(arguments)
    try:
        server = load(options.script, options.port)
    except BadScript as error:
        print(error, file=sys.stderr)
        return 2
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    server.start()
    print(server.url, flush=True)
    stopped.wait()
    server.stop()
    return report(server)


def report(server: MessagesServer) -> int:
    """Print what was asked and answered; 1 when the script did not fit the requests."""
    for request in server.requests:
        line = {"method": request.method, "path": request.path, "status": request.status, "error": request.error}
        print(json.dumps(line))
    print(json.dumps({"steps_left": server.steps_left, "cache_share": round(server.cache_share(), 4)}))
    for problem in (*server.service.script_errors, *server.crashes):
        print(problem, file=sys.stderr)
    return 1 if server.service.script_errors or server.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
