"""Rules of reading, as data: what keeps a line from being a row. The reader itself checks most of them."""

from __future__ import annotations

from typing import Final

from ..checks import _messages
from ..checks._rule import Rule
from ..rows._findings import Severity

__all__ = ["READING"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_JSONL = "Azure OpenAI fine-tuning how-to, dataset format (JSONL, UTF-8), 2026-03"
_OWN = "this library, 2026-11"

READING: Final[tuple[Rule, ...]] = (
    Rule(code="encoding", severity=_ERROR, summary="Every row is UTF-8", source=_JSONL,
         hint="Save the file as UTF-8"),
    Rule(code="bom-inside", severity=_ERROR, summary="A byte-order mark stands at the start of the file only",
         source=_JSONL, hint="Remove it; it remains when files are joined"),
    Rule(code="json-array", severity=_ERROR, summary="A file has one object on each line, and is no array",
         source=_JSONL, hint="Read it with Dataset.from_examples(json.load(file)), and write it with to_jsonl(path)"),
    Rule(code="csv-table", severity=_ERROR, summary="A file has one object on each line, and is no table",
         source=_JSONL, hint="Read it with Dataset.from_csv(path, ...), and write it with to_jsonl(path)"),
    Rule(code="file-binary", severity=_ERROR, summary="A file is text", source=_JSONL,
         hint="Unpack it first, or read the table with pandas and pass it to Dataset.from_pandas"),
    Rule(code="file-encoding", severity=_ERROR, summary="A file is written in UTF-8", source=_JSONL,
         hint='Write it anew: Path(new).write_text(Path(old).read_text(encoding=...), encoding="utf-8")'),
    Rule(code="line-end-cr", severity=_ERROR, summary="Lines end with a line feed, not with a carriage return alone",
         source=_JSONL, hint='Write it anew: Path(new).write_bytes(Path(old).read_bytes().replace(b"\\r", b"\\n"))'),
    Rule(code="json-spread", severity=_ERROR, summary="A file has one object on each line, and none on several",
         source=_JSONL, hint="Write each object on one line: jq -c . OLD > NEW"),
    Rule(code="blank-line", severity=_WARNING, summary="No line is blank", source=_JSONL,
         hint="Remove the line; what is uploaded has none"),
    Rule(code="line-end", severity=_INFO, summary="Lines end with a line feed alone", source=_JSONL,
         hint="Nothing to do: what is uploaded has line feeds"),
    Rule(code="row-too-long", severity=_ERROR, summary="A row has at most 64 MiB", source=_OWN,
         hint="Check that rows are separated by line feeds"),
    Rule(code="json-syntax", severity=_ERROR, summary="Every row is valid JSON", source=_JSONL,
         hint="Write rows with a JSON library, one object per line"),
    Rule(code="json-truncated", severity=_ERROR, summary="No row is cut off", source=_JSONL,
         hint="The file was cut off, or a line feed stands inside a row: write the row again on one line"),
    Rule(code="json-duplicate-key", severity=_ERROR, summary="No object has a key twice", source=_OWN,
         hint="Keep one; parsers disagree about which of them counts"),
    Rule(code="json-number", severity=_ERROR, summary="Numbers are finite", source=_JSONL,
         hint="Use a finite number", row=_messages.not_json),
    Rule(code="json-depth", severity=_ERROR, summary="JSON is nested at most 200 levels deep", source=_OWN,
         hint="Flatten the row"),
    Rule(code="json-surrogate", severity=_ERROR, summary="Texts can be written as UTF-8", source=_JSONL,
         hint="Write the character itself, or both halves of the pair"),
    Rule(code="not-an-object", severity=_ERROR, summary="Every row is a JSON object", source=_JSONL,
         hint='Write {"messages": [...]}'),
    Rule(code="fact-type", severity=_ERROR, summary="A fact is a text", source=_OWN,
         hint="Give a text, or leave it out to have it derived from the question"),
    Rule(code="fact-missing", severity=_WARNING, summary="Every row has the column that names its fact",
         source=_OWN, hint="Check the name given as fact="),
)  # fmt: skip
