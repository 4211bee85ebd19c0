"""A process that forks itself for every plan it is sent: what it has imported is there already in each fork."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.worker.channel import write_line
from pytest_codemode.worker.fence import fence
from pytest_codemode.worker.offspring import run_and_exit
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.processes import die_with_parent, fork
from pytest_codemode.worker.reporter import Reporter

RunPlan = Callable[[Plan, Say], None]
"""Runs a plan in a fork that is fenced in and given up to it."""


def serve_forks(setup: Setup, control: socket.socket, run: RunPlan) -> NoReturn:
    """Fork for each plan that comes over `control`, until the supervisor has gone."""
    while (order := receive_order(control)) is not None:
        plan, fds = order
        pid = fork()
        if pid == 0:
            _run_fork(setup, control, run, plan, fds)
        for fd in fds:
            os.close(fd)
        write_line(control.fileno(), {"say": "forked", "pid": pid})
        _, status = os.waitpid(pid, 0)
        write_line(control.fileno(), {"say": "ended", "status": os.waitstatus_to_exitcode(status)})
    os._exit(0)


def _run_fork(setup: Setup, control: socket.socket, run: RunPlan, plan: Plan, fds: list[int]) -> NoReturn:
    """Run `plan` reporting to `fds[0]` and printing to `fds[1]`."""

    def work() -> None:
        report_to, output = fds
        reporter = Reporter(report_to, plan.token)
        os.setpgid(0, 0)
        die_with_parent()
        redirect(output)
        control.close()
        fence(setup, plan)
        run(replace(plan, token=""), reporter.say)

    run_and_exit(work)


def redirect(output: int) -> None:
    """Give this process no input and `output` as both its outputs."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)


def send_order(control: socket.socket, plan: Plan, fds: list[int]) -> None:
    """Send `plan` and the descriptors its process is to report and print to.

    Raises:
        OSError: the other side has gone.
    """
    data = json.dumps(encode(plan)).encode()
    header = len(data).to_bytes(8, "big")
    control.sendmsg([header], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    control.sendall(data)


def receive_order(control: socket.socket) -> tuple[Plan, list[int]] | None:
    """Return the next plan and its descriptors; None when the supervisor has gone."""
    header, fds, _flags, _address = socket.recv_fds(control, 8, 2)
    if len(header) < 8:
        return None
    size = int.from_bytes(header, "big")
    data = bytearray()
    while len(data) < size:
        data += control.recv(size - len(data))
    plan: Plan = decode(Plan, json.loads(bytes(data)), "plan")
    return plan, list(fds)
