"""Is the new model better than the old one, and did it forget?

Probes are asked of both models; graders judge the answers; a comparison pairs them; a gate decides from counts
alone. Nothing here calls a model: answers come in as text and can be stored and judged again.

Behind this door, from the ground up: `graders`, `probes`, `statistics`, `verdict`, `comparison`.
"""

from __future__ import annotations

from .comparison._comparison import Comparison
from .comparison._pairs import Contender, Pair
from .graders._graders import GRADERS, Grader, character_f1
from .graders._refusals import looks_refused
from .probes._grading import grade, is_stale
from .probes._probes import Group, Probe, ProbeSet
from .statistics._limits import holm, loss_p, paired_limits
from .statistics._paired import (
    Alternative,
    design_effect,
    mcnemar_exact,
    sign_flip,
    tango_limits,
    tango_noninferiority,
    tango_score,
    wilson,
    zero_failures_bound,
)
from .statistics._power import mcnemar_power, noninferiority_power, probes_to_find_drop, probes_to_show_kept
from .verdict._evidence import Evidence, PairedCounts, Slice
from .verdict._forecast import Power
from .verdict._gate import Decision, Gate, Verdict
from .verdict._noise import NoiseFloor
from .verdict._retention import RetentionTest, retention_test

__all__ = [
    "GRADERS",
    "Alternative",
    "Comparison",
    "Contender",
    "Decision",
    "Evidence",
    "Gate",
    "Grader",
    "Group",
    "NoiseFloor",
    "Pair",
    "PairedCounts",
    "Power",
    "Probe",
    "ProbeSet",
    "RetentionTest",
    "Slice",
    "Verdict",
    "character_f1",
    "design_effect",
    "grade",
    "holm",
    "is_stale",
    "looks_refused",
    "loss_p",
    "mcnemar_exact",
    "mcnemar_power",
    "noninferiority_power",
    "paired_limits",
    "probes_to_find_drop",
    "probes_to_show_kept",
    "retention_test",
    "sign_flip",
    "tango_limits",
    "tango_noninferiority",
    "tango_score",
    "wilson",
    "zero_failures_bound",
]
