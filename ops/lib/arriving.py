"""Chapters of the demo's story about what follows a delivery: who confirms, what the machines see, why a desk is not reached."""
import email
import email.policy
import email.utils
import http.client
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import urllib.parse

import world as w
from tell import check, say, show, title

HERE = pathlib.Path(__file__).resolve().parent
OFFICER, CONSTABLE = "Jo Example", "Kit Example"  # who confirm
PLACING_OFFICER = "Ali Example"
POLICE, COUNCIL, PLACING = "missing@derbyshire-police.example", "front-door@staffordshire.example", "front-door@derbyshire.example"
EXPIRED = ("derbyshire", "reviewing")


def cast(world):
    """Before the world is made."""
    world.desks = {**world.desks, "derbyshire": {**world.desks.get("derbyshire", {}), EXPIRED[1]: "iro"}}
    world.desks["derbyshire-police"] = {"control-room": "police-control-room"}
    world.desks["staffordshire"] = {**world.desks.get("staffordshire", {}), "operator": "operator"}
    world.how["derbyshire-police", "missing"] = f'channel="mail" address="{POLICE}" alternate="control-room"'
    world.how[EXPIRED] = 'channel="mail" address="front-door@derbyshire.example"'
    world.certificates[EXPIRED] = "hostile/expired-smime.pem"  # for that address, and over since 2021


def prepare(gateway):
    """Ways for answers to come in, and a window for the operator's machines."""
    gateway.confirm_port = w.free_port()
    mine = gateway.world.pki / gateway.organisation
    gateway.intake = (f'\n    <acknowledge address="127.0.0.1" port="{gateway.confirm_port}" certificate="{mine}/server.pem"'
                      f' key="{mine}/server.key" url="https://localhost:{gateway.confirm_port}/confirm"/>\n    <lmtp socket="lmtp.sock"/>')
    gateway.beside = '<monitor socket="monitor.sock"/>'
    gateway.roles_wanted = gateway.roles_wanted | {"monitor"}


def text_of(entity):
    message = email.message_from_bytes(entity, policy=email.policy.default)
    return next(p for p in message.walk() if p.get_content_type() == "text/plain").get_content()


def id_of(path):
    return email.message_from_bytes(path.read_bytes())["Message-ID"].strip()


# ---- a person confirms


def delivery(gateway, message, organisation):
    return next(r for r in gateway.deliveries(message) if r["organisation"] == organisation)


def becomes(gateway, message, organisation, state):
    return w.wait_for(f"the copy of {organisation} is {state}", 60,
                      lambda: (lambda r: r if r["state"] == state else None)(delivery(gateway, message, organisation)))


