"""Runs the Python blocks of one page, as a reader would type them."""

from __future__ import annotations

import contextlib
import doctest
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.typing import Parser

EXAMPLES = Path(__file__).parents[2] / "examples"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
OUTPUT_FOLLOWS = "<!-- output -->"


class _Reader:
    """Runs blocks in order, and remembers what the last one printed."""

    def __init__(self) -> None:
        self._printed = ""
        python = PythonCodeBlockParser(doctest_optionflags=FLAGS)
        self.parsers: Sequence[Parser] = [python, CodeBlockParser("text", self._compare)]

    def read(self, example: Example) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            example.evaluate()
        self._printed = printed.getvalue()

    def _compare(self, example: Example) -> str | None:
        before = example.document.text[: example.start].rstrip()
        shown = str(example.parsed)
        if not before.endswith(OUTPUT_FOLLOWS) or doctest.OutputChecker().check_output(
            shown, self._printed, FLAGS
        ):
            return None
        return f"the page shows\n{shown}\nbut the block before it prints\n{self._printed}"


@pytest.fixture
def run_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Run every ```python block of a page, in order, with one namespace, in a directory with nothing but `examples`.

    A block that starts with `>>>` is a doctest. A ```text block after the comment `<!-- output -->` must be what
    the block before it printed. In both `...` stands for anything, and white space counts as one space.
    """

    def run(page: Path) -> None:
        (tmp_path / "examples").symlink_to(EXAMPLES, target_is_directory=True)
        monkeypatch.chdir(tmp_path)
        reader = _Reader()
        for example in Sybil(parsers=reader.parsers, path=str(page.parent)).parse(page).examples():
            reader.read(example)

    return run
