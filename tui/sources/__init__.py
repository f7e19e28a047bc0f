"""Where things come from: one protocol (`base.Source`) and whatever implements it."""
