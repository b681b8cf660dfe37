"""What every kind of job shares, research and games alike: the gate of its steps, its spending, and its hosts.

Only `workflow.py` knows Temporal.
"""
