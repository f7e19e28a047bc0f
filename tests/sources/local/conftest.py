from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_jobs import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Runs scripts as local jobs."""
    made = Machine(tmp_path)
    yield made
    made.close()
