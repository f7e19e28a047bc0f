"""Serving a model.tar.gz on this machine: unpacked with care, run by the inference toolkit's contract."""
