"""What the demo's instances cost: USD an hour, of the size that AWS asks, and nothing to rely on."""

from __future__ import annotations

PRICES = {
    "ml.c5.4xlarge": 0.922,
    "ml.c6i.4xlarge": 0.922,
    "ml.g4dn.xlarge": 0.822,
    "ml.g4dn.2xlarge": 1.051,
    "ml.g5.xlarge": 1.572,
    "ml.g5.2xlarge": 1.894,
    "ml.m5.4xlarge": 1.028,
    "ml.p3.8xlarge": 16.5,
    "ml.p4d.24xlarge": 40.9,
}
