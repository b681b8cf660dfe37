"""The gold set through the whole pipeline: real HTTP, real Temporal, the offline models, every citation checked.

`make evals` runs all of it and fails when anything is wrong; `tests/temporal/test_gold.py` runs a sample.
"""
