"""How the demo speaks: titles, sentences, and checks that are counted."""
import os
import sys
import textwrap

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
checks = []


def title(text):
    print(f"\n\033[1m{text}\033[0m" if COLOUR else f"\n{text}\n{'-' * len(text)}")


def fill(text, first, later):
    return textwrap.fill(text, 110, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def say(text):
    print(fill(text, "  ", "  "))


def show(text, later="           "):
    """A line that a program said, or of a list."""
    print(fill(text, "      ", later))


def check(text, true):
    checks.append((text, bool(true)))
    print(fill(text, f"  [{'ok' if true else 'FAILED'}] ", "       "))
    return true
