"""Tests against a real Temporal dev server: what is recorded, replayed, retried, drained and told."""
