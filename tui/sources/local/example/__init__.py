"""What `sagetop train --example` runs: a script, and the handler functions that serve what it trains."""

from __future__ import annotations

from pathlib import Path

from tui.model.jobs import MetricDefinition

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "train.py"
METRICS = tuple(MetricDefinition(name, rf"{name}=([0-9.]+)") for name in ("Train_error", "Valid_error"))
