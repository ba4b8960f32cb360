"""What a lineage knows, found again by name: versions, jobs, history, tags, dates. Nothing here buys anything."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
