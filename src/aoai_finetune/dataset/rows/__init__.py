"""What a row is, and how rows are read, named, kept and written."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
