"""Rules about one row, as data: the shape of its messages, what they mean together, tools, images, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..checks import (
    _content,
    _hidden,
    _keys,
    _meaning,
    _messages,
    _null,
    _preference,
    _private,
    _space,
    _tools,
    _vision,
)
from ..checks._rule import Method, Rule
from ..rows._findings import Severity
from ._limits import Limit

__all__ = ["row_rules"]

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
_VISION = "Azure OpenAI vision fine-tuning, 2026-03"
_RFT_DOC = "Azure OpenAI reinforcement fine-tuning, 2026-03"
_PARTS = "content parts by role, openai-openapi 2025-03-21"
_API = "the chat completions API refuses it (tool messages answer a call before them), 2025-03"
_HYGIENE = "this library: text that is not what it looks like (Unicode UAX 9; Trojan Source, 2021)"
_NUMBERS = "RFC 8259 section 6, 2017-12"
_OWN = "this library, 2026-11"


def _has(*words: str) -> frozenset[str]:
    return frozenset(words)


_MESSAGES: Final = _has("messages", "input", *_messages.OUTPUTS)
"""Where messages can stand: a row without any of these keys has none to be wrong."""


_SCHEMA: Final[tuple[Rule, ...]] = (
    Rule(code="messages-missing", severity=_ERROR, summary="A row has `messages`", source=_LINE,
         hint='Write {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}; repair()'
         " does so for a prompt with its completion, for turns of human and gpt, and for `Messages`",
         row=_keys.messages_missing),
    Rule(code="messages-type", when=_MESSAGES, severity=_ERROR, summary="`messages` is a list", source=_LINE,
         hint="Put the messages into a list", row=_messages.messages_type),
    Rule(code="messages-empty", when=_MESSAGES, severity=_ERROR, summary="A list of messages is not empty", source=_LINE,
         hint="Remove the row or fill it", row=_messages.messages_empty),
    Rule(code="message-type", when=_MESSAGES, severity=_ERROR, summary="A message is an object", source=_LINE,
         hint='Write {"role": ..., "content": ...}', row=_messages.message_type),
    Rule(code="role-missing", when=_MESSAGES, severity=_ERROR, summary="A message has a role", source=_LINE,
         hint="Say who speaks: system, user, assistant or tool", row=_messages.role_missing),
    Rule(code="role-unknown", when=_MESSAGES, severity=_ERROR, summary="A role is one the service knows", source=_LINE,
         hint="Use system, user, assistant or tool", row=_messages.role_unknown),
    Rule(code="role-spelling", when=_MESSAGES, severity=_ERROR, summary="A role is written in small letters, and nothing else",
         source=_LINE, hint="Write it as the service does; repair() does so", row=_messages.role_spelling),
    Rule(code="role-developer", when=_has("developer"), severity=_WARNING, summary="Supervised rows use `system`, not `developer`",
         source=_LINE, hint="Use `system`", methods=_SFT, row=_meaning.developer_role),
    Rule(code="content-missing", when=_MESSAGES, severity=_ERROR, summary="A message has content, or tool calls", source=_LINE,
         hint="Give the message a text", row=_messages.content_missing),
    Rule(code="content-type", when=_MESSAGES, severity=_ERROR, summary="Content is a text or a list of parts", source=_LINE,
         hint="Use a text", row=_content.content_type),
    Rule(code="content-empty", when=_MESSAGES, severity=_WARNING, summary="Texts are not empty", source=_CHECKLIST,
         hint="Write the text or remove the message", row=_meaning.content_empty),
    Rule(code="name-type", when=_has("name", "function"), severity=_ERROR, summary="A name is a text", source=_LINE,
         hint="Give a text or remove it", row=_messages.name_type),
    Rule(code="message-key-unknown", when=_MESSAGES, severity=_ERROR, summary="A message has only keys of its role",
         source=_REFUSED, hint="Remove the key", row=_keys.message_keys),
    Rule(code="row-key-unknown", severity=_ERROR, summary="A row has only keys that the service knows",
         source=_REFUSED, hint="Remove the key, or name it as fact=", methods=("supervised", "dpo"),
         row=_keys.row_keys),
    Rule(code="null-key", when=_has(*_null.OF_A_MESSAGE, *_null.BESIDE_MESSAGES, *_null.LEFT_OVER),
         severity=_ERROR,
         summary="Keys that may be absent are not null", source=_LINE,
         hint="Leave the key out, as repair() does: a dump of a typed message writes keys that it has no value for",
         row=_tools.null_keys),
    Rule(code="list-too-long", severity=_ERROR, summary=f"No list of messages, parts, calls or tools has over {_messages.MOST:,} items",
         source=_OWN, hint="Split the row: no model takes that many, and the rest is not checked",
         row=_messages.list_too_long),
    Rule(code="refusal-type", when=_has("refusal"), severity=_ERROR, summary="A refusal is a text", source=_LINE,
         hint="Give a text or remove it", row=_messages.refusal_type),
    Rule(code="audio", when=_has("audio"), severity=_WARNING, summary="Answers have no audio", source=_LINE,
         hint="Remove it; training takes texts and images", row=_messages.audio),
    Rule(code="weight-value", when=_has("weight"), severity=_ERROR, summary="A weight is 0 or 1", source=_LINE,
         hint="Use 0 to leave a message out of training, 1 to train on it", row=_messages.weight_value),
    Rule(code="weight-role", when=_has("weight"), severity=_ERROR, summary="Only assistant messages have a weight", source=_LINE,
         hint="Remove the weight", row=_meaning.weight_role),
    Rule(code="tool-calls", when=_has("tool_calls"), severity=_ERROR, summary="Tool calls have id, type, name and arguments", source=_LINE,
         hint="Complete the call; its arguments are JSON in a text", row=_messages.tool_calls),
    Rule(code="function-call", when=_has("function_call"), severity=_ERROR, summary="A function call has name and arguments", source=_LINE,
         hint="Use `tool_calls` instead", row=_messages.function_call),
    Rule(code="parallel-tool-calls", when=_has("parallel_tool_calls"), severity=_ERROR, summary="`parallel_tool_calls` is true or false", source=_LINE,
         hint="Use true or false, or remove it", row=_tools.parallel_tool_calls),
    Rule(code="tools-type", when=_has("tools"), severity=_ERROR, summary="`tools` is a list of functions with a name", source=_LINE,
         hint='Write {"type": "function", "function": {"name": ..., "parameters": {...}}}', row=_tools.tools_type),
    Rule(code="part-role", when=_has("type"), severity=_ERROR, summary="Images are in user messages, refusals in answers",
         source=_PARTS, hint="Move the part into a message of a role that may have it", row=_vision.part_role),
    Rule(code="tool-call-id", when=_has("tool"), severity=_ERROR, summary="A tool message names the call it answers", source=_LINE,
         hint="Add the `tool_call_id`", row=_messages.tool_call_id),
)  # fmt: skip

_MEANING: Final[tuple[Rule, ...]] = (
    Rule(code="assistant-missing", when=_MESSAGES, severity=_ERROR, summary="A row has at least one assistant message",
         source=_CHECKLIST, hint="Add the answer that is to be learned", methods=_SFT, row=_meaning.assistant_missing),
    Rule(code="last-message", when=_MESSAGES, severity=_ERROR, summary="The last message is from the assistant", source=_CHECKLIST,
         hint="Add the answer, or remove what follows it", methods=_SFT, row=_meaning.last_is_assistant),
    Rule(code="last-message-user", severity=_ERROR, summary="A reinforcement row ends with a user message",
         source=_RFT_DOC, hint="Move the expected answer into a field of its own", methods=_RFT,
         row=_meaning.last_is_user),
    Rule(code="user-missing", when=_MESSAGES, severity=_WARNING, summary="A row has at least one user message", source=_CHECKLIST,
         hint="Add the question that the answer belongs to", methods=_CHAT, row=_meaning.user_missing),
    Rule(code="system-position", when=_has("system", "developer"), severity=_WARNING, summary="System messages stand before all others",
         source=_CHECKLIST, hint="Move it to the start, or make it a message of the user",
         row=_meaning.system_position),
    Rule(code="weights-zero", when=_has("weight"), severity=_WARNING, summary="Some answer is trained on", source=_LINE,
         hint="Give one answer the weight 1, or remove the row", methods=_SFT, row=_meaning.weights_zero),
    Rule(code="tool-call-unknown", when=_has("tool_call_id"), severity=_ERROR, summary="A tool message answers a call that was made before it",
         source=_API, hint="Put the call before it, or correct the `tool_call_id`", row=_tools.tool_call_unknown),
    Rule(code="tool-call-unanswered", when=_has("tool_calls"), severity=_WARNING, summary="A call is answered before the conversation goes on",
         source=_API, hint="Add the tool message with the result, right after the call",
         row=_tools.tool_call_unanswered),
    Rule(code="tool-call-twice", when=_has("tool_calls", "tool_call_id"), severity=_WARNING, summary="Each call has an id of its own, and one answer",
         source=_OWN, hint="Give each call its own id", row=_tools.tool_call_ids),
    Rule(code="tool-undeclared", when=_has("tool_calls", "function_call"), severity=_WARNING, summary="A called tool is declared in the row", source=_OWN,
         hint="Add it to `tools`: a model that is told of no tool calls none", row=_tools.tool_undeclared),
    Rule(code="tool-arguments", when=_has("tool_calls", "function_call"), severity=_WARNING, summary="The arguments of a call are a JSON object in a text",
         source=_OWN, hint='Write them with a JSON library; "{}" for none', row=_tools.tool_arguments),
    Rule(code="tool-schema", when=_has("tool_calls", "function_call"), severity=_WARNING, summary="The arguments of a call fit the tool's schema", source=_OWN,
         hint="Correct the call or the schema; what this library does not know in a schema allows everything",
         row=_tools.tool_misfits),
    Rule(code="tool-twice", when=_has("tools", "functions"), severity=_WARNING, summary="A row declares a tool once", source=_OWN,
         hint="Remove one of the two, or rename it", row=_tools.tool_twice),
    Rule(code="parallel-calls", when=_has("parallel_tool_calls"), severity=_WARNING, summary="A row that switches parallel calls off has none",
         source=_OWN, hint="Put the calls into messages of their own, or allow them", row=_tools.calls_in_parallel),
    Rule(code="functions-older", when=_has("functions", "function_call", "function"), severity=_INFO, summary="Rows use `tools`, not `functions`", source=_LINE,
         hint="Nothing to do; it is deprecated and still documented", row=_tools.older_functions),
    Rule(code="image-url", when=_has("image_url"), severity=_ERROR, summary="An image has a public address, or is a data URI",
         source=_VISION, hint="Use https://..., or data:image/png;base64,...", row=_vision.image_url),
    Rule(code="image-detail", when=_has("image_url"), severity=_ERROR, summary="The detail of an image is auto, low or high",
         source=_VISION, hint="Use low (85 tokens), high or auto", row=_vision.image_detail),
    Rule(code="image-format", when=_has("image_url"), severity=_ERROR, summary="Images are JPEG, PNG or WEBP", source=_VISION,
         hint="Convert the image", row=_vision.image_format),
    Rule(code="json-integer", severity=_WARNING, summary="Whole numbers are at most 2 to the power of 53",
         source=_NUMBERS, hint="Write the number as a text", row=_messages.huge_integers),
    Rule(code="nul-character", severity=_WARNING, summary="Texts have no NUL character", source=_HYGIENE,
         hint="Remove it; some programs cut the text there", row=_hidden.nul_characters),
    Rule(code="bidi-control", severity=_WARNING, summary="Texts have no invisible controls that turn their direction",
         source=_HYGIENE, hint="Remove it, or close what it opens; direction marks are fine",
         row=_hidden.bidi_controls),
    Rule(code="text-damaged", when=_MESSAGES, severity=_WARNING, level="deep", source=_HYGIENE,
         summary="Texts have no U+FFFD or byte-order mark inside", hint="Convert the original again",
         row=_hidden.damaged_text),
    Rule(code="white-space", when=_MESSAGES, severity=_WARNING, level="deep", source=_OWN,
         summary="Texts have no white space around them", hint="Take it off, as repair() does; the model learns it",
         row=_space.white_space),
    Rule(code="secret", when=_MESSAGES, severity=_WARNING, level="deep", heuristic=True, source=_OWN,
         summary="Heuristic: texts hold no keys, tokens or passwords",
         hint="Look at it; what is learned can be asked for", row=_private.secrets),
    Rule(code="personal-data", when=_MESSAGES, severity=_WARNING, level="deep", heuristic=True, source=_OWN,
         summary="Heuristic: texts hold no personal data",
         hint="Look at it; remove what is not meant to be known to everybody", row=_private.personal_data),
    Rule(code="preference-row", when=_has("input", "preferred_output", "non_preferred_output"), severity=_ERROR, summary="Preference rows are trained with method dpo",
         source=_DPO_DOC, hint='Check them with AzureRules(method="dpo")', methods=_CHAT, row=_preference.preference_row),
    Rule(code="preference-outputs", severity=_ERROR, summary="A preference row has an input and two outputs",
         source=_DPO_DOC, hint="Write input, preferred_output and non_preferred_output", methods=_DPO,
         row=_preference.preference_outputs),
    Rule(code="chat-row", severity=_ERROR, summary="Method dpo trains on preference rows", source=_DPO_DOC,
         hint="Check them with AzureRules()", methods=_DPO, row=_preference.chat_row),
    Rule(code="preference-names", severity=_ERROR, summary="Outputs have the names that the service reads",
         source=_DPO_DOC, hint="Rename it", methods=_DPO, row=_preference.preference_completions),
    Rule(code="preference-same", severity=_WARNING, summary="The two outputs differ", source=_OWN,
         hint="Remove the row", methods=_DPO, row=_preference.preference_same),
)  # fmt: skip


def _bounded(limits: Mapping[str, Limit], model: str | None) -> tuple[Rule, ...]:
    """The rules that know a limit or the model."""
    characters, images, size = (
        limits[name] for name in ("message-characters", "images-per-example", "image-bytes")
    )
    functions, name = limits["functions-per-row"], limits["tool-name-characters"]
    return (
        Rule(code="message-length", severity=_ERROR, source=characters.source,
             summary=f"A message has at most {characters.value:,} characters", hint="Split or shorten it",
             row=_hidden.longer_than(characters.value)),
        Rule(code="functions-type", when=_has("functions"), severity=_ERROR, source=functions.source,
             summary=f"`functions` is a list of 1 to {functions.value:,} functions", hint="Use `tools` instead",
             row=_tools.functions_at_most(functions.value)),
        Rule(code="tool-name", when=_has("tools", "functions"), severity=_WARNING, source=name.source,
             summary=f"A tool's name is 1 to {name.value:,} letters, digits, `_` and `-`", hint="Rename it",
             row=_tools.tool_names_at_most(name.value)),
        Rule(code="images-per-row", when=_has("image_url"), severity=_ERROR, source=images.source,
             summary=f"A row has at most {images.value:,} images", hint="Make several rows of it",
             row=_vision.images_at_most(images.value)),
        Rule(code="image-size", when=_has("image_url"), severity=_ERROR, source=size.source,
             summary=f"An image has at most {size.value:,} bytes", hint="Make it smaller",
             row=_vision.image_size_at_most(size.value)),
        Rule(code="image-model", when=_has("image_url"), severity=_WARNING, source=_VISION,
             summary="Images are for models that are trained on them",
             hint="Use gpt-4o-2024-08-06 or gpt-4.1-2025-04-14", row=_vision.images_for(model)),
    )  # fmt: skip


def row_rules(limits: Mapping[str, Limit], model: str | None) -> tuple[Rule, ...]:
    """All rules about one row, with these limits."""
    return (*_SCHEMA, *_MEANING, *_bounded(limits, model))
