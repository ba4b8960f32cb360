"""Several strategies on the same rows, trained and judged side by side."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
