"""Long work shows how far it is, where somebody looks."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune.dataset import Dataset, Supersession
from aoai_finetune.dataset.reading import _watching
from aoai_finetune.errors import DatasetError


class Terminal(io.StringIO):
    """What somebody looks at."""

    @override
    def isatty(self) -> bool:
        return True


def replaced(found: Supersession) -> Any:
    """What was kept, dropped and named."""
    return found.kept.to_bytes(), found.dropped, found.near_misses


WORK: dict[str, tuple[str, Callable[[Dataset], Any]]] = {
    "validate": ("validating", lambda rows: rows.validate().to_json()),
    "tokens": ("counting tokens", lambda rows: rows.tokens()),
    "statistics": ("surveying", lambda rows: str(rows.statistics())),
    "repair": ("repairing", lambda rows: (rows.repair().fixes, rows.repair().dataset.to_bytes())),
    "split": ("splitting", lambda rows: [part.to_bytes() for part in rows.split()]),
    "split by row": ("hashing", lambda rows: [part.to_bytes() for part in rows.split(by="row")]),
    "deduplicate": ("hashing", lambda rows: rows.deduplicate().to_bytes()),
    "deduplicate by question": ("reading questions", lambda rows: rows.deduplicate("question").to_bytes()),
    "fingerprint": ("hashing", lambda rows: rows.fingerprint),
    "fingerprint after others": ("hashing", lambda rows: (rows.deduplicate().to_bytes(), rows.fingerprint)),
    "leakage": ("comparing", lambda rows: rows.leakage(rows.head(20), facts=True)),
    "leakage of another": ("reading what is known", lambda rows: rows.head(20).leakage(rows, facts=True)),
    "facts": ("reading facts", lambda rows: rows.facts),
    "supersede": ("reading what is old", lambda rows: replaced(rows.supersede(by=rows.head(20)))),
    "supersede by": ("reading what is new", lambda rows: replaced(rows.head(20).supersede(by=rows))),
    "history": ("reading the history", lambda rows: rows.head(20).validate(history=rows).to_json()),
}


@pytest.mark.parametrize("name", WORK)
def test_long_work_shows_how_far_it_is(
    name: str, ten: Any, chat: Any, lines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes to the same, for a file and for a sum of files; short files show nothing."""
    doing, work = WORK[name]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*ten, b"", *(chat(f"q{number} ", "x" * 1000) for number in range(2000))))

    def results() -> list[Any]:
        rows = Dataset.from_jsonl(path)
        return [work(Dataset.from_jsonl(path)), work(rows + Dataset.from_jsonl(path)), work(rows)]

    expected = results()
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert results() == expected
    assert terminal.getvalue() == ""
    monkeypatch.setattr(_watching, "_LONG", 100_000)
    assert results() == expected
    assert f"{doing} (MB) · 2 of 2 (100%)" in terminal.getvalue()


def test_slow_work_shows_how_far_it_is_sooner(
    chat: Any, lines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Level `deep` takes many times longer for a row."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*(chat(f"q{number} ", "x" * 1000) for number in range(100))))
    monkeypatch.setattr(_watching, "_LONG", 16 * 100_000)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    Dataset.from_jsonl(path).validate()
    assert terminal.getvalue() == ""
    Dataset.from_jsonl(path).validate(level="deep")
    assert "validating (MB)" in terminal.getvalue()


def test_a_selection_of_many_rows_shows_how_far_it_is(
    chat: Any, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its rows, because nobody knows how many bytes they have; others of a sum show nothing."""
    rows = Dataset.from_jsonl(lines(*(chat(f"q{number}") for number in range(3000))))
    rows = rows.head(2500) + rows + rows.head(10)
    expected = rows.facts
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert Dataset(rows._rows).facts == expected
    assert terminal.getvalue() == ""
    monkeypatch.setattr(_watching, "_MANY", 2500)
    assert Dataset(rows._rows).facts == expected
    assert "reading facts (rows) · 2500 of 2500 (100%)" in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 1


def test_the_bar_ends_where_the_work_ends(
    ten: Any, lines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the middle, with an error that names its place."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*ten, b"{"))
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(_watching, "_LONG", 100)
    with pytest.raises(DatasetError, match="line 11") as caught:
        Dataset.from_jsonl(path).statistics()
    assert caught.value.source == str(path)
    assert terminal.getvalue().endswith("\n")
