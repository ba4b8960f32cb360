"""Tests, limits and power on paired counts. Numbers only: nothing here knows a probe or a model."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.evaluation
