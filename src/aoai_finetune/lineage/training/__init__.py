"""The next step: planned and bought, rebased, taken over from elsewhere, rehearsed from a model's own answers."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
