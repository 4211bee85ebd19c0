"""The project under repair as the user's own pytest run saw it: enough to run its tests again elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What foreign code may use. Memory, processes and disk count for everything in one sandbox together."""

    test_s: float = 60.0
    """Wall clock per test (and per phase of collection of one run)."""
    run_s: float = 600.0
    """Wall clock per run."""
    test_cpu_s: float = 300.0
    """Processor time per test, program or collection, of all its processes together."""
    run_cpu_s: float = 3600.0
    """Processor time per run, of all its processes together."""
    memory_bytes: int = 2 * 2**30
    """Resident memory; pages that processes share count once."""
    processes: int = 128
    """The sandbox's own few among them; threads count as processes, as they do for the kernel."""
    open_files: int = 1024
    """Per process."""
    file_bytes: int = 512 * 2**20
    """Size of one file."""
    disk_bytes: int = 1 * 2**30
    """All files together, /dev/shm included."""
    output_bytes: int = 1 * 2**20
    """Captured output per test or execution; head and tail are kept and the cut is marked."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where the project is and how its tests are run."""

    rootdir: str
    """Absolute host path, symlinks resolved; also the path inside a sandbox."""
    invocation_dir: str
    """Absolute host path: where pytest was started."""
    python: str
    """Absolute path of the interpreter that runs the tests (symlinks kept: a venv's python)."""
    pytest_args: tuple[str, ...] = ()
    """The user's selection and options, without ours and without those that make no sense in a sandbox."""
    cwd_on_path: bool = False
    """Whether `python -m pytest` had put the working directory on `sys.path`."""
    python_flags: tuple[str, ...] = ()
    """Interpreter flags of the user's run that change behaviour, as `-O` or `-Xdev`."""
    env: dict[str, str] = field(default_factory=dict)
    """Environment for tests; credential-like names and values are already gone."""
    sys_path: tuple[str, ...] = ()
    """Absolute existing entries of the user's `sys.path`, to be mounted read-only."""
    mounts: tuple[str, ...] = ()
    """Further host paths to mount read-only."""
    network: bool = False
    level: str = "auto"
    workers: int = 1
    limits: Limits = Limits()
    inifile: str = ""
    """Absolute path of pytest's configuration file, empty if there is none."""
