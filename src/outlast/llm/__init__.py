"""Models by name: provider clients that never retry, sign each request with its step, and record what it cost."""
