"""Out of llvm-cov's listing: every branch never taken one way, and every condition that never decided by itself."""
import os
import re
import sys

FILE = re.compile(r"^(/.*):$")
BRANCH = re.compile(r"Branch \((\d+):(\d+)\): \[True: ([^,]+), False: ([^\]]+)\]")
DECISION = re.compile(r"MC/DC Decision Region \((\d+):")
CONDITION = re.compile(r"(C\d+)-Pair: not covered")


def main() -> None:
    """uncovered.py LISTING"""
    name, decision = "", ""
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            if (match := FILE.match(line)) is not None:
                name = os.path.relpath(match.group(1))
            elif (match := BRANCH.search(line)) is not None:
                for count, way in zip(match.groups()[2:], ("true", "false")):
                    if count == "0":
                        print(f"{name}:{match.group(1)}:{match.group(2)}: never {way}")
            elif (match := DECISION.search(line)) is not None:
                decision = match.group(1)
            elif (match := CONDITION.search(line)) is not None:
                print(f"{name}:{decision}: condition {match.group(1)} never decided alone")


if __name__ == "__main__":
    main()
