"""Which periods CloudWatch still has of data of some age."""

from __future__ import annotations

_RETENTION = ((3 * 3600, 1), (15 * 86400, 60), (63 * 86400, 300))
_HIGH_RESOLUTION = (1, 5, 10, 30)

FINE_S = _RETENTION[0][0]
"""How long CloudWatch keeps periods below a minute, in seconds, of those metrics that have them at all."""


def period_for(age_s: float, wanted_s: int) -> int:
    """The shortest period, in seconds, not below the wanted one, that CloudWatch still has of data that old.

    1 s (or 5, 10, 30) for 3 hours, 60 s for 15 days, 5 min for 63 days, 1 h beyond.

    Args:
        age_s: How long ago the oldest datapoint asked for was.
        wanted_s: The period one would like.
    """
    kept = next((period for age, period in _RETENTION if age_s <= age), 3600)
    if kept == 1 and wanted_s <= _HIGH_RESOLUTION[-1]:
        return next(period for period in _HIGH_RESOLUTION if period >= wanted_s)
    step = max(kept, 60)
    return max(-(-wanted_s // step), 1) * step
