"""Kills that are aimed: a stage whose every process can die, and the campaign that makes them die by a schedule."""
