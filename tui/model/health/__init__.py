"""Rules that look at a job's or an endpoint's series, log and description, and say what is wrong.

`examine` (in `examine.py`) runs all rules of a training job; `endpoints.py` has those of an endpoint. Every rule is a
pure function that returns `Finding`s; `thresholds.py` is the one table of what they compare with.
"""
