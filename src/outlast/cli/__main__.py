"""`python -m outlast.cli`: the command for processes that start it themselves."""

from __future__ import annotations

from outlast.cli import main

if __name__ == "__main__":
    main()
