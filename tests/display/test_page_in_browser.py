"""The page in a real browser; only where one is installed."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aoai_finetune.display import (
    Bar,
    Contrast,
    Page,
    Section,
    banner,
    bars,
    card,
    cards,
    contrast,
    facts,
    html_table,
)

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]

LONG = "長い回答です。" * 20 + "x" * 200
PAGE = Page(
    "A page with " + "averylongword" * 8,
    [
        Section("", banner("Reject", LONG, "bad", reasons=[LONG])),
        Section("Figures", cards(*(card(f"figure {at}", "1,234,567", LONG) for at in range(5)))),
        Section("Facts", facts([("name", LONG)])),
        Section("Bars", bars([Bar(label=LONG, value=0.5, low=0.1, high=0.9)], top=1, threshold=0.95)),
        Section("Table", html_table([f"column {at}" for at in range(30)], [["cell"] * 30])),
        Section("Answers", contrast(("q", "old", "new"), [Contrast(asked=LONG, left=LONG, right=LONG)])),
    ],
)


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_only_the_inside_of_a_table_scrolls_sideways(tmp_path: Path, width: int) -> None:
    """The page is exactly as wide as the window, however long its words are."""
    frame = tmp_path / "frame.html"
    measure = "document.title='inner '+this.contentDocument.documentElement.scrollWidth"
    frame.write_text(
        f'<iframe style="border:0;width:{width}px;height:800px" onload="{measure}" '
        f'srcdoc="{html.escape(PAGE.render(), quote=True)}"></iframe>',
        encoding="utf-8",
    )
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    command = [str(BROWSER), *options, "--virtual-time-budget=2000", "--dump-dom", frame.as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert re.findall(r"<title>inner (\d+)</title>", seen) == [str(width)]
