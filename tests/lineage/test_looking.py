"""Tags, differences, dates, and exports."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aoai_finetune import Dataset, FineTuneJob, Joint, MockBackend, ModelLineage, Replay
from aoai_finetune.errors import NotFound
from samples import BASE, facts, news, probes


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """The first version."""
    return lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)


@pytest.fixture
def second(lineage: ModelLineage, first: FineTuneJob) -> FineTuneJob:
    """The one after it."""
    return lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)


def test_tags_come_and_go_and_are_remembered(
    lineage: ModelLineage, path: Path, first: FineTuneJob, second: FineTuneJob
) -> None:
    """Several versions may have the same; what is taken away is gone."""
    assert lineage.tag(first, "reviewed", "日本語") == ("reviewed", "日本語")
    assert lineage.tag(second, "reviewed", "reviewed") == ("reviewed",)
    assert lineage.untag(first, "日本語", "never there") == ("reviewed",)
    with ModelLineage(path) as reader:
        assert reader.tags(first.id) == ("reviewed",)
        assert [version.job_id for version in reader.tagged("reviewed")] == [first.id, second.id]
        assert reader.tagged("日本語") == ()
    lineage.untag(second, "reviewed")
    lineage.tag(second, "reviewed")
    assert lineage.tags(second) == ("reviewed",)


@pytest.mark.parametrize("tags", [(), ("",), (" spaced ",)], ids=["none", "empty", "spaced"])
def test_a_tag_is_a_word(lineage: ModelLineage, first: FineTuneJob, tags: tuple[str, ...]) -> None:
    """Nothing is stored otherwise."""
    with pytest.raises(ValueError, match="at least one tag"):
        lineage.tag(first, *tags)
    assert lineage.tags(first) == ()


def test_a_tag_names_no_version(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Aliases do."""
    lineage.tag(first, "good")
    with pytest.raises(NotFound):
        lineage.version("good")


def test_a_file_from_before_tags_is_brought_up_to_date(path: Path, backend: MockBackend) -> None:
    """Nothing in it is lost."""
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False).id
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TABLE tag; PRAGMA user_version = 1")
    with ModelLineage(path, backend=backend) as lineage:
        assert lineage.tag(first, "old") == ("old",)


def test_a_difference_lists_rows_and_facts(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Added, superseded, changed; the other way round is the mirror image."""
    pairs = [(f"Who leads Hotaru, variant {n}?", "It is Sora.") for n in range(3)]
    changed = Dataset.from_pairs(pairs, fact="president")
    second = lineage.continue_from(first, changed + news(), strategy=Replay()).wait(progress=False)
    found = lineage.diff(first, second)
    assert found.added == changed + news()
    assert found.removed == facts()[:4]
    assert found.added_facts == ("product",)
    assert found.changed_facts == ("president",)
    assert found.removed_facts == ()
    back = lineage.diff(second, first)
    assert (back.added, back.removed) == (found.removed, found.added)
    assert (back.removed_facts, back.changed_facts) == (("product",), ("president",))
    assert str(found).endswith("rows +13 -4, facts +1 -0, 1 changed")
    assert "Sora" not in repr(found)
    assert "president" not in repr(found)


def test_retirements_stand_with_the_soonest_first(lineage: ModelLineage, first: FineTuneJob) -> None:
    """With the dates that the service tells, and the days until the first of them."""
    later = lineage.fine_tune("gpt-4o-mini-2024-07-18", facts()).wait(progress=False)
    found = lineage.retirements()
    assert {each.version.job_id for each in found} == {first.id, later.id}
    dates = [each.next_date for each in found if each.next_date is not None]
    assert dates == sorted(dates)
    assert len(dates) == 2
    assert found[0].days_left == (dates[0] - found[0].asked_at) / 86_400
    assert found[0].inference_until is not None
    assert found[0].base_fine_tune_until is not None
    assert asyncio.run(lineage.retirements_async()) == found


def test_models_that_are_gone_or_cannot_be_asked_are_named(path: Path, second: FineTuneJob) -> None:
    """Without a date, so at the end."""
    with ModelLineage(path) as reader:
        assert [each.status for each in reader.retirements()] == ["unknown", "unknown"]
        assert reader.retirements()[0].days_left is None
    with ModelLineage(path, backend=MockBackend(name="here")) as fresh:
        assert [each.status for each in fresh.retirements()] == ["gone", "gone"]


def test_json_has_everything_but_rows_and_answers(
    lineage: ModelLineage, tmp_path: Path, first: FineTuneJob, second: FineTuneJob
) -> None:
    """As a text or a file."""
    lineage.promote(first)
    lineage.tag(second, "candidate")
    lineage.compare(first, second, probes(), progress=False)
    text = lineage.to_json()
    found = json.loads(text)
    assert [version["job_id"] for version in found["versions"]] == [first.id, second.id]
    assert found["versions"][1]["tags"] == ["candidate"]
    assert found["aliases"] == {"champion": found["versions"][0]["id"]}
    assert found["promotions"][0]["alias"] == "champion"
    (comparison,) = found["comparisons"]
    assert comparison["challenger"] == found["versions"][1]["id"]
    assert "Nagi Chat" not in text
    assert lineage.to_json(tmp_path / "lineage.json").read_text(encoding="utf-8") == text


def test_mermaid_draws_the_tree(lineage: ModelLineage, first: FineTuneJob, second: FineTuneJob) -> None:
    """A dotted line where the child starts at the base; nothing that a user wrote can end a label."""
    third = lineage.continue_from(second, facts("It is {} {} now.")).wait(progress=False)
    ids = [lineage.version(job).id for job in (first, second, third)]
    lineage.promote(first)
    lineage.tag(second, 'a"]<b>')
    lines = lineage.to_mermaid().splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[1] == f'  v{ids[0]}["{ids[0]}<br/>first fine-tune<br/>champion"]'
    assert lines[2].endswith('joint<br/>#35;a#34;#93;#60;b#62;"]')
    assert f"  v{ids[0]} -.-> v{ids[1]}" in lines
    assert f"  v{ids[1]} --> v{ids[2]}" in lines
