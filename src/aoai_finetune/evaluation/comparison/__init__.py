"""Two models asked the same: paired, counted, judged, and told as text, HTML and JSON."""

__all__: list[str] = []  # nothing is promised here: the front door is aoai_finetune.evaluation
