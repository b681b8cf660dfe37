"""The `outlast` command, one file a verb."""
