from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_jobs import Machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what asks GPUs where there are none."""
    from tui.sources.local.nvml import gpus

    asking = [item for item in items if "gpu" in item.keywords]
    if asking and not gpus({}).count:
        for item in asking:
            item.add_marker(pytest.mark.skip(reason="NVML has no GPUs here"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Runs scripts as local jobs."""
    made = Machine(tmp_path)
    yield made
    made.close()
