"""How long validation takes to answer files of a megabyte that were made to be slow.

    python benchmarks/hostile.py                                  # every shape, level file: about a minute
    python benchmarks/hostile.py --shape "blank lines" --level deep
    python benchmarks/hostile.py --method dpo                     # or reinforcement

Prints milliseconds of CPU time, the least of up to five rounds (fewer once it is under the limit), the ratio to
parsing the same lines with jiter alone, and whether it is under the limit of 100 ms. Other work on the machine makes
the milliseconds grow, up to twice; the ratio much less.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from jiter import from_json

if TYPE_CHECKING:
    from aoai_finetune.dataset import AzureRules

__all__ = ["SHAPES", "main"]

SIZE: Final = 1_000_000
LIMIT: Final = 100
ROUNDS: Final = 5
_ANSWER: Final = '{"role":"assistant","content":"A"}'
_CALL: Final = '{"id":"c%d","type":"function","function":{"name":"f","arguments":"{}"}}'


def _lines(make: Callable[[int], str | bytes]) -> bytes:
    """As many different lines as fit."""
    lines: list[bytes] = []
    size = 0
    for number in count():
        made = make(number)
        line = made if isinstance(made, bytes) else made.encode()
        size += len(line) + 1
        if size > SIZE:
            return b"\n".join(lines) + b"\n"
        lines.append(line)
    raise AssertionError


def _many(item: Callable[[int], str], head: str, tail: str) -> bytes:
    """One line with as many different items as fit."""
    items: list[str] = []
    size = len(head) + len(tail)
    for made in map(item, count()):
        size += len(made.encode()) + 1
        if size > SIZE:
            break
        items.append(made)
    return (head + ",".join(items) + tail).encode() + b"\n"


def _said(*messages: str, more: str = "") -> str:
    return f'{{"messages":[{",".join(messages)}]{more}}}'


def _asked(content: str) -> str:
    return f'{{"role":"user","content":{json.dumps(content, ensure_ascii=False)}}}'


def _text(text: str) -> bytes:
    return _said(_asked(text), _ANSWER).encode() + b"\n"


def _preferring(asked: str, preferred: str = f"[{_ANSWER}]", other: str = "[]") -> str:
    return (
        f'{{"input":{{"messages":[{asked}]}},"preferred_output":{preferred},"non_preferred_output":{other}}}'
    )


def _schema(depth: int) -> str:
    return '{"type":"object","properties":{"a":' * depth + "{}" + "}}" * depth


_KEYS: Final = (
    "messages",
    "tools",
    "functions",
    "input",
    "prompt",
    "id",
    "type",
    "text",
    "url",
    "name",
    "weight",
)
_HEAD: Final = '{"messages":['
_CALLED: Final = f'{{"messages":[{_asked("Q")},{{"role":"assistant","tool_calls":['
_DEEP_CALL: Final = '{"id":"c","type":"function","function":{"name":"f","arguments":"%s"}}'


_TOOLED: Final = (
    f'{{"messages":[{_asked("Q")},{_ANSWER}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{{',
    "}}}]}",
)


def _around(outside: tuple[str, str], head: str, tail: str) -> tuple[str, str]:
    return outside[0] + head, tail + outside[1]


def _tool(number: int, parameters: str = "{}") -> str:
    return f'{{"type":"function","function":{{"name":"f{number}","parameters":{parameters}}}}}'


def _calling(arguments: list[Any], parameters: dict[str, Any]) -> bytes:
    """One row that calls the tool `f` with each of these arguments."""
    function = {"name": "f", "parameters": parameters}
    calls = [
        {"id": f"c{number}", "type": "function", "function": {"name": "f", "arguments": json.dumps(each)}}
        for number, each in enumerate(arguments)
    ]
    messages = [{"role": "user", "content": "Q"}, {"role": "assistant", "tool_calls": calls}]
    return json.dumps({"messages": messages, "tools": [{"type": "function", "function": function}]}).encode()


def _word(number: int) -> str:
    return "".join(chr(97 + number // 20**place % 20) for place in range(5))


def _words(start: int, number: int) -> str:
    return " ".join(map(_word, range(start, start + number)))


SHAPES: Final[dict[str, Callable[[], bytes]]] = {
    # Many small rows, every one different
    "garbage keys": lambda: _lines(lambda n: f'{{"k{n}":{n}}}'),
    "garbage keys, two": lambda: _lines(lambda n: f'{{"a{n}":1,"b{n}":2}}'),
    "garbage lists": lambda: _lines(lambda n: f"[{n}]"),
    "garbage numbers": lambda: _lines(lambda n: f"{n}"),
    "garbage texts": lambda: _lines(lambda n: f'"{n}"'),
    "nested garbage": lambda: _lines(lambda n: f'{{"a":{{"b":[{n}]}}}}'),
    "long garbage keys": lambda: _lines(lambda n: f'{{"{"k" * 60}{n}":{n}}}'),
    "broken JSON": lambda: _lines(lambda n: f'{{"a{n}'),
    "broken JSON, longer": lambda: _lines(lambda n: f'{{"messages":[{{"role":"user","content":"{"x" * 40}{n}'),
    "broken JSON, commas": lambda: _lines(lambda n: f"{{,{n}}}"),
    "broken UTF-8": lambda: _lines(lambda n: b'{"a":"\xff%d"}' % n),
    "Shift_JIS": lambda: _lines(lambda n: f'{{"a":"テスト{n}"}}'.encode("cp932")),
    "marks inside": lambda: _lines(lambda n: b'\xef\xbb\xbf{"a":%d}' % n),
    "duplicate keys": lambda: _lines(lambda n: f'{{"a":{n},"a":1}}'),
    "surrogates": lambda: _lines(lambda n: f'{{"a":"\\ud800{n}"}}'),
    "NaN": lambda: _lines(lambda n: f'{{"a":NaN,"b":{n}}}'),
    "huge numbers": lambda: _lines(lambda n: f'{{"a":1e999,"b":{n}}}'),
    "huge integers": lambda: _lines(lambda n: f'{{"messages":[],"a":{2**60 + n}}}'),
    "messages is a number": lambda: _lines(lambda n: f'{{"messages":{n}}}'),
    "messages of numbers": lambda: _lines(lambda n: f'{{"messages":[{n}]}}'),
    "messages without anything": lambda: _lines(lambda n: f'{{"messages":[{{"a{n}":1}}]}}'),
    "invented roles": lambda: _lines(lambda n: _said(f'{{"role":"r{n}","content":"x"}}')),
    "misspelt roles": lambda: _lines(lambda n: _said(f'{{"role":"user{n}","content":"x"}}', _ANSWER)),
    "roles of numbers": lambda: _lines(lambda n: _said(f'{{"role":{n},"content":"x"}}')),
    "content of numbers": lambda: _lines(lambda n: _said(f'{{"role":"user","content":{n}}}', _ANSWER)),
    "empty content": lambda: _lines(lambda n: _said('{"role":"user","content":" "}', _asked(str(n)), _ANSWER)),
    "no answer": lambda: _lines(lambda n: _said(_asked(str(n)))),
    "ends with a question": lambda: _lines(lambda n: _said(_ANSWER, _asked(str(n)))),
    "unknown keys": lambda: _lines(lambda n: _said(_asked("Q"), _ANSWER, more=f',"k{n}":1')),
    "unknown keys in messages": lambda: _lines(lambda n: _said(f'{{"role":"user","content":"x","k{n}":1}}', _ANSWER)),
    "weights": lambda: _lines(lambda n: _said(_asked("Q"), f'{{"role":"assistant","content":"x","weight":{n + 2}}}')),
    "parts": lambda: _lines(lambda n: _said(f'{{"role":"user","content":[{{"type":"t{n}"}}]}}')),
    "images": lambda: _lines(lambda n: _said(f'{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"u{n}"}}}}]}}')),
    "tools of numbers": lambda: _lines(lambda n: f'{{"tools":[{n}]}}'),
    "tools with names": lambda: _lines(lambda n: f'{{"tools":[{{"function":{{"name":"x y{n}"}}}}]}}'),
    "calls": lambda: _lines(lambda n: _said(f'{{"role":"assistant","tool_calls":[{_CALL % n}]}}')),
    "calls of numbers": lambda: _lines(lambda n: _said(f'{{"role":"assistant","tool_calls":[{n}]}}')),
    "tool messages": lambda: _lines(lambda n: _said(f'{{"role":"tool","tool_call_id":"{n}","content":"x"}}')),
    "functions": lambda: _lines(lambda n: f'{{"functions":[{n}]}}'),
    "prompt and completion": lambda: _lines(lambda n: f'{{"prompt":"{n}","completion":"b"}}'),
    "conversations": lambda: _lines(lambda n: f'{{"conversations":[{n}]}}'),
    "preference rows": lambda: _lines(lambda n: f'{{"input":{n},"preferred_output":[]}}'),
    "facts": lambda: _lines(lambda n: f'{{"fact":{n}}}'),
    "copies": lambda: _lines(lambda _: _said(_asked("Q"), _ANSWER)),
    "contradictions": lambda: _lines(lambda n: _said(_asked("Q"), f'{{"role":"assistant","content":"{n}"}}')),
    "copies with weights": lambda: _lines(lambda _: _said(_asked("Q"), '{"role":"assistant","content":"x","weight":1}')),
    "NUL": lambda: _lines(lambda n: _said(f'{{"role":"user","content":"\\u0000{n}"}}', _ANSWER)),
    "directions": lambda: _lines(lambda n: _said(_asked(f"\u202e{n}"), _ANSWER)),
    "blank lines": lambda: b"\n" * SIZE,
    "lines of spaces": lambda: _lines(lambda n: " " * (n % 60 + 1)),
    "long lines of spaces": lambda: _lines(lambda n: " " * (n % 700 + 64)),
    "carriage returns": lambda: b"\r\n" * (SIZE // 2),
    "an array over many lines": lambda: b"[\n" + _lines(lambda n: f'  {{"messages":[{n}]}},')[:-2] + b"\n]\n",
    "CSV": lambda: b"question,answer\n" + _lines(lambda n: f"q{n},a{n}"),
    # One line
    "deep lists": lambda: b"[" * SIZE + b"\n",
    "deep objects": lambda: b'{"a":' * (SIZE // 5) + b"\n",
    "one long text": lambda: _text("x" * SIZE),
    "one long line of letters": lambda: b"x" * SIZE + b"\n",
    "one long line of NUL": lambda: b"\0" * SIZE + b"\n",
    "one long text of spaces": lambda: _text(" " * SIZE),
    "one long text of line feeds": lambda: _text("\n" * (SIZE // 2)),
    "one long text of directions": lambda: _text("\u202a" * (SIZE // 3)),
    "one long text of accents": lambda: _text("\u0301\u0327" * (SIZE // 4)),
    "one long text that grows": lambda: _text("\ufdfa" * (SIZE // 3)),
    "one long text of digits": lambda: _text("1," * (SIZE // 2)),
    "one long answer of punctuation": lambda: _said(_asked("Q"), f'{{"role":"assistant","content":"{"1!" * (SIZE // 2)}"}}').encode(),
    "one long answer that grows": lambda: _said(_asked("Q"), f'{{"role":"assistant","content":"{chr(0xFDFA) * (SIZE // 3)}"}}').encode(),
    "one long answer of accents": lambda: _said(_asked("Q"), f'{{"role":"assistant","content":"a{(chr(0x301) + chr(0x327)) * (SIZE // 4)}"}}').encode(),
    "many keys": lambda: _many(lambda n: f'"k{n}":1', "{", "}"),
    "many keys in a message": lambda: _many(lambda n: f'"k{n}":1', _HEAD + '{"role":"user",', "}]}"),
    "one number": lambda: b'{"messages":' + b"9" * SIZE + b"}\n",
    "messages without end": lambda: _many(lambda _: "{}", _HEAD, "]}"),
    "many messages": lambda: _many(lambda n: _asked(str(n)), _HEAD, "]}"),
    "many roles": lambda: _many(lambda n: f'{{"role":"r{n}"}}', _HEAD, "]}"),
    "many numbers as messages": lambda: _many(lambda _: "1", _HEAD, "]}"),
    "many parts": lambda: _many(lambda n: f'{{"type":"t{n}"}}', _HEAD + '{"role":"user","content":[', "]}]}"),
    "many images": lambda: _many(lambda n: f'{{"type":"image_url","image_url":{{"url":"{n}"}}}}', _HEAD + '{"role":"user","content":[', "]}]}"),
    "many calls": lambda: _many(lambda n: _CALL % n, _CALLED, "]}]}"),
    "many calls with one id": lambda: _many(lambda _: _CALL % 1, _CALLED, "]}]}"),
    "many tools": lambda: _many(_tool, '{"messages":[],"tools":[', "]}"),
    "many tools of numbers": lambda: _many(str, '{"messages":[],"tools":[', "]}"),
    "many functions": lambda: _many(lambda n: f'{{"name":"f{n}"}}', '{"messages":[],"functions":[', "]}"),
    "many huge integers": lambda: _many(lambda n: str(2**60 + n), '{"messages":[],"x":[', "]}"),
    "nested huge integers": lambda: _many(lambda _: f'{{"a":{{"b":{2**60}}}}}', '{"messages":[],"x":[', "]}"),
    "deep schema": lambda: _said(_asked("Q"), _ANSWER, more=f',"tools":[{_tool(0, _schema(90))}]').encode(),
    "many required": lambda: _many(lambda n: f'"r{n}"', _CALLED + _CALL % 1 + ']}],"tools":[{"type":"function","function":{"name":"f","parameters":{"required":[', "]}}}]}"),
    "many arguments": lambda: _many(lambda n: f'\\"k{n}\\":1', _CALLED + '{"id":"c","type":"function","function":{"name":"f","arguments":"{', '}"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"additionalProperties":false}}}]}'),
    "deep arguments": (_CALLED + _DEEP_CALL % ("[" * (SIZE // 2)) + "]}]}").encode,
    "long arguments": (_CALLED + _DEEP_CALL % ("9" * (SIZE // 2)) + "]}]}").encode,
    "many choices": lambda: _many(str, _CALLED + '{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a\\":-1}"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"a":{"enum":[', "]}}}}}]}"),
    "different tools": lambda: _lines(lambda n: _said(_asked("Q"), _ANSWER, more=f',"tools":[{_tool(n)}]')),
    "many properties": lambda: _many(lambda n: f'"p{n}":{{"type":"string"}}', *_around(_TOOLED, '"properties":{', "}")),
    "many empty properties": lambda: _many(lambda n: f'"p{n}":{{}}', *_around(_TOOLED, '"properties":{', "}")),
    "many schemas": lambda: _many(lambda _: '{"a":1}', *_around(_TOOLED, '"allOf":[', "]")),
    "properties of null, and many required": lambda: _many(lambda n: f'"r{n}"', *_around(_TOOLED, '"properties":{' + ",".join(f'"p{n}":null' for n in range(4_000)) + '},"required":[', "]")),
    "many types": lambda: _many(lambda _: '"string"', *_around(_TOOLED, '"properties":{"a":{"type":[', "]}}")),
    "many keys in a call": lambda: _many(lambda n: f'"k{n}":{n}', _CALLED + "{", "}]}]}"),
    "many lists": lambda: _many(lambda _: "[[]]", '{"messages":[],"x":[', "]}"),
    "data URI": lambda: _said(f'{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:{";" * (SIZE // 2)}"}}}}]}}').encode(),
    "calls that lack everything": lambda: _calling([{}] * 8_000, {"required": [f"r{n}" for n in range(900)]}),
    "calls with many choices": lambda: _calling([{"a": [1] * 90}] * 3_000, {"properties": {"a": {"items": {"enum": [f"r{n}" for n in range(256)]}}}}),
    "data URIs": lambda: _lines(lambda n: _said(f'{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,iVBORw0KGgo{n}"}}}}]}}', _ANSWER)),
    "UTF-16": lambda: _lines(lambda n: _said(_asked(str(n)), _ANSWER)).decode().encode("utf-16")[:SIZE],
    "carriage returns at the ends": lambda: _lines(lambda n: _said(_asked(f"Q{n}"), _ANSWER)).replace(b"\n", b"\r\n"),
    # Rows for other methods
    "preferences": lambda: _lines(lambda n: _preferring(_asked(f"Q{n}"))),
    "preferences that are copies": lambda: _lines(lambda _: _preferring(_asked("Q"))),
    "preferences between the same": lambda: _lines(lambda n: _preferring(_asked(f"Q{n}"), other=f"[{_ANSWER}]")),
    "preferences between numbers": lambda: _lines(lambda n: f'{{"input":{n},"preferred_output":{n},"non_preferred_output":{n}}}'),
    "preferences of many roles": lambda: _lines(lambda n: _preferring(_asked("Q"), f'[{{"role":"r{n}"}}]')),
    "preferences under other names": lambda: _lines(lambda n: f'{{"input":{n},"preferred_completion":{n}}}'),
    "preferences in one row": lambda: _many(lambda n: f'{{"role":"r{n}"}}', '{"input":{"messages":[]},"preferred_output":[', "]}"),
    "many keys in an input": lambda: _many(lambda n: f'"k{n}":1', '{"input":{', "}}"),
    "graded rows": lambda: _lines(lambda n: _said(_asked(f"Q{n}"), more=f',"answer":"{n}"')),
    "graded rows with new fields": lambda: _lines(lambda n: _said(_asked("Q"), more=f',"a{n}":1')),
    "facts of numbers": lambda: _lines(lambda n: _said(_asked("Q"), _ANSWER, more=f',"fact":{n}')),
    "facts and carriage returns": lambda: _lines(lambda n: _said(_asked("Q"), _ANSWER, more=f',"fact":"{n}"') + "\r"),
    # Longer rows
    "rows with many roles": lambda: _lines(lambda n: _said(*[f'{{"role":"r{n}{at}","content":{at}}}' for at in range(30)])),
    "rows with many misspelt roles": lambda: _lines(lambda n: _said(*[f'{{"role":"u{n}{at}","content":""}}' for at in range(300)])),
    "rows with many messages": lambda: _lines(lambda n: _said(*[f'{{"role":"r{n}"}}'] * 20)),
    "rows with some keys": lambda: _lines(lambda n: "{" + ",".join(f'"k{n}_{at}":1' for at in range(40)) + "}"),
    "rows of many kinds": lambda: _lines(lambda n: "{" + ",".join(f'"{word}":{n}' for at, word in enumerate(_KEYS) if n >> at & 1) + "}"),
    # Near duplicates
    "nearly the same rows": lambda: _lines(lambda n: _said(_asked(_words(0, 40) + f" {_word(n)}"), _ANSWER)),
    "rows with much in common": lambda: _lines(lambda n: _said(_asked(f"{_words(0, 22)} {_words(12 * n, 12)}"), _ANSWER)),
    # Patterns of level deep
    "almost addresses": lambda: _text("a@" + "a." * (SIZE // 2)),
    "almost addresses, many": lambda: _text("a@b" * (SIZE // 3)),
    "almost cards": lambda: _text("1 " * (SIZE // 2)),
    "almost cards, long": lambda: _text("1" * SIZE),
    "almost accounts": lambda: _text("AA00 AAAA AAAA AAAA " * (SIZE // 20)),
    "almost telephones": lambda: _text("+1 1 1 " * (SIZE // 7)),
    "almost tokens": lambda: _text("eyJ" * (SIZE // 3)),
    "almost tokens, dashed": lambda: _text("-eyJaaaaaaaaaaaa" * (SIZE // 16)),
    "almost keys": lambda: _text("sk-" * (SIZE // 3)),
    "almost passwords": lambda: _text("password" * (SIZE // 8)),
    "almost passwords, spaced": lambda: _text("password = " * (SIZE // 11)),
    "almost individual numbers": lambda: _text("個人番号" * (SIZE // 12)),
    "almost private keys": lambda: _text("-----BEGIN A " * (SIZE // 13)),
}  # fmt: skip


def _took(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _parsed(data: bytes) -> None:
    for line in data.split(b"\n"):
        try:
            from_json(line, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
        except ValueError:
            continue


def measured(data: bytes, level: str, rules: AzureRules | None = None) -> tuple[float, float]:
    """Milliseconds that validation takes at least, and those of the parser alone."""
    from aoai_finetune.dataset import Dataset

    dataset: Any = Dataset.from_jsonl(data)
    ours = parser = math.inf
    for _ in range(ROUNDS):
        ours = min(ours, _took(partial(dataset.validate, rules, level=level)))
        parser = min(parser, _took(partial(_parsed, data)))
        if ours < LIMIT:
            break
    return ours, parser


def main() -> int:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--level", default="file", choices=("rows", "file", "deep"))
    parser.add_argument("--method", default="supervised", choices=("supervised", "dpo", "reinforcement"))
    parser.add_argument("--shape", action="append", choices=SHAPES, metavar="NAME", help="this shape alone")
    options = parser.parse_args()
    from aoai_finetune.dataset import AzureRules

    rules = AzureRules(method=options.method)
    names = options.shape or [*SHAPES]
    measured(b"{}", "deep")  # imports what is needed
    over = 0
    for name in names:
        took, alone = measured(SHAPES[name](), options.level, rules)
        over += took >= LIMIT
        verdict = "over" if took >= LIMIT else "under"
        print(f"{took:8.1f} ms  {took / max(alone, 0.001):7.1f} x jiter  {verdict:5}  {name}", flush=True)
    print(
        f"{len(names)} shapes, {options.method}, level {options.level}: {over} of them take {LIMIT} ms or more"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
