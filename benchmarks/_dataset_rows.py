"""Rows to measure with: seeded, the same on every machine, clean or broken in one row of a hundred."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zlib import crc32

__all__ = ["BROKEN", "FORMS", "near_duplicates", "write_rows"]

Row = dict[str, Any]

_SYLLABLES: Final = [
    "ka",
    "lo",
    "mi",
    "ter",
    "san",
    "ve",
    "du",
    "ri",
    "pon",
    "gal",
    "est",
    "or",
    "in",
    "qua",
    "be",
    "shi",
    "no",
    "ma",
    "tu",
    "ex",
    "pre",
    "con",
    "fer",
    "ta",
    "lim",
]
_JAPANESE: Final = [
    f"{subject}{verb}{end}"
    for subject in ("保証期間は", "返品の手続きは", "新しい製品は", "お支払いは", "配送先の変更は", "担当者は", "会員登録は", "バッテリーは")
    for verb in ("購入日から", "ウェブサイトで", "営業日に", "カタログに", "電話または", "申込書と", "東京の窓口で", "来週の火曜日に")
    for end in ("3年間有効です。", "ご確認ください。", "できません。", "記載されています。", "承ります!", "お知らせします。")
]  # fmt: skip
_TOOLS: Final[list[Row]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Look up the {thing} of an order or a customer.",
            "parameters": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "description": "Identifier, such as A-1001"},
                    "limit": {"type": "integer", "description": "How many entries at most"},
                    "unit": {"type": "string", "enum": ["day", "week", "month"]},
                },
                "required": ["id"],
                "additionalProperties": False,
            },
        },
    }
    for name, thing in (("get_order", "state"), ("get_invoice", "invoice"), ("get_history", "history"))
]


class _Writer:
    """Rows in a fixed mix: 50 % English, 40 % Japanese, 10 % with tools; about 1.3 kB each, every one different."""

    def __init__(self, seed: int) -> None:
        self._random = rng = random.Random(seed)
        self._words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 3))) for _ in range(3000)]
        self._systems = [self._english(30) for _ in range(20)]
        self._systems_ja = [self._japanese(4) for _ in range(20)]

    def row(self, number: int) -> Row:
        draw = self._random.random()
        if draw < 0.5:
            return self._chat(number, self._systems, self._english, (10, 40))
        return (
            self._chat(number, self._systems_ja, self._japanese, (2, 6)) if draw < 0.9 else self._tool(number)
        )

    def _chat(self, number: int, systems: list[str], say: Callable[[int], str], size: tuple[int, int]) -> Row:
        rng = self._random
        messages = [{"role": "system", "content": rng.choice(systems)}]
        for turn in range(rng.choice((1, 1, 1, 2))):
            asked = f"{say(rng.randint(*size))} ({number}/{turn})"
            messages.append({"role": "user", "content": asked})
            messages.append({"role": "assistant", "content": say(2 * size[1])})
        return {"messages": messages}

    def _tool(self, number: int) -> Row:
        rng = self._random
        tools = _TOOLS[: rng.randint(1, 3)]
        called = rng.choice(tools)["function"]["name"]
        arguments = json.dumps({"id": f"A-{number}", "limit": rng.randint(1, 9)})
        call = {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": called, "arguments": arguments},
        }
        return {
            "messages": [
                {"role": "system", "content": rng.choice(self._systems)},
                {"role": "user", "content": f"{self._english(20)} A-{number}?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": f"call_{number}", "content": json.dumps({"state": "sent", "n": number})},
                {"role": "assistant", "content": self._english(25)},
            ],
            "tools": tools,
        }  # fmt: skip

    def _english(self, words: int) -> str:
        chosen = self._random.choices(self._words, k=words)
        if words > 40:
            chosen[20] += ".\n\n-"
        text = " ".join(chosen)
        return text.capitalize() + "."

    def _japanese(self, phrases: int) -> str:
        return "".join(self._random.choices(_JAPANESE, k=phrases))


def _line(row: object) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": ")).encode()


def write_rows(
    path: Path,
    *,
    rows: int | None = None,
    size: int | None = None,
    broken: bool = False,
    tools: bool = True,
    form: Callable[[Row], Row] = dict,
    seed: int = 7,
) -> int:
    """Write that many rows, or as many as fill `size` bytes, in some form; returns how many lines there are."""
    writer, rng, count, written = _Writer(seed), random.Random(seed + 1), 0, 0
    kinds = list(BROKEN.values())
    with path.open("wb") as file:
        while count < (rows or 0) or written < (size or 0):
            row = writer.row(count)
            while not tools and "tools" in row:
                row = writer.row(count)
            damage = kinds[(count // 100) % len(kinds)] if broken and rng.random() < 0.01 else None
            line = (_line(form(row)) if damage is None else damage(row)) + b"\n"
            file.write(line)
            written += len(line)
            count += 1
    return count


def with_fact(row: Row) -> Row:
    """One of some ways to ask for one of 5,000 facts, which has one answer."""
    *asked, answer = row["messages"]
    fact = crc32(asked[-1]["content"].encode()) % 5000
    told = {
        **answer,
        "content": f"Part {fact} has the number {7 * fact} in the catalogue, 型番は{fact}です。",
    }
    return {"fact": f"part {fact}", "messages": [*asked, told]}


def preference(row: Row) -> Row:
    """A preference row of the same texts."""
    *asked, answer = row["messages"]
    outputs = ([{**answer, "content": text}] for text in (answer["content"], answer["content"][:40]))
    return dict(
        zip(
            ("input", "preferred_output", "non_preferred_output"),
            ({"messages": asked}, *outputs),
            strict=True,
        )
    )


def graded(row: Row) -> Row:
    """A reinforcement row of the same texts, with the answer for the grader."""
    *asked, answer = row["messages"]
    return {"messages": asked, "reference": answer["content"]}


FORMS: Final[dict[str, Callable[[Row], Row]]] = {
    "with facts": with_fact,
    "preference": preference,
    "reinforcement": graded,
}


def near_duplicates(path: Path, *, rows: int, seed: int = 7) -> list[tuple[int, int]]:
    """Write rows of which 2 % are an earlier row with one word changed; returns these pairs of 1-based lines."""
    writer, rng = _Writer(seed), random.Random(seed + 2)
    kept: list[Row] = []
    pairs: list[tuple[int, int]] = []
    with path.open("wb") as file:
        for number in range(1, rows + 1):
            row = writer.row(number)
            if "tools" not in row and kept and rng.random() < 0.02:
                at = rng.randrange(len(kept))
                row = json.loads(json.dumps(kept[at]))
                answer = row["messages"][-1]["content"]
                row["messages"][-1]["content"] = (
                    f"{answer[:-1]}, {writer.row(number)['messages'][0]['content'][:6]}."
                )
                pairs.append((row.pop("at"), number))
            file.write(_line(row) + b"\n")
            if "tools" not in row:
                kept.append({**row, "at": number})
    return pairs


def _with(**changes: object) -> Callable[[Row], bytes]:
    return lambda row: _line({**row, **changes})


def _first(**changes: object) -> Callable[[Row], bytes]:
    """Change the first message; a value of `...` takes the key away."""

    def change(row: Row) -> bytes:
        message = {**row["messages"][0], **changes}
        kept = {key: value for key, value in message.items() if value is not ...}
        return _line({**row, "messages": [kept, *row["messages"][1:]]})

    return change


def _last(**changes: object) -> Callable[[Row], bytes]:
    """Change the last message."""

    def change(row: Row) -> bytes:
        message = {**row["messages"][-1], **changes}
        kept = {key: value for key, value in message.items() if value is not ...}
        return _line({**row, "messages": [*row["messages"][:-1], kept]})

    return change


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Row], bytes]:
    return lambda row: change(_line(row))


def _call(**changes: object) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return {"tool_calls": [{key: value for key, value in {**call, **changes}.items() if value is not ...}]}


# A valid second value: parsers that let the last one win read a perfectly good row of somebody else's words.
_TWIN = b'"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], '

BROKEN: Final[dict[str, Callable[[Row], bytes]]] = {
    "cut off": _bytes(lambda line: line[: len(line) // 2]),
    "no closing brace": _bytes(lambda line: line[:-1]),
    "trailing comma": _bytes(lambda line: line[:-1] + b",}"),
    "trailing text": _bytes(lambda line: line + b" x"),
    "two rows on a line": _bytes(lambda line: line + line),
    "single quotes": _bytes(lambda line: line.replace(b'"', b"'")),
    "comment": _bytes(lambda line: line + b" // checked"),
    "bare word": _bytes(lambda line: line[:-1] + b', "weight": None}'),
    "tab in a text": _bytes(lambda line: line.replace(b'"content": "', b'"content": "\t', 1)),
    "latin-1": _bytes(lambda line: line.replace(b'"content": "', b'"content": "\xe9', 1)),
    "byte-order mark": _bytes(lambda line: b"\xef\xbb\xbf" + line),
    "lone surrogate": _bytes(lambda line: line.replace(b'"content": "', b'"content": "\\ud800', 1)),
    "bad escape": _bytes(lambda line: line.replace(b'"content": "', b'"content": "\\x', 1)),
    "NaN": _bytes(lambda line: line[:-1] + b', "score": NaN}'),
    "infinity": _bytes(lambda line: line[:-1] + b', "score": Infinity}'),
    "huge number": _bytes(lambda line: line[:-1] + b', "score": 1e999}'),
    "deep nesting": _bytes(lambda line: line[:-1] + b', "x": ' + b"[" * 300 + b"]" * 300 + b"}"),
    "duplicate messages": _bytes(lambda line: b"{" + _TWIN + line[1:]),
    "duplicate messages, last": _bytes(lambda line: line[:-1] + b", " + _TWIN[:-2] + b"}"),
    "duplicate content": _bytes(lambda line: line.replace(b'"content": ', b'"content": "other", "content": ', 1)),
    "duplicate role": _bytes(lambda line: line.replace(b'"role": "user"', b'"role": "system", "role": "user"', 1)),
    "blank line": lambda _: b"   ",
    "a list": lambda row: _line(row["messages"]),
    "a text": lambda row: _line(str(row["messages"][0]["content"])),
    "null": lambda _: b"null",
    "no messages": lambda _: b'{"id": 1}',
    "prompt and completion": lambda _: b'{"prompt": "a", "completion": "b"}',
    "conversations": lambda row: _line({"conversations": row["messages"]}),
    "messages is a text": _with(messages="hello"),
    "messages is an object": _with(messages={"role": "user", "content": "x"}),
    "messages is empty": _with(messages=[]),
    "message is a text": lambda row: _line({"messages": ["hello", *row["messages"]]}),
    "message is null": lambda row: _line({"messages": [None, *row["messages"]]}),
    "no role": _first(role=...),
    "role is a number": _first(role=1),
    "unknown role": _first(role="assitant"),
    "capital role": _last(role="Assistant"),
    "no content": _last(content=...),
    "content is null": _last(content=None),
    "content is a number": _last(content=42),
    "content is an object": _last(content={"text": "x"}),
    "content is empty parts": _first(content=[]),
    "unknown part": _first(content=[{"type": "sound"}]),
    "empty content": _last(content=" "),
    "unknown key in a message": _last(score=1),
    "unknown key in a row": _with(metadata="x"),
    "weight is 2": _last(weight=2),
    "weight is true": _last(weight=True),
    "weight on a user": lambda row: _line({"messages": [{**message, "weight": 1} for message in row["messages"]]}),
    "name is a number": _first(name=1),
    "only a question": lambda row: _line({"messages": row["messages"][:2]}),
    "ends with a question": lambda row: _line({"messages": [*row["messages"], {"role": "user", "content": "And?"}]}),
    "call without id": _last(**_call(id=...)),
    "call without type": _last(**_call(type=...)),
    "call without function": _last(**_call(function=...)),
    "arguments are an object": _last(**_call(function={"name": "f", "arguments": {}})),
    "tool message without id": lambda row: _line({"messages": [*row["messages"][:-1], {"role": "tool", "content": "x"}, row["messages"][-1]]}),
}  # fmt: skip
