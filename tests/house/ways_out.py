"""Every way out of the gateway is one that somebody has thought about.

    python3 tests/house/ways_out.py [ROOT]

Looks in the sources for the calls that turn a notice into bytes, read a place of one, or answer, log and write, and compares
them with tests/house/ways_out.txt. A way out that is not in that list, or one in the list that is no more, fails.
"""
import pathlib
import re
import sys

# What makes words of a notice leave memory: rendered, serialised, read place by place, answered, written, logged.
CALLS = (
    "wg_notice_serialise", "wg_notice_content", "wg_notice_get", "wg_notice_get_into", "wg_notice_facts", "wg_notice_traces",
    "wg_render_html", "wg_render_text", "wg_render_both", "wg_report_write", "wg_mime_entity", "wg_mime_mail",
    "wg_http_answer", "wg_http_problem", "wg_http_problem_more", "wg_file_write", "wg_log",
)
CALL = re.compile(r"\b(" + "|".join(CALLS) + r"|wg_log_err)\(")
DEFINITION = re.compile(r"^(?:static |enum |void |char |struct |bool )[^;{=]*\b(" + "|".join(CALLS) + r")\([^;]*$")
# The rooms below say what a call does; they call nobody outside.
BELOW = ("gateway/notice/", "gateway/base/", "gateway/sys/")


def calls(root: pathlib.Path) -> set[tuple[str, str]]:
    """The file and name of every call."""
    found = set()
    for path in sorted((root / "gateway").glob("*/*.c")):
        name = path.relative_to(root).as_posix()
        if name.startswith(BELOW):
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if DEFINITION.match(line):
                continue
            for match in CALL.finditer(line):
                found.add((name, "wg_log" if match.group(1) == "wg_log_err" else match.group(1)))
    return found


def listed(root: pathlib.Path) -> tuple[set[tuple[str, str]], list[str]]:
    """What the list holds, and what is wrong with its lines."""
    entries, faults = set(), []
    for number, line in enumerate((root / "tests/house/ways_out.txt").read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(":", 2)]
        if len(parts) < 2 or parts[1] not in CALLS or (parts[1] != "wg_log" and (len(parts) < 3 or len(parts[2]) < 7)):
            faults.append(f"ways_out.txt:{number}: a line is FILE: CALL: what leaves, to whom; what protects")
            continue
        if (parts[0], parts[1]) in entries:
            faults.append(f"ways_out.txt:{number}: {parts[0]}: {parts[1]} stands twice")
        entries.add((parts[0], parts[1]))
    return entries, faults


def main() -> int:
    """Prints one line for each difference; 1 when there is one."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    there = calls(root)
    known, faults = listed(root)
    faults += [f"{file}: {call} is a way out that tests/house/ways_out.txt does not know: say what leaves, to whom, and what protects it"
               for file, call in sorted(there - known)]
    faults += [f"tests/house/ways_out.txt: {file}: {call} is no more: take the line out" for file, call in sorted(known - there)]
    for fault in faults:
        print(fault)
    print(f"{len(there)} ways out, {len(faults)} differences")
    return 1 if faults or not there else 0


if __name__ == "__main__":
    sys.exit(main())
