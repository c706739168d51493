"""Entry point of `python -m eva`."""

from eva import main

if __name__ == "__main__":
    main()
