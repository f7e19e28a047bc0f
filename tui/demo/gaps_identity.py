"""sts GetCallerIdentity: a role, as people who monitor have one, rather than moto's user."""

from __future__ import annotations

from moto.sts.models import STSBackend

ROLE = "MLOps"


def get_caller_identity(self: STSBackend, *_key_and_region: str) -> tuple[str, str, str]:
    """The user id, the ARN and the account of whoever asks."""
    account = self.account_id
    return "AROADEMODEMODEMODEMO:demo", f"arn:aws:sts::{account}:assumed-role/{ROLE}/demo", account


def fill() -> None:
    """Assigns GetCallerIdentity."""
    setattr(STSBackend, get_caller_identity.__name__, get_caller_identity)
