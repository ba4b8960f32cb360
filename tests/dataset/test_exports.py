"""A report as a text, as JSON, as SARIF and as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune.dataset import AzureRules, Dataset, Rule, Severity, ValidationReport
from aoai_finetune.errors import DatasetError


def no_answer(row: Any) -> Any:
    """A rule of one's own that always speaks."""
    yield "messages", "it could be friendlier"


OWN = AzureRules(
    extra=[Rule(code="friendly", severity=Severity.INFO, summary="Rows are friendly", row=no_answer)]
)


@pytest.fixture
def folder(tmp_path: Path, chat: Any, lines: Any) -> Path:
    """A checkout with a broken file of rows in it."""
    bad = chat()
    bad["messages"][0]["role"] = "usr"
    (tmp_path / "my data").mkdir()
    (tmp_path / "my data" / "行.jsonl").write_bytes(lines(b'{"a', b"", bad, chat()))
    return tmp_path


@pytest.fixture
def report(folder: Path) -> ValidationReport:
    """What is wrong with it."""
    return Dataset.from_jsonl(folder / "my data" / "行.jsonl").validate(OWN)


def test_the_text_has_every_finding_on_a_line(report: ValidationReport, folder: Path) -> None:
    """In the shape that editors and logs make links of."""
    found = report.to_text().splitlines()
    assert found[0] == report.summary
    assert len(found) == 1 + len(report.findings)
    assert any(
        line.startswith(f"{folder / 'my data' / '行.jsonl'}:3: error role-unknown: messages[0].role: ")
        for line in found
    )


def test_what_is_about_a_whole_file_has_no_line(chat: Any, folder: Path) -> None:
    """Line 1 would send a reader to a row that is as good as the others."""
    rows = [chat(f"q{number}") for number in range(9)]
    path = Dataset.from_examples(rows).to_jsonl(folder / "one answer.jsonl")
    stored, memory = Dataset.from_jsonl(path).validate(), Dataset.from_examples(rows).validate()
    assert f"{path}: error too-few-examples: only 9" in stored.to_text()
    assert "rows: error too-few-examples: only 9" in memory.to_text()
    results = json.loads(stored.to_sarif(root=folder))["runs"][0]["results"]
    assert {result["properties"]["scope"] for result in results} == {"file"}
    assert all(finding["line"] is None for finding in json.loads(stored.to_json())["findings"])
    html = stored.to_html(folder / "report.html").read_text(encoding="utf-8")
    assert "line 1" not in html + stored._repr_html_() + str(stored)


def test_the_text_says_how_many_findings_were_not_kept() -> None:
    """A bounded list must not look complete."""
    report = Dataset.from_jsonl(b"{\n" * 5).validate(AzureRules(keep=2), level="rows")
    assert report.to_text().endswith("and 3 more, which were counted and not kept\n")


def test_a_report_survives_json(report: ValidationReport) -> None:
    """Every attribute comes back."""
    assert ValidationReport.from_json(report.to_json()) == report


def test_the_json_has_a_version_and_stable_keys(report: ValidationReport) -> None:
    """Programs that read it may rely on them."""
    whole = json.loads(report.to_json())
    assert (whole["version"], whole["ok"], whole["examples"]) == (1, False, 3)
    assert {"format", "counts", "severities", "findings"} <= whole.keys()
    assert {"code", "severity", "message", "hint", "line", "path", "source", "fix"} == whole["findings"][
        0
    ].keys()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda whole: whole | {"version": 2}, "version 2"),
        (lambda whole: whole | {"format": "other"}, "not a validation report"),
        (lambda whole: whole | {"findings": [{}]}, "damaged"),
        (lambda whole: whole | {"severities": {}}, "damaged"),
        (lambda whole: whole | {"counts": 3}, "damaged"),
        (lambda whole: whole | {"examples": float("inf")}, "damaged"),
        (lambda _: [], "not a validation report"),
    ],
)
def test_other_json_is_no_report(report: ValidationReport, change: Any, says: str) -> None:
    """The error says which of them it is."""
    with pytest.raises(DatasetError, match=says):
        ValidationReport.from_json(json.dumps(change(json.loads(report.to_json()))))


def test_a_report_is_read_back_from_where_it_was_written(report: ValidationReport, tmp_path: Path) -> None:
    """A path is what `to_json` returns then; a name alone is taken for JSON, and the error says so."""
    assert ValidationReport.from_json(report.to_json(tmp_path / "report.json")) == report
    with pytest.raises(DatasetError, match="or the Path of such a file"):
        ValidationReport.from_json("report.json")
    with pytest.raises(DatasetError, match="no such file"):
        ValidationReport.from_json(tmp_path / "other.json")


