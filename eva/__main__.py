"""`python -m eva`."""

from __future__ import annotations

from eva import main

if __name__ == "__main__":
    main()
