"""The trusted process inside an enclosure: forks what runs tests, watches it, and alone says how each test ended."""
# ruff: noqa: PTH103  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.exploring import MeasureRequest
from pytest_codemode.core.limits import with_limits
from pytest_codemode.core.outcome import (
    Mode,
    RunRequest,
    RunResult,
    TestResult,
    TryRequest,
)
from pytest_codemode.worker.attributes import Attributes
from pytest_codemode.worker.book import Book
from pytest_codemode.worker.calls import Calls
from pytest_codemode.worker.channel import LineReader, write_line
from pytest_codemode.worker.disk import Disk
from pytest_codemode.worker.execute import environment, execute
from pytest_codemode.worker.explorations import Explorations
from pytest_codemode.worker.fence import SHARED_MEMORY
from pytest_codemode.worker.held import Held
from pytest_codemode.worker.launching import Launched, launch_cold
from pytest_codemode.worker.measuring.rounds import measure
from pytest_codemode.worker.plan import Plan, Setup
from pytest_codemode.worker.processes import kill_strays
from pytest_codemode.worker.programs import Programs
from pytest_codemode.worker.reloads import Reloads
from pytest_codemode.worker.removal import empty
from pytest_codemode.worker.running import Finish, Runs
from pytest_codemode.worker.touched import stamps, touched
from pytest_codemode.worker.tree import Tree
from pytest_codemode.worker.trials import Trials
from pytest_codemode.worker.watch import Interrupted, Watch


