"""The notebook, run cell by cell in an empty folder."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "change_the_tone.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    """The cells of one kind, in order."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_every_cell_runs_and_the_tone_changes_without_a_fact_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept facts, acquired tone, promotion, and the same verdict from the stored comparison."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in cells("code"):
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    assert names["comparison"].verdict == "promote"
    assert (names["again"].retention, names["again"].acquisition) == (1.0, 1.0)
    assert names["again"].decision == names["comparison"].decision
    assert "PROMOTE" in printed.getvalue()
    assert (tmp_path / "tone.html").exists()


def test_the_notebook_is_stored_without_outputs() -> None:
    """Outputs hold paths and times, and change with every run."""
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells("code")] == [([], None)] * len(
        cells("code")
    )


def test_the_notebook_tells_its_story_between_the_cells() -> None:
    """What fine-tuning is right for, and what the offline learner is not."""
    told = "".join("".join(cell["source"]) for cell in cells("markdown"))
    for words in ("what fine-tuning is right for", "retrieval", "not GPT"):
        assert words in told
