"""Is this text one of the expected ones? Each grader is a function of two texts, and knows no probe."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.evaluation
