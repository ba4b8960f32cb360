"""Tokens, statistics and money: counted exactly or estimated honestly, priced with a date."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
