"""Questions with their right answers: read, held out of training rows, grouped by what two models were taught."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.evaluation
