"""Rows that need few checks: known to be sound at a glance, or to be like a row that was checked."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
