"""Speed, measured: what durability adds to a step, what a step costs in CPU, how fast a death is made good.

`make bench` prints the table and writes `bench.json`. Figures are ratios and differences within one run on one machine;
nothing here fails, since a slow machine is no bug.
"""
