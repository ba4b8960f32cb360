"""What a rule is, and the checks of one row."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
