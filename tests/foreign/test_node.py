"""The `openai` package of Node against an emulator in a process of its own: nobody here knows anybody there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OPENAI = "openai@6.49.0"
KEY, TOKEN = "a-key", "a-token"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node is not installed, so its client cannot be tried")
    place = tmp_path_factory.mktemp("node")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", OPENAI]
    installed = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=240, check=False)
    if installed.returncode:
        pytest.skip(f"{OPENAI} could not be installed: {installed.stderr.strip()[-200:]}")
    shutil.copy(Path(__file__).parent / "walk.mjs", place)
    return place


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of an emulator that was started from a shell; ten simulated minutes pass in a second."""
    command = [sys.executable, "-m", "aoai_finetune.testing.emulator", "--port", "0", "--time-scale", "600"]
    with subprocess.Popen(
        [*command, "--key", KEY, "--token", TOKEN, "--name", "contoso"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize("surface", ["v1", "dated"])
def test_node_goes_from_upload_to_chat(folder: Path, endpoint: str, surface: str) -> None:
    """Upload, job, events, checkpoints, result file, deployment, chat."""
    walked = subprocess.run(
        ["node", "walk.mjs", surface, endpoint, KEY, TOKEN],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (walked.returncode, walked.stderr) == (0, "")
    assert walked.stdout.startswith(f"done {surface}")
