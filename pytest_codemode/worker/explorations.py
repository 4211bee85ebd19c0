"""The supervisor's side of explorations: processes that try calls out, and which call one of them died of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.exploring import Arc, Described, Explored, ExploreRequest, Observation
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.limits import seconds
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.held import last_lines
from pytest_codemode.worker.launching import Launched
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.watch import Ended, Watch
from pytest_codemode.worker.weighing import Tally

MAX_DEATHS = 25
"""Processes that one request may cost."""
CHUNK = 64
"""Observations that are passed on together."""
LISTEN_EVERY_S = 0.005
GRACE_S = 1.0
"""A call that was interrupted at its limit gets this long to stop before its process is killed."""

Emit = Callable[[list[dict[str, Any]]], None]
"""Passes on encoded observations."""


class Explorations:
    """Carries out requests, one at a time."""

    def __init__(
        self,
        limits: Limits,
        watch: Watch,
        launch: Callable[[Plan, int | None], Launched],
        clean_up: Callable[[], None],
    ) -> None:
        """Start processes with `launch`, given a plan and the hash seed of a fresh interpreter, if one is wanted."""
        self._limits = limits
        self._watch = watch
        self._launch = launch
        self._clean_up = clean_up

    def answer(self, message: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Return the answer to the host's message; what is observed is said to it as it comes.

        Raises:
            Interrupted: the host gave up.
        """
        request: ExploreRequest = decode(ExploreRequest, message["request"])
        explored = self.run(request, lambda observations: say({"say": "observed", "observations": observations}))
        return {"say": "done", "explored": encode(explored)}

    def run(self, request: ExploreRequest, emit: Emit) -> Explored:
        """Carry out `request`; what is observed goes to `emit`, in order.

        Raises:
            Interrupted: the host gave up.
        """
        end_by = 0.0
        minutes = Minutes(request, self._limits.test_s, emit)
        tally = Tally(request.timeout_s, self._limits.run_cpu_s, None, minutes.running)
        for _ in range(MAX_DEATHS):
            with self._launch(minutes.begin(), request.hash_seed) as launched:
                end_by = end_by or time.monotonic() + request.timeout_s  # not while a session collects its tests
                ended = self._watch.run(
                    launched.process,
                    minutes,
                    launched.reports,
                    (launched.output,),
                    run_deadline=end_by,
                    tally=tally,
                    listen_every_s=LISTEN_EVERY_S,
                )
            over = time.monotonic() >= end_by or tally.is_over
            explored = minutes.close(ended, over=over, output=launched.output.text())
            if explored is not None:
                return explored
            self._clean_up()
        return minutes.closed("killed", f"killed: {MAX_DEATHS} processes died of calls")


