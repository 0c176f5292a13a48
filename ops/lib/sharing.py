"""The chapter of the demo's story about who may see what: a child who refused and told of a crime, a review, an account of it all."""
import json
import pathlib
import re

import world as w
from chapters import row_of
from tell import check, say, show, title

HERE = pathlib.Path(__file__).resolve().parent
# Who else takes part in this chapter.
OTHERS = {
    "example-interviews": ("provider", 'areas="830 831 860 861"', "Example Interviews (example)", {"desk": "interview-provider"}),
    "sample-school": ("school", 'code="999901"', "Sample Academy", {"office": "school"}),
}
DESKS = {"derbyshire": {"social-work": "allocated-social-worker"}, "staffordshire": {"review": "review-lead"}}


def cast(world):
    """Before the world is made."""
    world.others, world.desks = OTHERS, DESKS


def at_rest(gateway, message):
    def look():
        row, rows = row_of(gateway, message), [r for r in gateway.deliveries(message) if r["state"] != "superseded" and not r["alarm"]]
        under_way = {"sealed", "sending", "deferred", "decided"}
        return rows if row and row["state"] in ("routed", "attention") and rows and not any(r["state"] in under_way for r in rows) else None
    return {f"{r['organisation']}/{r['desk']}": r for r in w.wait_for(f"message {message} has come to rest", 60, look)}


def interview(story):
    gateway = story.host
    message = story.world.submit(gateway, HERE / "return-interview.xml", "example-interviews")
    say(f"accepted: the interviewer's own system hands in the interview as XML; receipt {message}. The child agreed to nothing, and told "
        "that an older boy robbed her.")
    rows = at_rest(gateway, message)
    for who, r in rows.items():
        show(f"{who:32} {r['state']}: {r['reason'].split('; REQUIRETLS')[0] or 'sent'}")
    records = {f"{r['organisation']}/{r['desk']}": r["record"] for r in json.loads(gateway.cli("explain", message, "--json").stdout)}
    police = next((r for r in records["staffordshire-police/missing"]["reasons"] if r["category"] == "child-account"), {})
    check(f"the police get what she said although she refused, and the rule that overrides is named: {police.get('rule')}",
          rows["staffordshire-police/missing"]["state"] == "handed-over" and police.get("override") and police.get("consent") == "refused")
    check("the school gets nothing, and that it was decided so is on record", rows["sample-school/office"]["state"] == "withheld")
    listed = gateway.cli("review", "list").stdout
    check("the override is listed until a person has looked at it", rows["staffordshire-police/missing"]["id"] in listed)
    return message, rows


def withdrawal(story, message):
    gateway = story.host
    said = gateway.cli("consent", "record", "--child", message, "--to", "school", "--state", "given", "--by", "child", "--competent", "yes",
                       "--told", "What the school would hear, and that she may change her mind", "--told-by", "Sky Placeholder",
                       "--why", "rang the interviewer").stdout
    say("Later she agrees that her school is told: " + (said.splitlines() or ["nothing was said"])[0])
    withheld = at_rest_with(gateway, message, "sample-school/office", "withheld")
    gateway.cli("queue", "retry", withheld["id"])
    row = at_rest_with(gateway, message, "sample-school/office", "review")
    shown = gateway.cli("review", "show", row["id"]).stdout
    check("it is decided again: a person looks first, at exactly what the school would get, beside the original",
          "Canal walks" in shown and "robbed" in shown)
    gateway.cli("consent", "withdraw", "--child", message, "--to", "school", "--why", "she changed her mind")
    at_rest_with(gateway, message, "sample-school/office", "withheld")
    mails = [m for m in story.world.mails() if b"office@sample-school.example" in m.read_bytes()]
    check("she changes her mind before anybody released it: nothing ever reached the school", not mails)


def at_rest_with(gateway, message, who, state):
    def look():
        row = next((r for r in gateway.deliveries(message) if f"{r['organisation']}/{r['desk']}" == who and r["state"] == state), None)
        return row
    return w.wait_for(f"{who} is in {state}", 60, look)


def account(story, message):
    text = story.host.cli("disclosures", "--child", message).stdout
    lines = [line for line in text.splitlines() if line.strip()]
    say(f"wardgate disclosures --child {message} accounts for all of it in {len(lines)} lines, for a case review or for the child herself; "
        "it begins:")
    for line in lines[:4]:
        print("      " + line[:110])
    check("who was told what, by which right, and who was not: without a word of what she said",
          "UK GDPR" in text and "sample-school" in text and "robbed" not in text)


def tell(story):
    title("9. Who may see what")
    message, _ = interview(story)
    withdrawal(story, message)
    account(story, message)
