"""Versions that answer for a while: deployed, priced, remembered, removed."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
