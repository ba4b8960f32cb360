"""Lines to rows: what a file is, which row can be used, and the digests of all of them, under a bar where it is long."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.dataset
