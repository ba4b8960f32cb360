"""Checks of a whole file: what its rows have in common with one another and with other rows, and what they come to."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
