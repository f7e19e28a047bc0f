"""Runs every benchmark here, or those whose names are given, and prints what was measured beside what is wanted."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.bench


def main(names: list[str]) -> None:
    """Each `bench_NAME.py` has `run()`, which gives rows of (what, measured, wanted)."""
    found = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    for module in (name for name in found if name.startswith("bench_")):
        if names and module.removeprefix("bench_") not in names:
            continue
        print(f"\n{module.removeprefix('bench_')}", flush=True)
        for what, measured, wanted in importlib.import_module(f"tests.bench.{module}").run():
            shown = f"{measured:.3g}" if isinstance(measured, float) else str(measured)
            print(f"  {what:<72} {shown:>12}   {wanted}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
