"""Rows from and to pairs, CSV, pandas and Hugging Face."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
