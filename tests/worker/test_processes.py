import subprocess
import sys

ZOMBIE = """
import os, time
from pytest_codemode.worker.processes import become_subreaper, descendants, kill_strays

become_subreaper()
kept = os.fork()
if kept == 0:
    for work in (lambda: None, lambda: time.sleep(600)):
        if os.fork() == 0:
            work()
            os._exit(0)
    time.sleep(600)  # reaps nothing
def states():
    return [open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] for pid in descendants(os.getpid(), {kept})]
while len(states()) < 2 or "Z" not in states():
    time.sleep(0.01)
before = time.process_time()
kill_strays({kept})
print(time.process_time() - before < 0.03)
print(states(), os.waitpid(kept, os.WNOHANG))
kill_strays(())
print(list(descendants(os.getpid())))
"""


def test_what_is_dead_and_anothers_to_reap_is_not_waited_for() -> None:
    done = subprocess.run([sys.executable, "-c", ZOMBIE], capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.stderr) == ("True\n['Z', 'Z'] (0, 0)\n[]\n", "")
