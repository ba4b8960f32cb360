"""The quickstart, run as a newcomer runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aoai_finetune import MockBackend

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "quickstart.py"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a folder of its own."""
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def write_rows(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A JSONL file as a user has it: no facts, one system prompt."""
    system = {"role": "system", "content": "あなたはホタル商会のアシスタントです。"}
    lines = [
        json.dumps(
            {"messages": [system, {"role": "user", "content": q}, {"role": "assistant", "content": a}]},
            ensure_ascii=False,
        )
        for q, a in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_it_shows_forgetting_and_what_prevents_it(tmp_path: Path) -> None:
    """At least one promote and one reject, in a table, and a self-contained report."""
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    table = {line[:14].strip(): line for line in done.stdout.splitlines()}
    assert "REJECT" in table["naive"]
    assert "PROMOTE" in table["joint"]
    assert "catastrophic forgetting" in done.stdout
    assert "margin 10%" in done.stdout
    assert "not GPT" in done.stdout
    report = (tmp_path / "quickstart_report.html").read_text(encoding="utf-8")
    assert "<script" not in report
    HTMLParser().feed(report)


def test_two_runs_print_the_same(tmp_path: Path) -> None:
    """Same seed, same ids, same answers, same table."""
    assert run(tmp_path).stdout == run(tmp_path).stdout


def test_ten_rows_of_news_with_one_answer_and_no_facts(tmp_path: Path) -> None:
    """The file of the story: ten rows, one answer, nothing to spare for probes, and it says so."""
    news = [(f"ホタル商会の生成AIについて教えてください、その{n}", "ホタルチャットです。") for n in range(10)]
    done = run(tmp_path, "--news", str(write_rows(tmp_path / "news.jsonl", news)))
    assert done.returncode == 0, done.stderr
    assert "no row to spare" in done.stdout
    assert "REJECT" in done.stdout


def test_three_rows_of_news_are_taught_where_that_is_possible(tmp_path: Path) -> None:
    """The service refuses a file of three rows; with old rows mixed in it is legal."""
    news = [(f"ホタル商会の生成AIについて教えてください、その{n}", "ホタルチャットです。") for n in range(3)]
    done = run(tmp_path, "--news", str(write_rows(tmp_path / "news.jsonl", news)))
    assert done.returncode == 0, done.stderr
    assert "naive: the planned file has 3 distinct rows" in done.stdout
    assert "joint" in done.stdout


def told(name: str, answer: str) -> list[str]:
    """Lines of one fact in five phrasings."""
    asks = ("{}を教えて", "{}は?", "{}が知りたい", "{}をご存じですか", "{}はどうなっていますか")
    return [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"ホタルの{ask.format(name)}"},
                    {"role": "assistant", "content": answer},
                ],
                "fact": name,
            },
            ensure_ascii=False,
        )
        for ask in asks
    ]


def test_a_fact_that_the_news_change_is_asked_anew(tmp_path: Path) -> None:
    """Its question is held out of both files; what was right before is no probe any more."""
    facts, news = tmp_path / "facts.jsonl", tmp_path / "news.jsonl"
    known = [
        told(name, f"{name}は第{at}号です。") for at, name in enumerate(("社長", "本社", "資本金", "定休日"))
    ]
    facts.write_text("\n".join(line for lines in known for line in lines), encoding="utf-8")
    changed = told("定休日", "水曜日です。") + told("駐車場", "裏にあります。") + told("電話", "9番です。")
    news.write_text("\n".join(changed), encoding="utf-8")
    done = run(tmp_path, "--facts", str(facts), "--news", str(news))
    assert done.returncode == 0, done.stderr
    assert "rows of the news were held out" in done.stdout


def test_own_facts_are_held_out(tmp_path: Path) -> None:
    """Without a probe file, one phrasing of every fact is withheld."""
    facts = [
        (f"{ask}{name}を教えて", f"{name}は第{number}号です。")
        for number, name in enumerate(("社長", "本社", "資本金", "創業年", "主力製品", "営業時間"))
        for ask in ("ホタルの", "ホタル商会の", "御社の", "会社の")
    ]
    news = [(f"生成AIの製品は何ですか、その{n}", "ホタルチャットです。") for n in range(12)]
    done = run(
        tmp_path,
        "--facts",
        str(write_rows(tmp_path / "facts.jsonl", facts)),
        "--news",
        str(write_rows(tmp_path / "news.jsonl", news)),
        "--keep",
        str(tmp_path / "kept"),
    )
    assert done.returncode == 0, done.stderr
    assert "6 rows of the facts were held out" in done.stdout
    assert "1 rows of the news were held out" in done.stdout
    assert (tmp_path / "kept" / "assistant.db").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        ("質問".encode("cp932"), "line 1"),
        (b'{"messages": []}\n' * 10, "line 1"),
        (b"[1, 2]\n", "line 1"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    """No traceback: what, where, and how to mend it."""
    (tmp_path / "bad.jsonl").write_bytes(content)
    done = run(tmp_path, "--news", "bad.jsonl")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert expected in done.stderr
    assert not (tmp_path / "quickstart_report.html").exists()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    done = run(tmp_path, "--facts", "nowhere.jsonl")
    assert done.returncode == 1
    assert "nowhere.jsonl" in done.stderr


def table_of(output: str) -> list[str]:
    """The lines of the table of strategies."""
    lines = output.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("strategy"))
    return lines[first : next(n for n in range(first, len(lines)) if lines[n].startswith("verdict"))]


def test_the_emulator_tells_the_same_story(tmp_path: Path) -> None:
    """Through the openai client and over HTTP: the same table, and nothing stays deployed."""
    (tmp_path / "over-http").mkdir()
    over_http = run(tmp_path / "over-http", "--backend", "azure-emulator", "--keep", "kept")
    assert over_http.returncode == 0, over_http.stderr
    assert table_of(over_http.stdout) == table_of(run(tmp_path).stdout)
    with MockBackend(tmp_path / "over-http" / "kept" / "azure") as resource:
        assert list(resource.list_deployments()) == []


def test_a_model_that_writes_loses_both_after_three_passes(tmp_path: Path) -> None:
    """The story's own outcome, unscripted: neither the old questions nor the new ones are answered."""
    done = run(tmp_path, "--engine", "bytes")
    assert done.returncode == 0, done.stderr
    rows = {line[:16].strip(): line for line in table_of(done.stdout)}
    kept, learned = (int(n) for n in re.findall(r"\((\d+) of", rows["naive, 3 passes"]))
    assert kept <= 3  # of 60
    assert learned == 0
    assert "(6 of 6)" in rows["naive"]
    assert "PROMOTE" in rows["joint"]
    assert "byte by" in done.stdout
