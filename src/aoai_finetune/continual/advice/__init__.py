"""What rows look like, what speaks for fine-tuning them, and how they would best be trained."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.continual