def page(gateway, method, path, form=None):
    """The confirm page as a browser or a mail scanner meets it: no client certificate. Status and what a person reads."""
    context = ssl.create_default_context(cafile=gateway.world.pki / "ca.pem")
    connection = http.client.HTTPSConnection("localhost", gateway.confirm_port, timeout=30, context=context)
    try:
        connection.request(method, path, urllib.parse.urlencode(form) if form else None,
                           {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        answer = connection.getresponse()
        html = answer.read().decode()
        return answer.status, re.search(r"<h1>(.*?)</h1>", html).group(1), html
    finally:
        connection.close()


def block(text):
    """The lines of a copy that ask its reader to confirm."""
    found = re.search(r"(?ms)^PLEASE CONFIRM.*?^ *Questions:[^\n]*", text)
    return [line for line in found.group(0).splitlines() if line.strip()] if found else []


def link(text):
    found = re.search(r"https://localhost:\d+(/confirm/wgc-[0-9a-z]+)", text)
    return found.group(1) if found else "/confirm/none"


def by_link(story, message):
    gateway, text = story.host, story.texts[COUNCIL, "missing"][0]
    say("Saturday night's report again. Three copies have arrived, and that is all anybody knows. Each mail, once opened, begins with:")
    for line in block(text):
        print("      " + line)
    path = link(text)
    opened = [page(gateway, "GET", path)[0] for _ in range(2)]
    check("a mail scanner opens the link twice, with no account and no certificate: nobody has confirmed anything that way",
          opened == [200, 200] and delivery(gateway, message, "staffordshire")["state"] == "handed-over")
    status, heading, html = page(gateway, "POST", path, {"name": OFFICER, "answer": "have"})
    say(f'{OFFICER} of the front door opens it, types a name and presses "I have this notice and will act on it": {heading}')
    row = becomes(gateway, message, "staffordshire", "acknowledged")
    check("the page says nothing of the child, and the copy is now with a named person", status == 200 and OFFICER in html
          and not re.search("Tess|Tessie|14 March|missing child", html))
    status, heading, _ = page(gateway, "POST", path, {"name": "Kim Other", "answer": "have"})
    check(f"the link works once; somebody else who tries it is told: {heading}", status == 409)
    return row


# ---- by mail


def hand_over(story, mail):
    """As the mail server of this machine does, over the LMTP socket."""
    with smtplib.LMTP(str(story.host.folder / "lmtp.sock")) as lmtp:
        lmtp.sendmail(POLICE, ["gateway@staffordshire.example"], mail)


def reply(story, words, reference, more=""):
    """A reply to a copy that Derbyshire Police got, signed by the openssl command as a mail program would sign it."""
    mine = story.world.pki / "derbyshire-police"
    text = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n".encode()
    signed = subprocess.run(["openssl", "cms", "-sign", "-signer", mine / "smime.pem", "-inkey", mine / "smime.key"], input=text,
                            capture_output=True, check=True).stdout
    head = (f"From: {POLICE}\r\nTo: gateway@staffordshire.example\r\nSubject: Re: notice\r\nDate: {email.utils.formatdate()}\r\n"
            f"Message-ID: {email.utils.make_msgid(domain='derbyshire-police.example')}\r\nIn-Reply-To: {reference}\r\n{more}")
    return head.encode() + signed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def answers(gateway):
    return {r["id"]: r for r in gateway.rows("--all") if r["way"] == "lmtp" and not r["desk"]}


def taken(story, mail):
    """Hands a reply over; the row of its message once somebody, or something, has read it."""
    before = set(answers(story.host))
    hand_over(story, mail)
    return w.wait_for("the reply is read", 60, lambda: next((r for i, r in answers(story.host).items()
                                                           if i not in before and r["state"] in ("answer", "attention")), None))


def by_mail(story, message):
    gateway, reference = story.host, story.texts[POLICE, "missing"][1]
    away = taken(story, reply(story, "I am out of the office until Monday.", reference, "Auto-Submitted: auto-replied\r\n"))
    check("Derbyshire Police's mailbox answers by itself that somebody is out of the office: kept with the copy, and no confirmation",
          away["state"] == "answer" and delivery(gateway, message, "derbyshire-police")["state"] == "handed-over")
    taken(story, reply(story, CONSTABLE, reference))
    row = becomes(gateway, message, "derbyshire-police", "acknowledged")
    check(f"{CONSTABLE} there replies with one line, the name; the mail program signs it, so no code is needed: confirmed",
          row["reason"] == f"by {CONSTABLE}")


def by_gateway(story, message):
    """The copy that went to the other gateway, and by mail to a person there."""
    status = page(story.placing, "POST", link(story.texts[PLACING, "missing"][0]), {"name": PLACING_OFFICER, "answer": "have"})[0]
    row = becomes(story.host, message, "derbyshire", "acknowledged")
    check(f"{PLACING_OFFICER} confirms in Derbyshire, to Derbyshire's own gateway: that one tells Staffordshire's, sealed and signed, by itself",
          status == 200 and row["channel"] == "https" and row["reason"] == f"by {PLACING_OFFICER}")


# ---- it is on record


def on_record(story, message):
    shown = story.host.cli("queue", "show", message).stdout
    rows = shown.split("deliveries:\n")[-1].split("\n\n")[0].splitlines()
    say("wardgate queue show ID now says of the three copies:")
    for line in rows:
        if not line.startswith("    of message"):
            print("      " + line)
    check("who has it is on record, by name", all(name in shown for name in (OFFICER, CONSTABLE, PLACING_OFFICER)))
    unconfirmed = story.host.cli("disclosures", "--unconfirmed").stdout
    entries = [e for e in unconfirmed.split("\n\n") if e.strip()]
    say(f"And who has not confirmed that she was found? wardgate disclosures --unconfirmed lists {len(entries)}, each with whom to ring:")
    for line in entries[0].strip().splitlines() if entries else ():
        print("      " + line)
    check("everybody who was told that she is back and has not confirmed it stands there with a telephone number",
          entries and all("ring        01632 960999" in e for e in entries))


def confirmed(story):
    title("10. It arrived. Does anybody have it?")
    by_link(story, story.message)
    by_mail(story, story.message)
    by_gateway(story, story.message)
    on_record(story, story.message)


# ---- nobody confirms

LAYER = """<?xml version="1.0" encoding="UTF-8"?>
<policy xmlns="urn:wardgate:policy:1" id="seconds" extends="staffordshire-stoke" areas="860 861" version="demo">
  <deadline id="hurry" kind="missing" to="police-missing">
    <when>episode/risk</when>
    <step not="acknowledged" after="PT2S" tell="alternate"/>
    <step not="acknowledged" after="PT3S" tell="sender"/>
    <step not="acknowledged" after="PT4S" tell="operator"/>
    <source>for the demo: the real ones are minutes, hours and days</source>
  </deadline>
</policy>
"""
TOLD = {"control-room@derbyshire-police.example": ("derbyshire-police", "the alternate desk"),
        "missing@staffordshire-police.example": ("staffordshire-police", "the police force that sent the notice"),
        "operator@staffordshire.example": ("staffordshire", "whoever runs the gateway")}


def hurry(story):
    """The host's gateway under a policy whose deadlines are seconds."""
    gateway, folder = story.host, story.world.folder / "policy"
    folder.mkdir()
    for layer in (w.ROOT / "policy").glob("*.xml"):
        shutil.copy(layer, folder)
    (folder / "seconds.xml").write_text(LAYER)
    gateway.config.write_text(gateway.config.read_text().replace(f"{w.ROOT}/policy/{story.world.policy}.xml", f"{folder}/seconds.xml"))
    start = gateway.log.stat().st_size
    gateway.process.send_signal(signal.SIGHUP)
    w.wait_for("the policy is taken up", 60, lambda: [l for l in gateway.log_lines(start)
                                                        if l.get("event") == "ready" and l.get("policy", "").startswith("seconds")])


def alarms(story, message):
    """address -> the opened alarms about a message."""
    found = {}
    for path in story.world.mails():
        address = path.parts[-3]
        if address in TOLD and path not in story.seen:
            entity = story.world.open_mail(path, TOLD[address][0])
            if b'kind="not-confirmed"' in entity or "not-confirmed" in story.notice_of(entity):
                found.setdefault(address, []).append(text_of(entity))
    return found


def silence(story):
    title("11. Nobody confirms")
    hurry(story)
    say("A further layer of the policy sets deadlines of seconds, for this chapter; one SIGHUP, and it is in force. In those shipped, a child "
        "at high risk has ten minutes until the alternate desk is told, and half an hour until everybody is.")
    report = story.world.folder / "again.eml"
    report.write_bytes((HERE / "missing-report.eml").read_bytes().replace(b"SP-EX-20261121-0417", b"SP-EX-20261124-0033")
                       .replace(b"demo-missing-0001", b"demo-missing-0033"))
    message = story.world.submit(story.host, report, "staffordshire-police")
    say(f"Tuesday night, she is missing again: receipt {message}. This time nobody at Derbyshire Police confirms.")
    told = w.wait_for("three desks are told", 30, lambda: (lambda a: a if len(a) == len(TOLD) else None)(alarms(story, message)))
    for address in TOLD:
        say(f"{address}, {TOLD[address][1]}, is sent:")
        shown = alarm_lines(told[address][0])
        for line in shown:
            print("      " + line)
    # in the order of the record: mails of steps that were due soon after one another may overtake each other
    order = re.findall(r"(?m)^ +not acknowledged: (\S+)/(\S+)$", story.host.cli("queue", "show", message).stdout)
    check("each is told once, in this order: the alternate desk, the sender, the operator", [len(told[a]) for a in TOLD] == [1, 1, 1]
          and [f"{desk}@{organisation}.example" for organisation, desk in order] == list(TOLD))
    words = [told[a][0] for a in TOLD]
    check("each says whom to ring and at which number, and nothing of the child",
          all("Ring 01632 960999" in " ".join(t.split()) and "Tess" not in t for t in words))


def alarm_lines(text):
    """What to do, whole: the answer to "Do this:"."""
    found = re.search(r"(?ms)^NOT CONFIRMED.*?^Do this:.*?(?=^\S)", text)
    return [line for line in found.group(0).splitlines() if line.strip()] if found else []


# ---- whoever runs it


def ask_monitor(gateway, path):
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(gateway.folder / "monitor.sock"))
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


CONFIRMED = 'wardgate_deliveries{state="acknowledged"} 3'
SHOWN = ("wardgate_accepting ", 'wardgate_deliveries{state="acknowledged"}', 'wardgate_deliveries{state="handed-over"}',
         'wardgate_deliveries_total{channel="mail",outcome="handed-over"}', 'wardgate_certificate_left_seconds{name="staffordshire')


def running(story):
    title("12. For whoever runs it")
    gateway = story.host
    metrics = w.wait_for("the numbers tell of three confirmed copies", 60, lambda: (lambda m: m if CONFIRMED in m else None)(
        ask_monitor(gateway, "/metrics")[1]))
    lines = metrics.splitlines()
    say("Prometheus finds its numbers on a socket of their own, for instance:")
    for line in lines:
        if line.startswith(SHOWN):
            print("      " + line)
    check("metrics and health answer, and hold no personal data",
          ask_monitor(gateway, "/health/ready")[0] == 200 and not re.search("Tess|Example|0417", metrics))
    stuck(gateway, story)
    certificates(gateway)


def stuck(gateway, story):
    done = gateway.cli("stuck", check=False)
    say("wardgate stuck says what has not got through to a person, and whom to ring; it begins:")
    for line in [x for x in done.stdout.splitlines() if x.strip()][:9]:
        print("    " + line)
    check("Tuesday night's copy for Derbyshire Police is among them, with a telephone number",
          "derbyshire-police/missing" in done.stdout and "01632 960999" in done.stdout and "Tess" not in done.stdout)


def certificates(gateway):
    listed = gateway.cli("cert", "status", check=False)
    lines = listed.stdout.splitlines()
    bad = next((i for i, line in enumerate(lines) if "/".join(EXPIRED) in line), None)
    say("wardgate cert status lists every certificate with the days it has left; one of them is over:")
    for line in [lines[0], *lines[bad:bad + 2], lines[-1]] if bad is not None else ():
        print("    " + line)
    check("the exit status says so too, for scripts", listed.returncode == 2 and bad is not None)
    why = gateway.cli("why-not", "/".join(EXPIRED), check=False)
    say(f"Why does {'/'.join(EXPIRED)} get nothing? wardgate why-not walks through all that has to hold:")
    for line in filter(None, why.stdout.splitlines()):
        print("    " + line)
    check("it names the certificate, the check that failed and what to do, and ends with status 1",
          why.returncode == 1 and "expired-smime.pem" in why.stdout and "to do" in why.stdout)


def tell(story):
    confirmed(story)
    silence(story)
    running(story)
