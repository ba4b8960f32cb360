"""Questions to models: at a pace they bear, many at once, and none that is answered already."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
