"""Prints the coverage of each file out of llvm-cov's summary and fails below what is asked for."""
import json
import os
import sys


def main() -> int:
    """coverage.py SUMMARY BRANCHES MCDC SOURCE...: the two least percentages, and the files that must be among those
    measured. A header that has no code is in no summary."""
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)["data"][0]
    least = {"branches": float(sys.argv[2]), "mcdc": float(sys.argv[3])}
    total = {"branches": [0, 0], "mcdc": [0, 0]}
    print(f"{'file':<44}{'branches':>20}{'MC/DC':>20}")
    for entry in sorted(data["files"], key=lambda e: e["filename"]):
        cells = []
        for what, sums in total.items():
            summary = entry["summary"][what]
            sums[0] += summary["covered"]
            sums[1] += summary["count"]
            cells.append(cell(summary["covered"], summary["count"]))
        print(f"{os.path.relpath(entry['filename']):<44}{cells[0]:>20}{cells[1]:>20}")
    print(f"{'all':<44}{cell(*total['branches']):>20}{cell(*total['mcdc']):>20}")
    measured = {os.path.relpath(entry["filename"]) for entry in data["files"]}
    left_out = [name for name in sys.argv[4:] if name.endswith(".c") and name not in measured]
    for name in left_out:
        print(f"FAILED: {name}: no test program holds it")
    failed = len(left_out)
    for what, (covered, count) in total.items():
        if count == 0 or 100.0 * covered / count < least[what]:
            print(f"FAILED: {what}: {cell(covered, count)}, at least {least[what]:g} % is asked for")
            failed += 1
    print(f"{len(total) + len(left_out) - failed} passed, {failed} failed")
    return 1 if failed else 0


def cell(covered: int, count: int) -> str:
    """'12/13 92.3 %'"""
    return f"{covered}/{count} {100.0 * covered / count:.1f} %" if count else "none"


if __name__ == "__main__":
    sys.exit(main())
