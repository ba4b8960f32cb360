"""Azure OpenAI: files, jobs and chat through the user's own client, deployments through Azure Resource Manager."""

from __future__ import annotations

from ._arm import ArmConfig
from ._backend import AzureOpenAIBackend
from ._copies import CheckpointCopy
from ._errors import InvalidRequest

__all__ = ["ArmConfig", "AzureOpenAIBackend", "CheckpointCopy", "InvalidRequest"]
