"""Which rows a step trains, how often and in which files: in passes, or by visits. Pure and seeded."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.continual
