"""Validation: one pass over the rows, and the report of what it found."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
