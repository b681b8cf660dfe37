"""Tests of the checker: what it finds, and what it must not take for a fault."""
