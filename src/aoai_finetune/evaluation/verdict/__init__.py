"""From counts to a decision: what a gate looks at, what it decides, and the sentences that say why."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.evaluation
