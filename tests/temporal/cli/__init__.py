"""Tests of the command with a real embedded server, as processes that are killed for real."""
