"""Stands in for a worker: a process that answers as the words on its command line say, one for each request.

`done`: takes the request and answers. `dies`: ends before it takes the request. `dies taken`: ends after that. `hangs`:
never answers.
"""

import json
import os
import sys
import time


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main():
    sys.stdin.readline()
    say({"say": "ready", "python": "3.0"})
    for word in sys.argv[1:]:
        if not (line := sys.stdin.readline()):
            return
        if word == "dies":
            os._exit(1)
        if word == "hangs":
            time.sleep(600)
        say({"say": "taken"})
        if word == "dies taken":
            os._exit(1)
        say({"say": "done", "pid": os.getpid(), "op": json.loads(line)["op"]})


if __name__ == "__main__":
    main()
