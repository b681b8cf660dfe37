"""A lab on one machine: Temporal, a model server and workers, each a process that can die, and is replaced."""
