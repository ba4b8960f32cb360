"""Accuracies over a chain of steps: the numbers, and how they are shown."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.continual
