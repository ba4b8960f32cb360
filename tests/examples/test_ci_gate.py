"""The gate for continuous integration, run as a pipeline runs it: the exit code is the verdict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aoai_finetune import Dataset, Joint, MockBackend, ModelLineage, Naive

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "examples" / "data"
SCRIPT = ROOT / "examples" / "ci_gate.py"
BASE = "gpt-4.1-mini-2025-04-14"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lineage with a champion, one continuation that forgot and one that did not, named in files."""
    folder = tmp_path_factory.mktemp("gate")
    facts = Dataset.from_jsonl(DATA / "company_facts.jsonl")
    news = Dataset.from_jsonl(DATA / "new_product.jsonl")
    with (
        MockBackend(folder / "mock") as backend,
        ModelLineage(folder / "assistant.db", backend=backend) as lineage,
    ):
        first = lineage.fine_tune(BASE, facts).wait(progress=False)
        lineage.promote(first)
        for strategy in (Naive(), Joint()):
            job = lineage.continue_from(first, news, strategy=strategy).wait(progress=False)
            (folder / strategy.name).write_text(job.id, encoding="utf-8")
    return folder


def gate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script, run in the folder."""
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def judged(folder: Path, strategy: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The verdict on one of the two continuations."""
    challenger = (folder / strategy).read_text(encoding="utf-8")
    probes = str(DATA / "probes.jsonl")
    return gate(folder, "assistant.db", probes, "--challenger", challenger, "--mock", "mock", *more)


def test_a_model_that_kept_everything_passes(folder: Path) -> None:
    """Exit code 0, and the reasons are printed."""
    done = judged(folder, "joint", "--margin", "0.1")
    assert (done.returncode, "promote" in done.stdout.lower()) == (0, True), done.stderr


def test_a_model_that_forgot_fails(folder: Path) -> None:
    """Exit code 1."""
    assert judged(folder, "naive").returncode == 1


def test_a_question_too_hard_for_the_probes_is_inconclusive(folder: Path) -> None:
    """Exit code 2: sixty probes cannot show a margin of one point."""
    assert judged(folder, "joint", "--margin", "0.01").returncode == 2


def test_a_kept_comparison_is_judged_again_without_a_model(folder: Path, tmp_path: Path) -> None:
    """On another machine, with nothing but the file; the page can be written there too."""
    kept = tmp_path / "gate.json"
    first = judged(folder, "joint", "--margin", "0.1", "--keep", str(kept))
    again = gate(tmp_path, "--replay", "gate.json", "--margin", "0.1", "--report", "gate.html")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert "<script" not in (tmp_path / "gate.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [("--replay", "nothing.json"), ("nothing.db", "nothing.jsonl", "--challenger", "x")],
    ids=["no comparison", "no lineage"],
)
def test_what_cannot_be_judged_is_no_verdict(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 3 and one line, and no file is made: neither a pass nor a fail."""
    done = gate(tmp_path, *arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert list(tmp_path.iterdir()) == []