def test_broken_json_is_no_report() -> None:
    """And nothing of it is repeated."""
    with pytest.raises(DatasetError, match="not a validation report"):
        ValidationReport.from_json("{")


def test_sarif_has_what_code_scanning_asks_for(report: ValidationReport, folder: Path) -> None:
    """Rules with help, results with rule, level, message, file and line."""
    log = json.loads(report.to_sarif(rules=OWN, root=folder))
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "aoai-finetune")
    assert [rule["id"] for rule in rules] == sorted(report.counts)
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]
        assert place["artifactLocation"] == {"uri": "my%20data/%E8%A1%8C.jsonl", "uriBaseId": "%SRCROOT%"}
        assert place["region"]["startLine"] >= 1


def test_sarif_maps_severities_to_levels(report: ValidationReport) -> None:
    """What is information here is a note there, and errors come first."""
    results = json.loads(report.to_sarif())["runs"][0]["results"]
    levels = {result["ruleId"]: result["level"] for result in results}
    assert (levels["role-unknown"], levels["blank-line"], levels["friendly"]) == ("error", "warning", "note")
    assert [result["level"] for result in results] == sorted(result["level"] for result in results[::-1]) or (
        results[0]["level"] == "error" and results[-1]["level"] == "note"
    )


def test_sarif_describes_rules_of_your_own(report: ValidationReport) -> None:
    """When it is given them."""

    def summary(**options: Any) -> str:
        rules = json.loads(report.to_sarif(**options))["runs"][0]["tool"]["driver"]["rules"]
        return next(str(rule["shortDescription"]["text"]) for rule in rules if rule["id"] == "friendly")

    assert (summary(), summary(rules=OWN)) == ("friendly", "Rows are friendly")


def test_sarif_places_a_file_outside_the_checkout_by_its_full_address(
    report: ValidationReport, folder: Path, tmp_path: Path
) -> None:
    """A relative path out of the checkout would mean another file on another machine."""
    log = json.loads(report.to_sarif(root=tmp_path / "elsewhere"))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"].startswith("file:///")


def test_sarif_of_rows_in_memory_says_so(chat: Any) -> None:
    """There is no file to point at; the place is still there, because readers ask for one."""
    log = json.loads(Dataset.from_examples([chat()]).validate().to_sarif())
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "rows-in-memory"


def test_equal_findings_have_equal_fingerprints(report: ValidationReport, folder: Path) -> None:
    """And different ones different ones, so that alerts are not shown twice."""

    def marks() -> list[str]:
        results = json.loads(report.to_sarif(root=folder))["runs"][0]["results"]
        return [result["partialFingerprints"]["findingHash/v1"] for result in results]

    assert marks() == marks()
    assert len(set(marks())) == len(marks())


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_one_file_with_every_finding(report: ValidationReport, tmp_path: Path) -> None:
    """Nothing is loaded from elsewhere, nothing runs."""
    path = report.to_html(tmp_path / "report.html")
    seen = _Seen()
    seen.feed(path.read_text(encoding="utf-8"))
    assert not seen.tags & {"script", "link", "img", "iframe"}
    assert all(finding.message in seen.text for finding in report.findings)
    assert "Not ready" in seen.text
    assert "blank-line" in seen.text


def test_the_page_of_sound_rows_says_ready(ten: Any, tmp_path: Path) -> None:
    """And has no empty tables."""
    page = Dataset.from_examples(ten).validate().to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Ready" in page
    assert "<table" not in page


def test_exports_are_written_where_a_path_is_given(report: ValidationReport, tmp_path: Path) -> None:
    """The same text as without one."""
    assert report.to_text(tmp_path / "a").read_text(encoding="utf-8") == report.to_text()
    assert report.to_json(tmp_path / "b").read_text(encoding="utf-8") == report.to_json()
    assert report.to_sarif(tmp_path / "c").read_text(encoding="utf-8") == report.to_sarif()


def test_no_text_of_any_row_is_in_an_export(lines: Any, tmp_path: Path) -> None:
    """CI logs are public."""
    secret = "s3cret text"
    rows = [
        b'{"s3cret text": 1, "s3cret text": 2}',
        {"messages": [{"role": secret, "content": secret, secret: secret}], secret: 1},
        {"prompt": secret, "completion": [secret]},
    ]
    report = Dataset.from_jsonl(lines(*rows)).validate()
    page = report.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    for text in (report.to_text(), report.to_json(), report.to_sarif(), page):
        assert "s3cret" not in text
