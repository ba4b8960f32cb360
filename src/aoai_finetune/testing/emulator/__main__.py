"""The emulator alone: `python -m aoai_finetune.testing.emulator --port 0`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from ...backends import Clock, SystemClock
from ._clock import ScaledClock
from ._emulator import Emulator

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the process is told to end (Ctrl-C, SIGTERM); the exit status."""
    given = _parser().parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    try:
        emulator = Emulator(
            given.path,
            seed=given.seed,
            engine=given.engine,
            models=given.models,
            key=given.key,
            token=given.token,
            clock=_clock(given.time_scale),
            latency=given.latency,
            host=given.host,
            port=given.port,
            name=given.name,
        )
    except (ImportError, OSError, ValueError) as why:
        sys.stderr.write(f"{why}\n")
        return 2
    with emulator:
        sys.stdout.write(_welcome(emulator, given.time_scale))
        sys.stdout.flush()
        over.wait()
    return 0


def _clock(scale: float) -> Clock:
    return SystemClock() if scale == 1 else ScaledClock(scale)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aoai_finetune.testing.emulator",
        description="An emulator of an Azure OpenAI resource for fine-tuning. It reaches nothing outside this machine.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8095, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--name", help="name of the resource; without it a random one, which a path keeps")
    add("--path", help="folder to keep everything in; without it everything is forgotten at the end")
    add("--seed", type=int, default=0, help="decides ids and training seeds (default: %(default)s)")
    add("--engine", default="softmax", help="the learner behind the models (default: %(default)s)")
    add("--models", nargs="+", help="names of the catalogue models")
    add("--key", default="test", help="the API key (default: %(default)s)")
    add("--token", default="test", help="the bearer token (default: %(default)s)")
    add("--latency", type=float, default=0.0, help="seconds before each answer (default: %(default)s)")
    add("--time-scale", type=float, default=60.0, help="simulated seconds in a second (default: %(default)g)")
    return parser


def _welcome(emulator: Emulator, scale: float) -> str:
    """The address on the first line, and what to paste. The key is the caller's to know."""
    url = emulator.endpoint
    return f"""Azure OpenAI emulator: {url}

from openai import AzureOpenAI, OpenAI
client = OpenAI(base_url="{url}/openai/v1/", api_key="...")
client = AzureOpenAI(azure_endpoint="{url}", api_version="2025-04-01-preview", api_key="...")

The key is what --key says ("test" unless told otherwise); deployments belong to the account
{url}{emulator.account}.
Time runs {scale:g} times as fast as outside. Ctrl-C ends it.
"""


if __name__ == "__main__":
    raise SystemExit(main())
