"""Chapters of the demo's story about forms: a table of a case system, a box that nobody knows, our own blank form filled in,
and a form that nobody has seen."""
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from xml.sax.saxutils import escape

import world as w
from tell import check, say, show, title

HERE = pathlib.Path(__file__).resolve().parent
REPORT = "{urn:wardgate:report:1}"
# What the gateway would know of the interview: it is of the 24th, whatever this machine's clock says.
FACTS = ("--received", "2026-11-25T09:30:00Z", "--organisation", "derbyshire")
ENDS = {"handed-over", "received"}


def run(world, *words):
    """wardgate without a gateway; 10 is an answer too."""
    done = subprocess.run([world.program, *map(str, words)], capture_output=True, text=True)
    if done.returncode not in (0, 10):
        raise RuntimeError(f"wardgate {words[0]}: {done.stderr}")
    return done


def row_of(gateway, message):
    return next((r for r in gateway.rows("--all") if r["id"] == message), None)


def wait_state(gateway, message, state):
    def look():
        row = row_of(gateway, message)
        return row if row and row["state"] == state else None
    return w.wait_for(f"message {message} is {state}", 60, look)


# ---- a table


def rows_under_way(gateway, message, count):
    """The rows of a table once each is at its end or waits."""
    def look():
        parts = [r for r in gateway.rows("--all") if r.get("part-of") == message]
        deliveries = {p["id"]: gateway.deliveries(p["id"]) for p in parts}
        ready = [p for p in parts if p["state"] == "attention" or
                 (p["state"] == "routed" and deliveries[p["id"]] and {d["state"] for d in deliveries[p["id"]]} <= ENDS)]
        return (parts, deliveries) if len(ready) == count else None
    return w.wait_for(f"the {count} rows of message {message} are at their ends", 60, look)


def table(story):
    title("5. Sunday, 08:00: a table from a case system")
    message = story.world.submit(story.host, HERE / "episodes.csv", "derbyshire")
    say(f"accepted: Derbyshire hand in episodes.csv, three episodes of children they placed in Staffordshire; receipt {message}")
    reason = wait_state(story.host, message, "divided")["reason"]
    parts, deliveries = rows_under_way(story.host, message, 3)
    for part in parts:
        went = " and ".join(f"{d['organisation']}/{d['desk']}" for d in deliveries[part["id"]])
        show(f"{part['id']}  {part['state']}: {went and 'at ' + went or part['reason']}")
    waits = [p for p in parts if p["state"] == "attention"]
    check(f"the table is {reason}: two are delivered, each to three recipients", sorted(len(d) for d in deliveries.values()) == [0, 3, 3])
    shown = story.host.cli("attention", "show", waits[0]["id"]).stdout if len(waits) == 1 else ""
    check('the third waits alone, and for its reason: "round teatime" is no time that can be read surely', "round teatime" in shown)


# ---- a person's way


def waiting(story):
    title("6. A box that nobody knows")
    gateway = story.host
    message = story.world.submit(gateway, HERE / "second-report.eml", "staffordshire-police")
    wait_state(gateway, message, "attention")
    say(f"accepted: second-report.eml, receipt {message}; wardgate attention list then says:")
    listed = gateway.cli("attention", "list").stdout.splitlines()
    at = next((i for i, line in enumerate(listed) if line.startswith(message)), None)
    for line in listed[at:at + 2] if at is not None else ():
        print("      " + line.strip())
    check("it is listed with its reason, and nobody was sent anything of it",
          at is not None and "1 field unmapped" in listed[at + 1] and not gateway.deliveries(message))
    answer(story, message)


def answer(story, message):
    gateway = story.host
    asked = gateway.cli("attention", "show", message, "--edits").stdout
    number = re.search(r'# Field (\d+) .*"Dog taken along"', asked)
    line = f"field {number.group(1) if number else '?'} -> missing/items-taken"
    say("attention show asks:   " + next((q.lstrip("# ") for q in asked.splitlines() if "Dog taken along" in q), "nothing"))
    say(f"an officer answers:    {line}")
    why = "rang the lodge"
    gateway.cli("attention", "resolve", message, "--with", "-", "--why", why, input=line + "\n")
    rows = story.settled(gateway, message)
    notice = gateway.cli("queue", "show", message, "--unmask", "--which", "notice").stdout
    check(f"resolved, it went on to its {len(rows)} recipients, and the dog with it", len(rows) == 3 and "<items-taken>Brown terrier" in notice)
    resolved = re.search(r"(admin:\S+) +accepted +(resolved: .*)", gateway.cli("queue", "show", message).stdout)
    check(f"the history says who and why: {resolved.group(1)}, {resolved.group(2)}" if resolved else "the history says who and why",
          resolved and why in resolved.group(2))


# ---- our own blank form


