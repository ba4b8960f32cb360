"""The one SQLite file: its tables, its records, what is written before and after each effect."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.lineage
