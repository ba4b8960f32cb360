"""Versions compared and promoted, and chains of them measured stage by stage."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
