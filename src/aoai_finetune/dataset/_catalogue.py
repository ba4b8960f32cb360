"""Every rule this library knows, as data. The order is the order in which `AzureRules.describe()` lists them."""

from __future__ import annotations

from typing import Final

from . import _meaning, _messages, _whole
from ._findings import Severity
from ._rules import Method, Rule

__all__ = ["READING", "RULES"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SFT: Final[tuple[Method, ...]] = ("supervised",)
_CHAT: Final[tuple[Method, ...]] = ("supervised", "reinforcement")
_DPO: Final[tuple[Method, ...]] = ("dpo",)
_RFT: Final[tuple[Method, ...]] = ("reinforcement",)

_JSONL = "Azure OpenAI fine-tuning how-to, dataset format (JSONL, UTF-8), 2026-03"
_LINE = "FineTuneChatRequestInput, openai-openapi 2025-03-21"
_REFUSED = "extra keys are refused: community.openai.com/t/966285, 2024-10"
_CHECKLIST = "microsoft/azure-skills, supervised data checklist, 2026-08-21"
_DPO_DOC = "Azure OpenAI direct preference optimization, 2026-03"
_RFT_DOC = "Azure OpenAI reinforcement fine-tuning, 2026-03"
_MINIMUM = "Azure OpenAI fine-tuning troubleshooting: at least 10 training examples, 2026-03"
_OWN = "this library, measured on small learners, 2026-11"

READING: Final[tuple[Rule, ...]] = (
    Rule(code="encoding", severity=_ERROR, summary="Every row is UTF-8", source=_JSONL,
         hint="Save the file as UTF-8"),
    Rule(code="bom-inside", severity=_ERROR, summary="A byte-order mark stands at the start of the file only",
         source=_JSONL, hint="Remove it; it remains when files are joined"),
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

_SCHEMA: Final = (
    Rule(code="messages-missing", severity=_ERROR, summary="A row has `messages`", source=_LINE,
         hint='Write {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}',
         row=_messages.messages_missing),
    Rule(code="messages-type", severity=_ERROR, summary="`messages` is a list", source=_LINE,
         hint="Put the messages into a list", row=_messages.messages_type),
    Rule(code="messages-empty", severity=_ERROR, summary="A list of messages is not empty", source=_LINE,
         hint="Remove the row or fill it", row=_messages.messages_empty),
    Rule(code="message-type", severity=_ERROR, summary="A message is an object", source=_LINE,
         hint='Write {"role": ..., "content": ...}', row=_messages.message_type),
    Rule(code="role-missing", severity=_ERROR, summary="A message has a role", source=_LINE,
         hint="Say who speaks: system, user, assistant or tool", row=_messages.role_missing),
    Rule(code="role-unknown", severity=_ERROR, summary="A role is one the service knows", source=_LINE,
         hint="Use system, user, assistant or tool", row=_messages.role_unknown),
    Rule(code="role-developer", severity=_WARNING, summary="Supervised rows use `system`, not `developer`",
         source=_LINE, hint="Use `system`", methods=_SFT, row=_meaning.developer_role),
    Rule(code="content-missing", severity=_ERROR, summary="A message has content, or tool calls", source=_LINE,
         hint="Give the message a text", row=_messages.content_missing),
    Rule(code="content-type", severity=_ERROR, summary="Content is a text or a list of parts", source=_LINE,
         hint="Use a text", row=_messages.content_type),
    Rule(code="content-empty", severity=_WARNING, summary="Texts are not empty", source=_CHECKLIST,
         hint="Write the text or remove the message", row=_meaning.content_empty),
    Rule(code="name-type", severity=_ERROR, summary="A name is a text", source=_LINE,
         hint="Give a text or remove it", row=_messages.name_type),
    Rule(code="message-key-unknown", severity=_ERROR, summary="A message has only keys of its role",
         source=_REFUSED, hint="Remove the key", row=_messages.message_keys),
    Rule(code="row-key-unknown", severity=_ERROR, summary="A row has only keys that the service knows",
         source=_REFUSED, hint="Remove the key, or name it as fact=", methods=("supervised", "dpo"),
         row=_messages.row_keys),
    Rule(code="weight-value", severity=_ERROR, summary="A weight is 0 or 1", source=_LINE,
         hint="Use 0 to leave a message out of training, 1 to train on it", row=_messages.weight_value),
    Rule(code="weight-role", severity=_ERROR, summary="Only assistant messages have a weight", source=_LINE,
         hint="Remove the weight", row=_meaning.weight_role),
    Rule(code="tool-calls", severity=_ERROR, summary="Tool calls have id, type, name and arguments", source=_LINE,
         hint="Complete the call; its arguments are JSON in a text", row=_messages.tool_calls),
    Rule(code="function-call", severity=_ERROR, summary="A function call has name and arguments", source=_LINE,
         hint="Use `tool_calls` instead", row=_messages.function_call),
    Rule(code="tool-call-id", severity=_ERROR, summary="A tool message names the call it answers", source=_LINE,
         hint="Add the `tool_call_id`", row=_messages.tool_call_id),
)  # fmt: skip

_MEANING: Final = (
    Rule(code="assistant-missing", severity=_ERROR, summary="A row has at least one assistant message",
         source=_CHECKLIST, hint="Add the answer that is to be learned", methods=_SFT, row=_meaning.assistant_missing),
    Rule(code="last-message", severity=_ERROR, summary="The last message is from the assistant", source=_CHECKLIST,
         hint="Add the answer, or remove what follows it", methods=_SFT, row=_meaning.last_is_assistant),
    Rule(code="last-message-user", severity=_ERROR, summary="A reinforcement row ends with a user message",
         source=_RFT_DOC, hint="Move the expected answer into a field of its own", methods=_RFT,
         row=_meaning.last_is_user),
    Rule(code="user-missing", severity=_WARNING, summary="A row has at least one user message", source=_CHECKLIST,
         hint="Add the question that the answer belongs to", methods=_CHAT, row=_meaning.user_missing),
    Rule(code="preference-row", severity=_ERROR, summary="Preference rows are trained with method dpo",
         source=_DPO_DOC, hint='Check them with AzureRules(method="dpo")', methods=_CHAT, row=_meaning.preference_row),
    Rule(code="preference-outputs", severity=_ERROR, summary="A preference row has an input and two outputs",
         source=_DPO_DOC, hint="Write input, preferred_output and non_preferred_output", methods=_DPO,
         row=_meaning.preference_outputs),
)  # fmt: skip

_WHOLE: Final = (
    Rule(code="too-few-examples", severity=_ERROR, level="file", summary="A file has at least 10 examples",
         source=_MINIMUM, hint="Add rows; different phrasings of a question teach more than copies",
         file=_whole.TooFew),
    Rule(code="duplicate-row", severity=_WARNING, level="file", summary="No row is there twice", source=_OWN,
         hint="Remove it with deduplicate(), or keep it if the repetition is intended", file=_whole.Duplicates),
    Rule(code="one-answer", severity=_WARNING, level="file", summary="Not all rows have the same answer",
         source=_OWN, hint="Mix in rows with other answers, for example by replaying old ones",
         methods=_SFT, file=_whole.OneAnswer),
    Rule(code="few-phrasings", severity=_WARNING, level="file", summary="A fact has at least 4 phrasings",
         source=_OWN, hint="Ask each question in several ways, and name what belongs together with fact=",
         methods=_SFT, file=_whole.FewPhrasings),
    Rule(code="history-conflict", severity=_WARNING, level="file", needs_history=True, methods=_SFT,
         summary="The history does not answer a fact differently", source=_OWN,
         hint="history.supersede(by=...) leaves the old answers out of replay", file=_whole.HistoryConflicts),
    Rule(
        code="near-miss",
        severity=_WARNING,
        level="file",
        needs_history=True,
        methods=_SFT,
        summary="No question of the history looks like one of the file that has another answer",
        source=_OWN,
        hint="If the new answer replaces the old one, give both rows the same fact",
        file=_whole.NearMisses,
    ),
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (*READING, *_SCHEMA, *_MEANING, *_WHOLE)
