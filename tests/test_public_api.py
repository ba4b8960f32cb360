"""What users rely on changes on purpose only."""

from __future__ import annotations

from difflib import unified_diff

import pytest

import aoai_finetune
from aoai_finetune import Dataset
from public_api import SNAPSHOT, rendered


def test_the_promises_are_those_that_were_written_down() -> None:
    """Names, signatures and attributes of every door; a difference is one that a user of the library may notice."""
    written, found = SNAPSHOT.read_text(encoding="utf-8").splitlines(), rendered().splitlines()
    if written != found:
        difference = "\n".join(unified_diff(written, found, "promised", "found", lineterm=""))
        pytest.fail(f"{difference}\n\nIf that is meant: make api", pytrace=False)


def test_a_change_of_a_signature_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail."""
    before = rendered()

    def head(self: Dataset, n: int = 6) -> Dataset:
        return self

    monkeypatch.setattr(Dataset, "head", head)
    changed = set(rendered().splitlines()) - set(before.splitlines())
    assert changed == {"    def head(n: int = 6) -> Dataset"}


def test_every_name_is_there() -> None:
    """In the order of the doors."""
    lines = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    assert [
        line.split()[0] for line in lines[lines.index("aoai_finetune") + 1 :] if line
    ] == aoai_finetune.__all__