class Minutes:
    """What the processes of one request have said; listens to `Watch`."""

    def __init__(self, request: ExploreRequest, start_s: float, emit: Emit) -> None:
        """Expect each process to begin its work within `start_s`."""
        self._request = request
        self._start_s = start_s
        self._emit = emit
        self._waiting: list[dict[str, Any]] = []
        self._done = 0
        """How many recipes have an observation."""
        self._known: set[Arc] = set()
        self._callables: tuple[Described, ...] | None = None
        self._imported: tuple[Arc, ...] = ()
        self._was_imported = False
        self._import_s = 0.0
        self._threads = False

    def running(self) -> tuple[int, float]:
        """Return what `Tally.test` asks for."""
        return self._done + 1, self._call_s

    @property
    def _call_s(self) -> float:
        """Wall clock of one recipe with the end of its fixtures."""
        return self._request.call_s * (4 if self._request.twice else 2)

    def begin(self) -> Plan:
        """Expect a new process, and return its orders."""
        self._token = os.urandom(16).hex()
        self._heard = 0
        self._started = self._imported_here = self._ready = self._finished = False
        self._failed = ""
        self._wait(self._start_s)
        request = replace(
            self._request,
            recipes=self._request.recipes[self._done :],
            known=tuple({*self._request.known, *self._known}) if self._known else self._request.known,
            describe=self._request.describe and self._callables is None,
        )
        return Plan(test_s=self._request.call_s, explore=request, token=self._token)

    def note(self, message: dict[str, Any]) -> None:
        """Take one message.

        Raises:
            ValueError: it makes no sense, or somebody else has sent it.
        """
        self._heard += 1
        if message.get("token") != self._token or message.get("number") != self._heard:
            raise ValueError("a message that is not its own, or not the next")
        if self._finished:
            raise ValueError("a message after its end")
        said = str(message.get("say"))
        handler = {
            "started": self._on_started,
            "imported": self._on_imported,
            "described": self._on_described,
            "ready": self._on_ready,
            "observed": self._on_observed,
            "failed": self._on_failed,
            "unstarted": self._on_unstarted,
            "end": self._on_end,
        }.get(said)
        if handler is None:
            raise ValueError(f"unknown message {said[:40]!r}")
        handler(message)

    def close(self, ended: Ended, *, over: bool, output: str) -> Explored | None:  # noqa: PLR0911  # a table of ends
        """A process has ended; return what came of the request, None if others have to go on with it.

        Args:
            ended: how.
            over: the time of the request is used up.
            output: what it printed beside its calls.
        """
        reason = ended.reason or "the process ended before its work"
        if self._failed:
            return self.closed("failed", self._failed)
        if self._finished and ended.exit_code == 0 and not ended.limited:
            return self.closed("finished", "")
        if ended.lied:
            return self.closed("killed", reason)
        if not self._was_imported:
            return self.closed(*self._unready(ended, reason, over, output))
        if over:
            return self.closed("killed", f"killed: time limit of {seconds(self._request.timeout_s)}")
        if not self._ready:
            return self.closed("killed", f"{reason} before the first call")
        if self._done < len(self._request.recipes):
            self._take_dead("timeout" if ended.timed_out else "crashed")
        return self.closed("finished", "") if self._done == len(self._request.recipes) else None

    def closed(self, status: str, reason: str) -> Explored:
        """Pass on what has not been, and return the rest."""
        self._pass_on()
        return Explored(
            status,  # type: ignore[arg-type]  # one of its words
            callables=self._callables or (),
            imported=self._imported,
            import_s=self._import_s,
            threads=self._threads,
            reason=reason,
        )

    def _unready(self, ended: Ended, reason: str, over: bool, output: str) -> tuple[str, str]:
        if not self._started and not over:
            return "failed", f"{reason}: {last_lines(output)}".rstrip(": ")
        if ended.timed_out:
            return "failed", f"import does not end within {seconds(self._request.timeout_s)}"
        how = reason.removeprefix("the test process ").removeprefix("the process ")
        return "failed", f"import ends its process: {how}"

    def _on_started(self, _message: dict[str, Any]) -> None:
        if self._started:
            raise ValueError("it started before")
        self._started = True
        self._wait(self._request.timeout_s)

    def _on_imported(self, message: dict[str, Any]) -> None:
        if not self._started or self._imported_here:
            raise ValueError("it was imported before, or not started")
        arcs: tuple[Arc, ...] = decode(tuple[Arc, ...], message.get("arcs"), "arcs")
        self._imported = self._imported or arcs
        self._import_s = self._import_s or decode(float, message.get("import_s", 0.0), "import_s")
        self._threads = self._threads or decode(bool, message.get("threads", False), "threads")
        self._imported_here = self._was_imported = True
        self._wait(self._request.timeout_s)

    def _on_described(self, message: dict[str, Any]) -> None:
        if not self._imported_here or not self._request.describe or self._callables is not None:
            raise ValueError("it was not asked what can be called")
        self._callables = decode(tuple[Described, ...], message.get("callables"), "callables")
        self._wait(self._request.timeout_s)

    def _on_ready(self, _message: dict[str, Any]) -> None:
        if not self._imported_here or self._ready:
            raise ValueError("it was ready before, or has nothing imported")
        self._ready = True
        self._wait(self._call_s)

    def _on_observed(self, message: dict[str, Any]) -> None:
        raw = message.get("observation")
        observation: Observation = decode(Observation, raw, "observation")
        if not self._ready or self._done >= len(self._request.recipes) or not isinstance(raw, dict):
            raise ValueError("nothing is to be observed now")
        if observation.key != self._request.recipes[self._done].key:
            raise ValueError("an observation of another recipe")
        self._known.update(observation.arcs)
        self._take(raw)
        self._wait(self._call_s)

    def _on_failed(self, message: dict[str, Any]) -> None:
        reason: str = decode(str, message.get("reason"), "reason")
        self._failed = reason or "the file cannot be imported"

    def _on_unstarted(self, message: dict[str, Any]) -> None:
        errors: tuple[Failure, ...] = decode(tuple[Failure, ...], message.get("errors"), "errors")
        status: int = decode(int, message.get("status"), "status")
        first = f": {errors[0].exception}: {errors[0].message[:200]}" if errors else f" with exit status {status}"
        self._failed = f"pytest does not start{first}"

    def _on_end(self, _message: dict[str, Any]) -> None:
        self._finished = True

    def _take_dead(self, outcome: str) -> None:
        """Take the call that its process died of, and what is left out for it."""
        recipes = self._request.recipes
        dead = recipes[self._done]
        self._take({"key": dead.key, "outcome": outcome, "new": False})
        if not self._request.stop_at_timeout or dead.variant < 0:
            return
        while self._done < len(recipes) and recipes[self._done].variant == dead.variant:
            self._take({"key": recipes[self._done].key, "outcome": "not run", "new": False})

    def _take(self, raw: dict[str, Any]) -> None:
        self._done += 1
        self._waiting.append(raw)
        if len(self._waiting) == CHUNK:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._emit(waiting)

    def _wait(self, limit_s: float) -> None:
        self.deadline = time.monotonic() + limit_s + GRACE_S
        """As `Book.deadline`."""
