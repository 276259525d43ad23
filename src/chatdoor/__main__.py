"""`python -m chatdoor` is the command `chatdoor`."""

from chatdoor.cli import main

if __name__ == "__main__":
    main()
