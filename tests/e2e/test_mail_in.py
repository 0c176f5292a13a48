#!/usr/bin/env python3
"""Mail in, from real servers: Dovecot's mailboxes and Postfix's LMTP, into the store of a real gateway. Needs root, like Postfix.

Every mail is taken once and marked; what is cut off between the two is taken again and folded; what cannot be taken now stays
with the mail server; nothing is deleted anywhere.
"""
import email.message
import imaplib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import smtplib
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/peers"))
import imap_zoo as z
import world as w

PASSWORD = "letmein-2026"
LIMIT = 16 * 1024 * 1024


def mail(name, size=0):
    return (f"From: anybody@somewhere.example\r\nTo: notices@gateway.example\r\nSubject: {name}\r\nMessage-ID: <{name}@somewhere.example>\r\n"
            f"\r\nThe words of {name}.\r\n" + ("x" * 78 + "\r\n") * (size // 80)).encode()


class MailIn(unittest.TestCase):
    """One world for all: a Dovecot, a Postfix, a gateway with three mailboxes (one of a scripted server) and a socket for LMTP."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wg-mailin-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.folder.chmod(0o711)
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(lambda: cls.world.close())
        cls.world.make_pki()
        cls.lmtp = cls.folder / "lmtp"
        cls.lmtp.mkdir()
        shutil.chown(cls.lmtp, group="postfix")
        cls.lmtp.chmod(0o2750)  # the socket gets the folder's group, to which the mail server belongs
        os.environ["WG_LMTP"] = str(cls.lmtp / "socket")
        cls.postfix_port = cls.world.start_postfix()
        cls.dovecot = w.Peer([ROOT / "tests/peers/dovecot.sh", cls.folder / "dv", cls.world.pki, *(str(w.free_port()) for _ in range(2))], cls.folder / "dovecot.log")
        cls.addClassCleanup(cls.dovecot.stop)
        cls.imaps = int((cls.folder / "dv/dovecot.conf").read_text().split("port = ")[2].split()[0])
        cls.secrets = cls.folder / "secrets"
        cls.secrets.mkdir()
        cls.secret("secret", PASSWORD)
        cls.secret("zoo", z.PASSWORD)
        cls.zoo = z.Server(cls.world.pki, {"search": b"* SEARCH\r\n"}, implicit=True)  # empty, for now
        # room for messages can be taken away and given back; the store keeps 128 MB in reserve
        cls.host = cls.world.make_gateways(cls.postfix_port, ("staffordshire",))[0]
        cls.host.state.mkdir(mode=0o700, parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", cls.host.state], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", cls.host.state], check=True)
        cls.addClassCleanup(cls.host.stop)
        box = 'host="localhost" ca="{pki}/ca.pem" secret="{s}/secret" poll="1"'.format(pki=cls.world.pki, s=cls.secrets)
        text = cls.host.config.read_text().replace("\n  </intake>", f"""
    <imap {box} port="{cls.imaps}" user="implicit@gateway.example"/>
    <imap {box} port="{cls.dovecot.port}" tls="starttls" user="starttls@gateway.example"/>
    <imap {box.replace('/secret"', '/zoo"')} port="{cls.zoo.port}" user="{z.USER}"/>
    <lmtp socket="{cls.lmtp}/socket"/>
  </intake>""")
        cls.host.config.write_text(text)
        cls.host.start()

    @classmethod
    def secret(cls, name, text):
        """As tools that renew tokens do: written aside, renamed over."""
        (cls.secrets / "new").write_text(text + "\n")
        (cls.secrets / "new").chmod(0o600)
        os.rename(cls.secrets / "new", cls.secrets / name)

    # ---- what there is to see

    def client(self, user):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        client = imaplib.IMAP4_SSL("localhost", self.imaps, ssl_context=context)
        client.login(user, PASSWORD)
        return client

    def append(self, user, mails, folder="INBOX"):
        client = self.client(user)
        for one in mails:
            self.assertEqual(client.append(folder, None, None, one)[0], "OK")
        client.logout()

    def flags(self, user, folder="INBOX"):
        """Message-ID -> flags of what is in a folder."""
        client = self.client(user)
        found = {}
        if client.select(f'"{folder}"', readonly=True)[0] == "OK":
            for part in client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]:
                if isinstance(part, tuple):
                    name = re.search(rb"<(.*)@", part[1])
                    found[name.group(1).decode() if name else ""] = re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split()
        client.logout()
        return found

    def taken(self, user):
        return self.flags(user, "wardgate.taken")

    def events(self, since, **wanted):
        return [l for l in self.host.log_lines(since) if all(l.get(k) == v for k, v in wanted.items())]

    def mark(self):
        return self.host.log.stat().st_size

    def messages(self):
        """How many messages the log speaks of as accepted."""
        return len({l["message"] for l in self.host.log_lines() if l.get("event") in ("accepted", "accepted-again")})

    def stored(self, then=lambda: None):
        """How many the database holds, which is open to nobody else while the store runs; and how many contents."""
        self.host.stop()
        database = sqlite3.connect(self.host.state / "store.db")
        found = database.execute("SELECT count(*), count(DISTINCT content_hash) FROM message").fetchone()
        database.close()
        then()  # while nobody polls
        self.host.start()
        return found

    def wait(self, what, probe, seconds=60):
        return w.wait_for(what, seconds, probe)

    def accepted(self, since, count, way, event="accepted", seconds=60):
        found = self.wait(f"{count} {event} by {way}", lambda: (lambda e: e if len(e) >= count else None)(
            self.events(since, event=event, way=way)), seconds)
        self.assertEqual(len(found), count)
        return found

    def queue(self):
        done = subprocess.run(["postqueue", "-c", self.folder / "postfix/etc", "-j"], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def post(self, data, *to):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        with smtplib.SMTP("localhost", self.postfix_port) as smtp:
            smtp.starttls(context=context)
            smtp.sendmail("anybody@somewhere.example", to or ["notices@gateway.example"], data)

    # ---- IMAP

    def test_taken_once_and_marked(self):
        start = self.mark()
        for user in ("implicit@gateway.example", "starttls@gateway.example"):
            since, before = self.mark(), self.messages()
            names = [f"once-{i}-{user[:4]}" for i in range(3)]
            self.append(user, [mail(n) for n in names])
            events = self.accepted(since, 3, "imap")
            marked = self.wait("they are moved", lambda: (lambda t: t if set(names) <= set(t) else None)(self.taken(user)))
            for name in names:
                self.assertTrue({"\\Seen", "$Wardgate"} <= set(marked[name]), marked)
            self.assertEqual(set(names) & set(self.flags(user)), set())
            time.sleep(3)  # two more polls
            self.assertEqual(self.messages(), before + 3)
            self.assertEqual(len({e["message"] for e in events}), 3)
        self.assertEqual(self.events(start, event="mailbox-failing"), [])

    def test_flags_of_people_do_not_matter(self):
        user = "implicit@gateway.example"
        since = self.mark()
        client = self.client(user)
        client.append("INBOX", "(\\Seen \\Answered)", None, mail("read-by-a-person"))
        client.append("INBOX", "(\\Deleted)", None, mail("deleted-by-a-person"))
        client.logout()
        self.accepted(since, 2, "imap")
        self.wait("moved", lambda: {"read-by-a-person", "deleted-by-a-person"} <= set(self.taken(user)))

    def test_no_mail_at_all(self):
        """Bytes that are no mail: taken too."""
        user = "starttls@gateway.example"
        since = self.mark()
        self.append(user, [b"no header, no end", b"Subject: x\r\nMessage-ID: <nul@x.example>\r\n\r\n\x80\xff" + b"y" * 2000 + b"\r\n"])
        self.accepted(since, 2, "imap")

    def test_too_large_is_put_before_a_person(self):
        user = "implicit@gateway.example"
        since = self.mark()
        self.append(user, [mail("too-large", LIMIT + 100000), mail("beside-it"), mail("just-fits", LIMIT - 20000)])
        self.accepted(since, 3, "imap", seconds=120)
        self.wait("moved", lambda: {"beside-it", "just-fits"} <= set(self.taken(user)))
        left = self.wait("flagged", lambda: (lambda f: f if "\\Flagged" in f.get("too-large", []) else None)(self.flags(user)))
        self.assertIn("$Wardgate", left["too-large"])
        self.assertEqual(len(self.events(since, event="mail-too-large")), 1)
        time.sleep(2.5)
        self.assertEqual(len(self.events(since, event="mail-too-large")), 1)

    def test_copies_without_the_mark_fold(self):
        """As after a crash between store and mark, and as after a new UIDVALIDITY: the same bytes, not marked."""
        user = "implicit@gateway.example"
        since = self.mark()
        names = [f"again-{i}" for i in range(20)]
        self.append(user, [mail(n) for n in names])
        first = {e["message"] for e in self.accepted(since, 20, "imap")}
        self.wait("moved", lambda: set(names) <= set(self.taken(user)))
        since, before = self.mark(), self.messages()
        uidlist = next((self.folder / "dv/mail" / user / "Maildir").glob("dovecot-uidlist"))
        client = self.client(user)
        client.select("INBOX", readonly=True)
        old = client.response("UIDVALIDITY")[1][0]
        client.select('"wardgate.taken"')
        numbers = ",".join(client.uid("SEARCH", "UNDELETED")[1][0].decode().split()[-20:])
        self.assertEqual(client.uid("STORE", numbers, "-FLAGS", "($Wardgate)")[0], "OK")
        self.assertEqual(client.uid("MOVE", numbers, "INBOX")[0], "OK")
        client.logout()
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.cache", "dovecot.index.log"):
            (uidlist.parent / name).unlink(missing_ok=True)
        again = {e["message"] for e in self.wait("folded", lambda: (lambda e: e if len({x["message"] for x in e}) >= 20 else None)(
            self.events(since, event="accepted-again", way="imap")))}
        self.assertEqual(first, again)
        self.assertEqual(self.messages(), before)
        client = self.client(user)
        client.select("INBOX", readonly=True)
        self.assertNotEqual(client.response("UIDVALIDITY")[1][0], old)
        client.logout()
        self.wait("moved again", lambda: set(names) <= set(self.taken(user)))

    def test_a_thousand_with_kills(self):
        """A thousand mails, while pollers, keepers and the intake role are killed at random moments."""
        user = "starttls@gateway.example"
        names = [f"many-{i}" for i in range(1000)]
        before = self.stored(lambda: self.append(user, [mail(n, 2000) for n in names]))[0]
        dice, kills = random.Random(20261122), 0
        end = time.monotonic() + 400

        def children(pid):
            try:
                return [int(x) for x in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                return []
        def done():
            """Moved; or, killed between mark and move, marked and still there."""
            return set(self.taken(user)) | {n for n, f in self.flags(user).items() if "$Wardgate" in f}
        while not set(names) <= done():
            self.assertLess(time.monotonic(), end, f"{len(set(names) & done())} of 1000 taken, {kills} kills")
            for _ in range(100):
                time.sleep(0.01)
                intake = self.host.roles().get("intake")
                keepers = children(intake) if intake else []
                pollers = [p for k in keepers for p in children(k)]
                if not pollers or kills >= 40:
                    continue
                time.sleep(dice.uniform(0, 0.12))
                try:
                    os.kill(dice.choice(pollers * 8 + keepers + [intake]), signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass
        self.assertGreaterEqual(kills, 8)
        self.assertEqual(self.stored(), (before + 1000, before + 1000))
        print(f"mail in: 1,000 mails of one mailbox, {kills} kills: 1,000 messages, "
              f"{len(self.events(0, event='accepted-again', way='imap'))} met again and folded", file=sys.stderr)

    def test_the_operator_hears_of_it_once(self):
        user = "starttls@gateway.example"
        since = self.mark()
        self.secret("secret", "not-the-password")
        self.wait("alarms", lambda: len(self.events(since, event="mailbox-failing")) >= 2)
        time.sleep(4)
        failing = self.events(since, event="mailbox-failing")
        self.assertEqual(len(failing), 2, failing)  # one a mailbox, and no more
        self.assertTrue(all(f["alarm"] == "mailbox" and "check user=, secret= and auth=" in f["error"] for f in failing), failing)
        self.assertNotIn(b"not-the-password", self.host.log.read_bytes())
        self.append(user, [mail("after-the-alarm")])
        self.secret("secret", PASSWORD)
        self.wait("cleared", lambda: len(self.events(since, event="mailbox-cleared")) == 2)
        self.accepted(since, 1, "imap")
        self.assertNotIn(PASSWORD.encode(), self.host.log.read_bytes())

    def test_a_server_that_drops(self):
        """In the middle of a mail; then between store and mark."""
        since, before = self.mark(), self.messages()
        self.zoo.how = {"body": z.drop}
        self.accepted(since, 2, "imap")
        failing = self.wait("an alarm", lambda: self.events(since, event="mailbox-failing", user=z.USER))
        self.assertRegex(failing[0]["error"], "^mail 2: ")
        self.wait("marked", lambda: self.zoo.seen.marked == {1, 3})
        self.zoo.how = {"store-drop": True}
        self.wait("the third", lambda: len(self.events(since, event="accepted", way="imap")) == 3)
        self.wait("again", lambda: self.events(since, event="accepted-again", way="imap"))
        self.assertEqual(self.zoo.seen.marked, {1, 3})
        self.zoo.how = {}
        self.wait("marked", lambda: self.zoo.seen.marked == {1, 2, 3})
        self.wait("cleared", lambda: self.events(since, event="mailbox-cleared", user=z.USER))
        self.assertEqual(self.messages(), before + 3)
        self.assertEqual(self.zoo.seen.clear, b"")

    # ---- LMTP

    def test_postfix_hands_over(self):
        since, before = self.mark(), self.messages()
        self.post(mail("by-lmtp"))
        self.post(mail("by-lmtp-two"), "a@gateway.example", "b@gateway.example", "c@gateway.example")
        self.accepted(since, 2, "lmtp")
        self.wait("the queue is empty", lambda: not self.queue())
        self.assertEqual(self.messages(), before + 2)  # three recipients, one message
        log = (self.folder / "postfix/log/mail.log").read_text()
        self.assertRegex(log, r"to=<b@gateway.example>.*status=sent \(250 2\.0\.0 [0-9a-z]{26} kept\)")
        kind = os.stat(self.lmtp / "socket")
        self.assertEqual(kind.st_mode & 0o7777, 0o660)

    def test_many_at_once(self):
        since, before = self.mark(), self.messages()
        for i in range(60):
            self.post(mail(f"burst-{i}", 200000))
        self.accepted(since, 60, "lmtp", seconds=120)
        self.wait("the queue is empty", lambda: not self.queue())
        self.assertEqual(self.messages(), before + 60)

    def test_stays_with_the_mail_server_while_the_gateway_is_down(self):
        before = self.messages()
        self.host.stop()
        self.assertTrue((self.lmtp / "socket").is_socket())  # left behind; the next start replaces it
        self.post(mail("while-down"))
        self.wait("deferred", lambda: any(q["queue_name"] == "deferred" for q in self.queue()))
        self.host.start()
        since = self.host.started_at
        self.accepted(since, 1, "lmtp")
        self.wait("the queue is empty", lambda: not self.queue())
        self.assertEqual(self.messages(), before + 1)

    def test_stays_with_the_mail_server_while_the_disk_is_full(self):
        user = "implicit@gateway.example"
        before = self.messages()
        used = shutil.disk_usage(self.host.state).used
        subprocess.run(["mount", "-o", f"remount,size={used + 64 * 1024 * 1024}", self.host.state], check=True)
        since = self.mark()
        try:
            self.post(mail("no-room"))
            self.append(user, [mail("no-room-here-either")])
            self.wait("deferred", lambda: any("451 4.3.0" in r.get("delay_reason", "") for q in self.queue() for r in q["recipients"]))
            self.wait("not taken", lambda: self.events(since, event="mailbox-failing"))
            self.assertEqual(set(self.flags(user)["no-room-here-either"]) & {"$Wardgate"}, set())
            self.assertEqual(self.messages(), before)
        finally:
            subprocess.run(["mount", "-o", "remount,size=2g", self.host.state], check=True)
        self.accepted(since, 1, "lmtp", seconds=120)
        self.accepted(since, 1, "imap", seconds=120)
        self.wait("the queue is empty", lambda: not self.queue())
        self.wait("moved", lambda: "no-room-here-either" in self.taken(user))
        self.wait("cleared", lambda: self.events(since, event="mailbox-cleared"))
        self.assertEqual(self.messages(), before + 2)

    def test_intake_killed_while_postfix_delivers(self):
        """Killed between store and answer: Postfix hands the mail over again, with the same bytes but for its own Received line."""
        before, since = self.stored()[0], self.mark()
        dice = random.Random(5)
        for i in range(40):
            self.post(mail(f"killed-{i}", 4000))
            if i % 8 == 4:
                time.sleep(dice.uniform(0, 0.1))
                try:
                    os.kill(self.host.roles()["intake"], signal.SIGKILL)
                except ProcessLookupError:
                    pass  # not started again yet
        self.wait("the queue is empty", lambda: not self.queue(), 120)
        taken = self.stored()[0] - before
        self.assertGreaterEqual(taken, 40)
        self.assertLessEqual(taken, 60)
        self.assertGreaterEqual(len(self.events(since, event="accepted", way="lmtp")), 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
