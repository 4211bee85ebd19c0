"""What the plugin costs a pytest run that does not use it.

`python -m bench.overhead [PAIRS]` runs `pytest` on one trivial test with the plugin and with `-p no:codemode`, in pairs
and in alternating order, and prints the medians of wall clock and CPU, their ratio, and the median of the differences.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_MS = 10.0
# Other plugins that may be installed only add noise.
OTHERS = ("anyio", "hypothesispytest", "randomly", "timeout", "xdist", "xdist.looponfail", "platformdirs")


def run(folder: Path, *arguments: str) -> tuple[float, float]:
    """Return milliseconds of wall clock and of CPU of one pytest run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command += [word for name in OTHERS for word in ("-p", f"no:{name}")]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1e3, cpu * 1e3


def main(pairs: int) -> int:
    """Measure, print, and return 1 if the plugin costs more than `LIMIT_MS`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("test_trivial.py").write_text("def test_trivial(): pass\n")
        run(folder), run(folder, "-p", "no:codemode")  # bytecode is written, files are in memory
        with_plugin, without = [], []
        for number in range(pairs):
            for mine in (True, False) if number % 2 else (False, True):
                (with_plugin if mine else without).append(run(folder, *(() if mine else ("-p", "no:codemode"))))
    for label, column in (("wall", 0), ("cpu", 1)):
        ours, theirs = [row[column] for row in with_plugin], [row[column] for row in without]
        difference = statistics.median(a - b for a, b in zip(ours, theirs, strict=True))
        medians = statistics.median(ours), statistics.median(theirs)
        print(
            f"{label}: with {medians[0]:.1f} ms, without {medians[1]:.1f} ms, ratio {medians[0] / medians[1]:.4f}, "
            f"median difference of {pairs} pairs {difference:+.1f} ms"
        )
    return 0 if difference <= LIMIT_MS else 1  # CPU: the wall clock of a shared machine says little


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
