"""What to do about what the service says; several of its messages mislead.

Sources: Azure's fine-tuning troubleshooting pages, and questions of its users.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ._calls import Call

__all__ = ["is_fine_tuned", "remedy"]

_CONTINUE: Final = (
    "It starts from a fine-tuned model: this needs a model of OpenAI's that still trains, on the resource that has "
    "it (or has a copy), and a training type that fits. If the service no longer continues from it, train on "
    "everything seen from a base model instead: strategy=Joint(), or lineage.rebase(version, model=...)"
)
_START: Final = (
    "The service says this too when only the training type or the region does not fit: try training_type='global', "
    "check that the region trains this model, and give the full name with its version "
    "('gpt-4.1-mini-2025-04-14'). Models that retire train only on subscriptions that have used them before"
)


_SENT_AS: Final = (
    "The backend takes the deployment for another kind of model: give it deployments={'<model behind it>': '<its name>'}, "
    "so that it asks "
)


class _Remedy(NamedTuple):
    """What is said (`operation status code message`, in lower case), and what to do about it."""

    says: str
    do: str


_CERTAIN: Final = (
    _Remedy(
        r"^upload_file .*(quota|limit|exceed|too many|maximum)",
        "A resource keeps 100 files and 1 GB for fine-tuning; backend.prune_files() deletes the training files of "
        "jobs that are over (their rows stay in the lineage), backend.prunable_files() lists them",
    ),
    _Remedy(
        r"^upload_file 413|too large",
        "Send the file in parts (the dated surface does so by itself above 100 MB), or train in several "
        "parts",
    ),
    _Remedy(
        r"completed file import|file.* (is )?not (yet )?(ready|processed)",
        "The file is still being imported; wait until its status is 'processed'",
    ),
    _Remedy(
        r"jsonlvalidationfailed|fileimportfailed",
        "Dataset.validate() says which rows the service would refuse",
    ),
    _Remedy(
        r"^create_job .*suffix",
        "A suffix has 1 to 40 of A-Z, a-z, 0-9, '_' and '-'; dots are refused",
    ),
    _Remedy(
        r"training ?type",
        "Choose another training_type: 'global' is offered almost everywhere, 'standard' in few regions, "
        "'developer' not for every model",
    ),
    _Remedy(
        r"^create_job .*(hyperparameter|n_epochs|batch_size|learning_rate|\bbeta\b|\bseed\b)",
        'The service refuses a value that this library let pass; its own words say which. "auto" leaves it to the '
        "service",
    ),
    _Remedy(
        r"api[- ]version",
        "The client and the URL do not fit: openai.AzureOpenAI(azure_endpoint=..., api_version=...) for "
        "the dated surface, openai.OpenAI(base_url='https://<resource>.openai.azure.com/openai/v1/') "
        "without api-version",
    ),
    _Remedy(
        r"^create_job .*(quota|limit|too many|maximum)",
        "A resource keeps 100 jobs and runs 3 at a time (5 of the developer type); wait for one to end, "
        "or delete old ones in the portal",
    ),
)
_GENERAL: Final = (
    _Remedy(
        r"^chat 404 deploymentnotready",
        "A new deployment needs some minutes before it answers; ask again",
    ),
    _Remedy(
        r"^chat 404",
        "Chat takes the name of a deployment, or a model that deployments={model: name} or "
        "arm=ArmConfig(...) finds",
    ),
    _Remedy(
        r"^\w+ 404 (404|-) ",
        "Check the endpoint: https://<resource>.openai.azure.com, the right kind of client for the URL, "
        "and an api-version that has fine-tuning (2025-04-01-preview)",
    ),
    _Remedy(
        r"^\w+ 401 ",
        "The key must be of this very resource. With Entra, the token must be for "
        "https://cognitiveservices.azure.com/.default",
    ),
    _Remedy(
        r"^chat 403 ",
        "Asking needs the role Foundry User (formerly Azure AI User) or Cognitive Services OpenAI User on the resource; "
        "a virtual network or a firewall may refuse this machine, too",
    ),
    _Remedy(
        r"^\w+ 403 ",
        "Training needs the role Foundry User (formerly Azure AI User) or Cognitive Services OpenAI "
        "Contributor on the resource, given explicitly also to its owner; networks may be restricted too",
    ),
    _Remedy(
        r"^\w+ 410 ",
        "The model is retired: backend.get_model(name) and lineage.retirements() show the dates, "
        "lineage.rebase(version, model=...) moves on",
    ),
    _Remedy(
        r"^chat 429 ",
        "A deployment of capacity 1 answers about one question a minute; raise the capacity, or ask more "
        "slowly",
    ),
    _Remedy(
        r"^chat 400 content_filter|responsibleaipolicy",
        "The content filter of the deployment refused the question",
    ),
    _Remedy(
        r"^chat 400 unsupported_\w+ .*max_tokens",
        f"{_SENT_AS}with max_completion_tokens; or leave max_tokens out",
    ),
    _Remedy(r"^chat 400 unsupported_\w+ .*temperature", f"{_SENT_AS}without a temperature"),
    _Remedy(r"^chat 400 unsupported_", "The model does not take one of the options; seed= may be it"),
    _Remedy(
        r"^chat 400 context_length_exceeded",
        "Question and max_tokens together are longer than the model can read; shorten one of them",
    ),
    _Remedy(
        r"^chat 400 operationnotsupported",
        "The model behind this deployment does not answer chats; ask a deployment of another one",
    ),
    _Remedy(
        r"^chat 400 (unknown_model|model_not_found)",
        "Chat takes the name of a deployment, or a model that deployments={model: name} or "
        "arm=ArmConfig(...) finds",
    ),
    _Remedy(
        r"^(cancel|pause|resume)_job 404 ",
        "This resource has no such job; backend.list_jobs() shows those it has, and a job of another resource is "
        "told there",
    ),
    _Remedy(
        r"^(cancel|pause|resume)_job 4",
        "The job is over, or not in a state for that; backend.get_job(id) shows it",
    ),
)
_REFUSED_START: Final = re.compile(
    r"does not support fine[- ]?tun|cannot be fine[- ]?tuned|not (supported|available) for fine[- ]?tun|base model"
)
_REFUSED_MODEL: Final = re.compile(
    r"\bmodel\b.*\b(not|cannot|unsupported|unknown|invalid|deprecated|retired|unavailable)\b"
    r"|\b(unsupported|unknown|invalid|no such|retired)[ _]model\b|model_?not_?found"
)
_ABOUT_SOMETHING_ELSE: Final = re.compile(r"\b(files?|data|rows?|suffix|quota|limit)\b")
_Compiled = tuple[tuple[re.Pattern[str], str], ...]
_FIRST: Final[_Compiled] = tuple((re.compile(remedy.says), remedy.do) for remedy in _CERTAIN)
_LAST: Final[_Compiled] = tuple((re.compile(remedy.says), remedy.do) for remedy in _GENERAL)


def is_fine_tuned(model: str) -> bool:
    """The name is that of a fine-tuned model or of a checkpoint, not of the catalogue."""
    return ".ft-" in model or model.startswith(("ft:", "ftchkpt-"))


def remedy(call: Call, status: int, code: str, words: str) -> str:
    """What to do, empty where nothing useful can be said."""
    said = f"{call.operation} {status} {code or '-'} {words}".lower()
    # What names a quota, a file or a suffix is about that, also where it speaks of "this model".
    start = _about_start(call.subject, status, said) if call.operation == "create_job" else ""
    return _named(said, _FIRST) or start or _named(said, _LAST)


def _named(said: str, remedies: _Compiled) -> str:
    return next((hint for pattern, hint in remedies if pattern.search(said)), "")


def _about_start(model: str, status: int, said: str) -> str:
    """A refusal of what the job was to start from. "Does not support" has several meanings."""
    refused = bool(_REFUSED_START.search(said))
    named = bool(_REFUSED_MODEL.search(said)) and not _ABOUT_SOMETHING_ELSE.search(said)
    if is_fine_tuned(model) and status in {400, 404, 410, 422} and (refused or named):
        return _CONTINUE
    return _START if refused else ""
