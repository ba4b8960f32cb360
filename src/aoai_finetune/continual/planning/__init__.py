"""From a strategy's schedule to a plan: files, rates, money, risks, and the budget it is held to."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.continual