class Supervisor:
    """Serves one host, one request at a time."""

    def __init__(
        self, setup: Setup, files: dict[str, bytes], inbox: LineReader, outbox: int, *, forks: bool = True
    ) -> None:
        """Serve over `inbox` and `outbox`; without `forks` no session starts as a fork of this process."""
        self._setup = setup
        self._forks = forks
        self._limits = setup.project.limits
        self._inbox = inbox
        self._outbox = outbox
        self._tree = Tree(setup.root)
        self._tree.write(files)
        self._attributes = Attributes(setup.root)
        self._held: Held | None = None
        self._watch = Watch(
            limits=self._limits,
            disk=Disk((setup.scratch,), self._limits.disk_bytes),
            interrupted=self._interrupted,
            host_fd=inbox.fd,
        )
        self._runs = Runs(self._limits, self._watch, self._empty_scratch)
        self._reloads = Reloads(setup, self._watch, forks=forks)
        self._trials = Trials(
            self._limits,
            self._watch,
            self._runs,
            self._tree,
            swapped=self._launch_held,
            reloaded=self._launch_reload,
            cold=self._run_cold,
            clean_up=self._clean_up,
        )
        self._explorations = Explorations(self._limits, self._watch, self._launch_exploring, self._clean_up)
        self._programs = Programs(setup, self._watch)
        self._calls: Calls | None = None
        """Of the program that runs, if it has a `project`."""

    def serve(self) -> None:
        """Answer requests until the host closes the line."""
        handlers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "collect": self._on_collect,
            "run": self._on_run,
            "try": self._on_try,
            "explore": self._on_explore,
            "measure": self._on_measure,
            "execute": self._on_execute,
            "converse": self._on_converse,
            "warm_up": self._on_warm_up,
            "ping": lambda _message: {"say": "done"},
        }
        try:
            while (message := self._inbox.next()) is not None:
                handler = handlers.get(str(message.get("op")))
                if handler is None:
                    continue  # a cancel that came too late
                write_line(self._outbox, {"say": "taken"})
                try:
                    answer = {"say": "cancelled"} if self._inbox.pending else handler(message)
                except Interrupted:
                    answer = {"say": "cancelled"}
                self._clean_up()
                write_line(self._outbox, answer)
                self._programs.prepare()
        finally:
            kill_strays(())

    def _interrupted(self) -> bool:
        messages = self._inbox.read_available()
        for message in messages:
            if message.get("op") == "answer" and self._calls is not None:
                self._calls.answer(message)
        return self._inbox.closed or any(message.get("op") == "cancel" for message in messages)

    def _clean_up(self) -> None:
        """Leave nothing of one request to the next: no process, no file, no change of one."""
        kill_strays(self._watch.keep)
        self._attributes.put_back()
        self._empty_scratch()

    def _empty_scratch(self) -> None:
        """Remove what tests wrote, and leave the folders they expect."""
        empty(self._setup.fork_scratch)
        os.makedirs(self._setup.home, exist_ok=True)
        if self._setup.private_shm:
            empty(SHARED_MEMORY)

    def _hold(self) -> Held:
        """Return the live session, collecting it if there is none."""
        if self._held is None or not self._held.alive:
            if self._held is not None:
                self._held.close()
            self._empty_scratch()
            self._attributes.put_back()
            self._held = Held.collect(self._setup, self._watch, forks=self._forks)
            self._empty_scratch()
            self._attributes.remember()  # with what the project did to its tree when it was imported
        return self._held

    def _keep_attributes(self) -> None:
        """Let what is about to run change no mode or time of a file in the tree for what comes after it."""
        if not self._attributes.remembered:
            self._attributes.remember()

    def _on_collect(self, _message: dict[str, Any]) -> dict[str, Any]:
        return {"say": "done", "collection": encode(self._hold().collection)}

    def _on_run(self, message: dict[str, Any]) -> dict[str, Any]:
        request: RunRequest = decode(RunRequest, message["request"])
        started = time.monotonic()
        plan = Plan(
            test_s=request.test_timeout_s or self._limits.test_s,
            nodeids=request.nodeids,
            order_seed=request.order_seed,
            record=request.record,
            line_paths=request.line_paths,
            watch=request.watch,
            record_for=request.record_for,
            output=request.output,
            stop_at_failure=request.stop_at_failure,
            # Whoever asked for it named it in advance; what runs beside it shall not know it by that name.
            canary=f"test_{os.urandom(8).hex()}" if request.canary else "",
            writable=request.mode is Mode.COLD,
        )
        run_s = request.timeout_s or self._limits.run_s

        def emit(result: TestResult) -> None:
            named = replace(result, failures=with_limits(result.failures, self._limits)) if result.failures else result
            write_line(self._outbox, {"say": "result", "result": encode(named)})

        if request.mode is Mode.COLD:
            self._tree.write(request.files)
            finish = self._run_cold(plan, emit, run_s, request.hash_seed)
        elif request.mode is Mode.RELOAD or request.files:
            self._keep_attributes()
            with self._tree.patched(request.files):
                finish = self._runs.run(plan, emit, run_s, self._launch_reload)
        else:
            finish = self._run_warm(plan, emit, run_s)
        result = RunResult(
            status=finish.status,
            results=(),
            collection_errors=finish.book.errors,
            reason=finish.reason,
            canary_failed=finish.book.canary_failed,
            duration_s=time.monotonic() - started,
            output=finish.output,
        )
        return {"say": "done", "run": encode(result)}

    def _launch_reload(self, plan: Plan) -> Launched:
        if self._held is not None:
            self._reloads.warm_up(self._held.traces)
        return self._reloads.launch(plan)

    def _launch_held(self, plan: Plan) -> Launched:
        """Fork the held session; one that cannot be forked (any more) gives way to the files on disk.

        Raises:
            Unforkable: the plan swaps functions, which only a fork can do.
        """
        held = self._hold()
        if held.forkable:
            held.keepsakes.put(self._setup.fork_scratch)
        return held.launch(plan) if held.forkable or plan.swaps else self._launch_reload(plan)

    def _run_cold(self, plan: Plan, emit: Callable[[TestResult], None], run_s: float, hash_seed: int | None) -> Finish:
        """Run in fresh interpreters, which may write to the tree: what they write there counts."""
        self._watch.scales.disk = Disk((self._setup.scratch, self._setup.root), self._limits.disk_bytes)
        return self._runs.run(plan, emit, run_s, lambda todo: launch_cold(self._setup, todo, hash_seed))

    def _run_warm(self, plan: Plan, emit: Callable[[TestResult], None], run_s: float) -> Finish:
        end_by = time.monotonic() + run_s
        held = self._hold()
        if held.collection.status != "finished":
            book = Book(emit, plan, self._limits.run_s)
            book.errors = held.collection.errors
            return Finish(held.collection.status, held.collection.reason, book, held.output)
        finish = self._runs.run(plan, emit, run_s, self._launch_held, end_by)
        finish.book.errors = held.collection.errors
        return finish

    def _on_try(self, message: dict[str, Any]) -> dict[str, Any]:
        request: TryRequest = decode(TryRequest, message["request"])
        cold = bool(message.get("cold"))
        if not cold:
            self._keep_attributes()
        self._trials.run(request, lambda said: write_line(self._outbox, said), cold=cold)
        return {"say": "done"}

    def _on_measure(self, message: dict[str, Any]) -> dict[str, Any]:
        request: MeasureRequest = decode(MeasureRequest, message["request"])
        self._tree.write(request.files)
        before = stamps(self._setup.root)
        result = measure(
            request,
            self._limits,
            lambda plan, emit, run_s: self._run_cold(plan, emit, run_s, request.hash_seed),
            lambda said: write_line(self._outbox, said),
        )
        told = replace(result, touched=touched(before, self._setup.root))
        return {"say": "done", "measured": encode(told)}

    def _on_explore(self, message: dict[str, Any]) -> dict[str, Any]:
        self._keep_attributes()
        return self._explorations.answer(message, lambda said: write_line(self._outbox, said))

    def _launch_exploring(self, plan: Plan, hash_seed: int | None) -> Launched:
        return self._launch_held(plan) if hash_seed is None else launch_cold(self._setup, plan, hash_seed)

    def _on_converse(self, message: dict[str, Any]) -> dict[str, Any]:
        from pytest_codemode.worker.execute import converse  # noqa: PLC0415

        end_by = time.monotonic() + decode(float, message["timeout_s"], "timeout_s")
        self._keep_attributes()
        self._calls = Calls(end_by, lambda said: write_line(self._outbox, said))
        try:
            ended = converse(self._setup, self._watch, self._programs, message, self._calls)
        finally:
            self._calls.close()
            self._calls = None
        return {"say": "done", "execution": encode(ended)}

    def _on_execute(self, message: dict[str, Any]) -> dict[str, Any]:
        self._keep_attributes()
        return {"say": "done", "execution": encode(execute(self._setup, self._watch, self._programs, message))}

    def _on_warm_up(self, message: dict[str, Any]) -> dict[str, Any]:
        """Start ahead what the first request would have to wait for."""
        self._programs.warm_up(environment(self._setup, message["env"]))
        self._hold()
        return {"say": "done"}
