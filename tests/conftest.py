"""What holds for every test: no network, and property tests that no slow machine can fail."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports numpy: small arrays gain nothing from threads, and wait for each other on busy machines.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Time is no property of ours: a busy machine is no counterexample. Loaded by name, because Hypothesis would take
# a profile with fixed examples where it sees a build server.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """A socket that connects to anything but this machine fails the test that opened it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def connect_here(opened: socket.socket, address: Any) -> Any:
        if opened.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(str(address[0])):
            pytest.fail(f"a test wanted to connect to {address[0]}: no network in tests")
        return connect(opened, address)

    return connect_here


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Totals of the fault matrix: here, because only this file is read where tests run in processes of their own."""
    found: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            given: dict[str, Any] = dict(report.user_properties)
            if "fault" in given:
                found["cells"] += 1
                found.update({key: given.get(key, 0) for key in ("duplicates", "lost", "untyped")})
                found["failed"] += outcome == "failed"
    if found["cells"]:
        terminalreporter.write_line(
            f"fault matrix: {found['cells']} cells, {found['failed']} failed; duplicates {found['duplicates']},"
            f" lost jobs {found['lost']}, untyped exceptions {found['untyped']}"
        )