def fill_word(blank, answers, out):
    """Writes the answers into the content controls, as Word does when somebody fills them in."""
    left = dict(answers)

    def write(control):
        text = control.group(0)
        label = re.search(r'<w:alias w:val="([^"]*)"', text).group(1).replace("&amp;", "&")
        if label not in left:
            return text
        head, content = text.replace("<w:showingPlcHdr/>", "").split("<w:sdtContent>")
        content = re.sub(r"<w:rPr>.*?</w:rPr>", "", content)
        said = escape(left.pop(label)).replace("\\", "\\\\")
        return head + "<w:sdtContent>" + re.sub(r"<w:t\b[^>]*>.*?</w:t>", f'<w:t xml:space="preserve">{said}</w:t>', content)
    with zipfile.ZipFile(blank) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                data = re.sub(r"(?s)<w:sdt>.*?</w:sdt>", write, data.decode()).encode()
            new.writestr(name, data)
    if left:
        raise RuntimeError(f"{blank.name} has no box for {', '.join(left)}")


def categories_of(world, kind):
    """Place to its category of data, as the schema has it."""
    lines = run(world, "schema", "paths", kind).stdout.splitlines()
    return {x[0]: x[2] for x in (line.split() for line in lines) if len(x) > 2}


def interview(story):
    title("7. Tuesday: the return home interview, in our own Word form")
    world = story.world
    pairs = (HERE / "return-interview.answers").read_text().splitlines()
    answers = dict(line.split(" = ", 1) for line in pairs)
    form, report, notice = (world.folder / name for name in ("interview.docx", "interview-report.xml", "interview.xml"))
    fill_word(world.program.parents[1] / "forms/return-interview.docx", answers, form)
    done = run(world, "convert", *FACTS, "--report", report, form)
    notice.write_text(done.stdout)
    read = ET.parse(report).getroot()
    placed = {f.get("label"): f.get("to") for f in read if f.get("what") == "placed"}
    say(f"{len(answers)} boxes of our blank Word form are filled in, and wardgate convert reads it with the map {read.get('map')}:")
    check(f"every one of the {len(answers)} answers has its place (coverage {100 * len(placed) // len(answers)} %), and nobody need look",
          done.returncode == 0 and set(placed) == set(answers) and 'kind="return-interview"' in done.stdout)
    categories = categories_of(world, "return-interview")
    labels = {"Anyone bought or given you gifts?": "exploitation", "Why did you go?": "child-account", "Child's wishes and feelings": "wishes",
              "Who did you meet?": "third-party"}
    for label in labels:
        show(f"{label:34} {placed.get(label, 'nowhere'):34} category {categories.get(placed.get(label), 'none')}")
    check("signs of exploitation, the child's own words and other people are apart, to be given or kept each by itself",
          {k: categories.get(placed.get(k)) for k in labels} == labels)
    check("who the child agreed to tell, and whom not, stands in the notice: police given, parent refused",
          '<consent to="police-missing" state="given">' in done.stdout and '<consent to="parent" state="refused">' in done.stdout)
    decided = run(world, "decide", "--policy", w.ROOT / "policy/staffordshire-stoke.xml", "--directory", story.host.folder / "directory.xml", notice)
    check("the form names no authority, so no region speaks for it: nobody would get it, and a person is called",
          decided.returncode == 10 and "no route of this policy" in decided.stdout)


# ---- a form that nobody has seen

OFFICER = {"not back since": ("missing/last-seen/when", "when"), "what the night staff saw": ("missing/circumstances", "text"),
           "whom we rang": ("missing/steps-taken", "text")}


def coverage(world, mapping, sample):
    done = run(world, "map", "test", mapping, sample)
    return done.returncode, next((x.split("coverage: ")[1] for x in done.stdout.splitlines() if "coverage: " in x), "no figure")


def unknown_form(story):
    title("8. A form that nobody here has seen")
    sample, mapping = HERE / "night-sheet.html", story.world.folder / "night-sheet.xml"
    nobody = run(story.world, "convert", "--received", "2026-11-21T09:00:00Z", sample)
    check("night-sheet.html: no map recognises it, so it waits instead of being guessed at", nobody.returncode == 10 and "no map" in nobody.stderr)
    draft = run(story.world, "map", "new", "--kind", "missing", sample).stdout
    mapping.write_text(draft)
    first = coverage(story.world, mapping, sample)
    say(f"wardgate map new drafts a map: {first[1]}")
    for label, (to, read_as) in OFFICER.items():
        draft = re.sub(rf'<!-- [^<]*<field to="[^"]*" as="[^"]*"( labels="{label}"[^>]*/>) -->', rf'<field to="{to}" as="{read_as}"\1', draft)
    mapping.write_text(draft)
    second = coverage(story.world, mapping, sample)
    say(f"an officer gives the other {len(OFFICER)} boxes places in a text editor: {second[1]}")
    check("the new map reads the whole form, without a line of code, and no answer of a child stands in it",
          first[0] == 10 and second[0] == 0 and not any(x in draft for x in ("Notreal", "Yellow coat", "kitchen door")))


def tell(story):
    for chapter in (table, waiting, interview, unknown_form):
        chapter(story)
