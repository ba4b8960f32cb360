"""What a notebook and a terminal show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aoai_finetune.dataset import Dataset


def test_the_repr_has_counts_and_files_only(chat: Any, lines: Any, tmp_path: Path) -> None:
    """Never a row."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(chat("secret", "secret")))
    assert repr(Dataset.from_jsonl(path)) == f"Dataset(1 example, {str(path)!r})"
    assert repr(Dataset.from_pairs([("secret", "secret")] * 2)) == "Dataset(2 examples)"


def test_the_notebook_shows_counts_and_findings_but_no_row(ten: Any) -> None:
    """Nine rows are too few, which is seen without being asked."""
    shown = Dataset.from_examples(ten[:9])._repr_html_()
    assert "too-few-examples" in shown
    assert ">9<" in shown
    assert "It is x" not in shown


def test_a_good_dataset_shows_its_facts_and_fingerprint(ten: Any) -> None:
    """What one needs to recognise it."""
    dataset = Dataset.from_examples(ten)
    assert dataset.fingerprint[:12] in dataset._repr_html_()


def test_a_large_dataset_is_not_checked_for_display(chat: Any) -> None:
    """Showing a cell must not take seconds."""
    shown = Dataset.from_examples([chat(f"q{n}") for n in range(5001)])._repr_html_()
    assert "validate()" in shown
    assert "5,001" in shown


def test_findings_beyond_the_table_are_counted(lines: Any) -> None:
    """A report of thousands of lines would freeze the notebook."""
    shown = Dataset.from_jsonl(b"{\n" * 300).validate(level="rows")._repr_html_()
    assert shown.count("json-truncated") == 50
    assert "250 more" in shown


def test_names_are_escaped(lines: Any, tmp_path: Path) -> None:
    """A file name can hold anything."""
    path = tmp_path / "<b>.jsonl"
    path.write_bytes(b"{")
    assert "<b>" not in Dataset.from_jsonl(path)._repr_html_()


def test_rows_are_shown_where_they_are_asked_for(chat: Any) -> None:
    """Escaped in HTML, cut to a width in a terminal."""
    dataset = Dataset.from_examples([chat("<script>", "答" * 100)])
    assert "&lt;script&gt;" in dataset.to_html()
    assert "<script>" not in dataset.to_html()
    text = dataset.show(width=10)
    assert "<script>" in text
    assert "答答答答…" in text
