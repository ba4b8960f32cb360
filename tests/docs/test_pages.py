"""What the pages say is true: their code runs, their output is what it prints, their links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^\s*(?:```|~~~)\s*(\w+).*$", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_snippet_of_the_page_runs(run_page: Callable[[Path], None], page: Path) -> None:
    """In order, in an empty directory, as a reader would type them."""
    run_page(page)


@each_page
def test_no_snippet_hides_behind_another_name(page: Path) -> None:
    """Python blocks are called `python`, because only those are run."""
    names = FENCE.findall(page.read_text(encoding="utf-8"))
    assert [name for name in names if name.lower().startswith("py") and name != "python"] == []


@each_page
def test_every_link_of_the_page_leads_to_a_file(page: Path) -> None:
    """Links to other pages and files of this repository; the web is not asked."""
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose)
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def _write(directory: Path, *blocks: str) -> Path:
    page = directory / "page.md"
    page.write_text("\n\n".join(blocks), encoding="utf-8")
    return page


def test_blocks_of_a_page_share_their_names(run_page: Callable[[Path], None], tmp_path: Path) -> None:
    """A reader types them one after the other, in an empty directory."""
    first = "```python\nmade = open('made.txt', 'w')\n```"
    run_page(_write(tmp_path, first, "Text.", "```python\nmade.close()\n```"))
    assert (tmp_path / "made.txt").exists()


@pytest.mark.parametrize(
    "blocks",
    [
        ["```python\nassert 1 == 2\n```"],
        ["```python\n>>> 1 + 1\n3\n\n```"],
        ["```python\nprint('a')\n```", "<!-- output -->\n```text\nb\n```"],
        ["```python\nprint('a')\n```", "<!-- output -->", "```text\nb\n```"],
    ],
    ids=["block fails", "doctest differs", "output differs", "output after a gap differs"],
)
def test_a_page_that_says_something_wrong_fails(
    run_page: Callable[[Path], None], tmp_path: Path, blocks: list[str]
) -> None:
    """So that the tests above can fail."""
    with pytest.raises(AssertionError):
        run_page(_write(tmp_path, *blocks))


def test_shown_output_may_leave_something_out(run_page: Callable[[Path], None], tmp_path: Path) -> None:
    """`...` stands for anything; a text block without the comment is only shown."""
    shown = ["<!-- output -->\n```text\n1 ... 3\n```", "```text\nanything\n```"]
    run_page(_write(tmp_path, "```python\nprint(1, 2, 3)\n```", *shown))
