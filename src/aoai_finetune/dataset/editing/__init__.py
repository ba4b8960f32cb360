"""Changing a dataset: repair, split, supersede; every change listed."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
