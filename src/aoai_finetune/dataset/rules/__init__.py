"""Every rule, as data: what it asks, where it comes from, and the small check behind it."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
