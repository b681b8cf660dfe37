"""Where searches look, behind one protocol."""
