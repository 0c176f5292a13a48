#!/usr/bin/env python3
"""A zoo of hostile and broken IMAP servers, each polled once, then once more after it was cured. Prints the table.

    test_imap_zoo.py PROBE

For each: no password outside verified TLS, nothing in the clear but CAPABILITY and STARTTLS; of the mails only whole ones, byte for
byte; what was not handed over is not marked; it is over within a minute, with words for the operator; and the next poll takes
what is left.
"""
import concurrent.futures
import hashlib
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/peers"))
import imap_zoo as z

MILLION = b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 1000001)) + b"\r\n"
MANY = b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 12001)) + b"\r\n"
ALL = {1, 2, 3}
I, S = "implicit", "starttls"
# name, how TLS begins, what the server does, code of the poll, mails that are handed over, words for the operator
ZOO = [
    ("behaves", I, {}, "ok", ALL, ""),
    ("behaves-starttls", S, {}, "ok", ALL, ""),
    # TLS
    ("no-starttls", S, {"starttls": None}, "crypto", set(), "no STARTTLS"),
    ("starttls-no", S, {"starttls": b"NO not now\r\n"}, "crypto", set(), "no STARTTLS, or refused"),
    ("starttls-bad", S, {"starttls": b"BAD what\r\n"}, "crypto", set(), "no STARTTLS, or refused"),
    ("starttls-drop", S, {"starttls": b""}, "again", set(), "opening the mailbox"),
    ("starttls-injected", S, {"starttls": b"OK go\r\n* OK [UIDVALIDITY 666] x\r\nA003 OK x\r\nA004 OK x\r\n"}, "reject", set(), "no server should"),
    ("starttls-junk", S, {"starttls": b"OK go\r\n\x16\x03\x03\x00\x05junk!"}, "reject", set(), "no server should"),
    ("untagged-before-tls", S, {"before-tls": z.BELIEVE}, "ok", ALL, ""),
    ("preauth-clear", S, {"greeting": b"* PREAUTH come in\r\n"}, "crypto", set(), "no STARTTLS"),
    ("preauth-tls", I, {"greeting": b"* PREAUTH come in\r\n"}, "ok", ALL, ""),
    ("wrong-name", I, {"cert": "hostile/wrong-name-server"}, "crypto", set(), "TLS cannot be verified"),
    ("wrong-name-starttls", S, {"cert": "hostile/wrong-name-server"}, "crypto", set(), "TLS cannot be verified"),
    ("expired", I, {"cert": "hostile/expired-server"}, "crypto", set(), "expired"),
    ("not-yet-valid", I, {"cert": "hostile/future-server"}, "crypto", set(), "not yet valid"),
    ("unknown-ca", S, {"cert": "hostile/unknown-ca-server"}, "crypto", set(), "TLS cannot be verified"),
    ("self-signed", I, {"cert": "hostile/self-signed-server"}, "crypto", set(), "self-signed"),
    ("tls-1.1", I, {"version": ssl.TLSVersion.TLSv1_1}, "crypto", set(), "TLS cannot be verified"),
    # login
    ("login-disabled", I, {"auth": ["LOGINDISABLED"]}, "config", set(), "offers no login by PLAIN"),
    ("foreign-logins-only", I, {"auth": ["AUTH=NTLM", "AUTH=CRAM-MD5", "AUTH=DIGEST-MD5"]}, "config", set(), "offers no login by PLAIN"),
    ("sasl-login-only", I, {"auth": ["AUTH=LOGIN"]}, "ok", ALL, ""),
    ("wrong-password", S, {"refuse-login": True}, "config", set(), "did not let .* in: check user="),
    ("xoauth2", I, {"auth": ["AUTH=XOAUTH2", "SASL-IR"], "login": "xoauth2"}, "ok", ALL, ""),
    ("xoauth2-starttls", S, {"auth": ["AUTH=XOAUTH2"], "login": "xoauth2"}, "ok", ALL, ""),
    ("xoauth2-not-offered", S, {"auth": ["AUTH=PLAIN", "AUTH=LOGIN"], "login": "xoauth2"}, "config", set(), "offers no login by XOAUTH2"),
    ("xoauth2-refused", I, {"auth": ["AUTH=XOAUTH2"], "login": "xoauth2", "refuse-login": True}, "config", set(), "did not let .* in"),
    ("xoauth2-wrong-name", I, {"auth": ["AUTH=XOAUTH2"], "login": "xoauth2", "cert": "hostile/wrong-name-server"}, "crypto", set(), "TLS cannot"),
    # what never ends, or never begins
    ("bye", I, {"greeting": b"* BYE too busy\r\n"}, "reject", set(), "no server should"),
    ("silent", I, {"silent": True}, "again", set(), "too long"),
    ("greeting-drip", I, {"drip": True}, "again", set(), "too long"),
    ("greeting-endless", I, {"endless-greeting": True}, "reject", set(), "does not end"),
    ("capability-endless", I, {"endless-capability": True}, "reject", set(), "does not end"),
    ("select-endless", I, {"endless-select": True}, "reject", set(), "does not end"),
    # the mailbox
    ("select-no", I, {"select-no": True}, "config", set(), "folder INBOX cannot be opened"),
    ("no-uidvalidity", I, {"validity": b""}, "reject", set(), "UIDVALIDITY"),
    ("uidvalidity-negative", I, {"validity": b"* OK [UIDVALIDITY -7] x\r\n"}, "reject", set(), "UIDVALIDITY"),
    ("uidvalidity-huge", I, {"validity": b"* OK [UIDVALIDITY 99999999999999999999] x\r\n"}, "reject", set(), "UIDVALIDITY"),
    ("four-billion-mails", I, {"exists": 4294967295}, "config", set(), "holds 4294967295 mails"),
    ("keeps-no-keywords", I, {"permanent": b"(\\Seen)"}, "ok", ALL, ""),
    ("no-keywords-no-move", I, {"permanent": b"()", "move": False}, "config", set(), "nothing could be marked"),
    ("no-move", I, {"move": False}, "ok", ALL, ""),
    ("search-no", I, {"search-no": True}, "config", set(), "looking for mails: it refused"),
    ("search-bye", I, {"search-bye": True}, "again", set(), "looking for mails"),
    ("uids-a-million", I, {"search": MILLION}, "reject", set(), "list of mails is none|does not end"),
    ("uids-more-than-asked", I, {"search": MANY}, "reject", set(), "list of mails is none"),
    ("uids-negative", I, {"search": b"* SEARCH -1 2\r\n"}, "reject", set(), "list of mails is none"),
    ("uids-huge", I, {"search": b"* SEARCH 99999999999999999999\r\n"}, "reject", set(), "list of mails is none"),
    ("uids-zero", I, {"search": b"* SEARCH 0\r\n"}, "reject", set(), "list of mails is none"),
    ("uids-of-nothing", I, {"search": b"* SEARCH 77 78 79\r\n"}, "ok", set(), ""),
    ("search-lists-what-is-not", I, {"search": b"* SEARCH 77 78 79\r\n", "search-again": b"* SEARCH 77 78 79\r\n"}, "reject", set(), "lists the mail and does not give it"),
    # mails
    ("size-negative", I, {"size": b"* 1 FETCH (UID UIDUID RFC822.SIZE -5)\r\n"}, "ok", ALL, ""),
    ("size-lies-large", I, {"size": b"* 1 FETCH (UID UIDUID RFC822.SIZE 99999999999)\r\n"}, "ok", set(), ""),
    ("literal-endless", I, {"body": z.endless}, "ok", {1, 3}, ""),
    ("literal-short", I, {"body": z.short}, "again", {1, 3}, "mail 2: .*too long"),
    ("literal-long", I, {"body": z.long}, "reject", {1, 3}, "mail 2: .*bytes of a mail|mail 2: .*no server should"),
    ("literal-huge", I, {"body": z.raw("* 1 FETCH (UID %(uid)d BODY[] {99999999999999999999}\r\nMAIL)\r\nTAG OK\r\n")}, "reject", {1, 3}, "mail 2: .*no server should"),
    ("literal-negative", I, {"body": z.raw("* 1 FETCH (UID %(uid)d BODY[] {-5}\r\nMAIL)\r\nTAG OK\r\n")}, "reject", {1, 3}, "mail 2: "),
    ("literal-drop", I, {"body": z.drop}, "again", {1, 3}, "mail 2: "),
    ("literal-drop-once", S, {"body": z.drop, "once": True}, "again", {1, 3}, "mail 2: "),
    ("literal-drip", I, {"body": z.drip}, "again", {1, 3}, "mail 2: .*too long"),
    ("body-quoted", I, {"body": z.raw('* 1 FETCH (UID %(uid)d BODY[] "MAIL")\r\nTAG OK\r\n')}, "reject", {1, 3}, "mail 2: .*no server should"),
    ("body-nil", I, {"body": z.raw("* 1 FETCH (UID %(uid)d BODY[] NIL)\r\nTAG OK\r\n")}, "reject", {1, 3}, "mail 2: .*no server should"),
    ("fetch-gone", I, {"body": z.raw("TAG OK gone\r\n"), "search-again": b"* SEARCH\r\n"}, "ok", {1, 3}, ""),
    ("fetch-nothing", I, {"body": z.raw("TAG OK gone\r\n")}, "reject", {1, 3}, "mail 2: .*lists the mail and does not give it"),
    ("fetch-no", I, {"body": z.raw("TAG NO no\r\n")}, "reject", {1, 3}, "mail 2: .*lists the mail and does not give it"),
    ("fetch-no-behind-literal", I, {"body": z.raw("* 1 FETCH (UID %(uid)d BODY[] {%(len)d}\r\nMAIL)\r\nTAG NO broken\r\n")}, "reject", {1, 3}, "mail 2: "),
    ("fetch-bye", I, {"body": z.bye}, "again", {1, 3}, "mail 2: "),
    ("another-mail", I, {"body": z.raw("* 3 FETCH (UID 3 BODY[] {%(len)d}\r\nMAIL)\r\nTAG OK\r\n")}, "reject", {1, 3}, "mail 2: .*another mail"),
    ("mail-without-number", I, {"body": z.raw("* 3 FETCH (BODY[] {%(len)d}\r\nMAIL)\r\nTAG OK\r\n")}, "reject", {1, 3}, "mail 2: .*another mail"),
    ("lines-endless-behind", I, {"body": z.endless_lines}, "reject", {1}, "does not end"),
    ("new-uidvalidity", I, {"body": z.new_validity}, "again", {1}, "."),
    # the mark
    ("store-no", I, {"store-no": True}, "config", ALL, "marking mails as taken: it refused"),
    ("store-drop", I, {"store-drop": True}, "again", ALL, "marking mails as taken"),
    ("move-no", I, {"move-no": True}, "ok", ALL, ""),
]


def poll(probe, folder, certs, server, tls, login):
    start = time.monotonic()
    done = subprocess.run([probe, "localhost", str(server.port), tls, certs / "ca.pem", z.USER, folder / "secret", login, "INBOX"],
                          capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    given = {}
    for line in lines:
        word = line.split()
        if word[0] == "mail":
            given.setdefault(int(word[1]), []).append(word[3])
    large = {int(l.split()[1]) for l in lines if l.startswith("large")}
    code, kept, _, _, words = (lines[-1].split(" ", 5) + [""])[1:6] if lines and lines[-1].startswith("end") else ("died", "0", "", "", done.stderr)
    return code, given, large, words, time.monotonic() - start


def examine(row, probe, folder, certs):
    name, tls, how, code, mails, words = row
    faults = []
    server = z.Server(certs, how, tls == I)
    login = how.get("login", "plain")
    got, given, large, said, seconds = poll(probe, folder, certs, server, tls, login)
    whole = {u for u, hashes in given.items() if hashes == [hashlib.sha256(z.MAILS[u]).hexdigest()]}
    if got != code:
        faults.append(f"code {got}, not {code}")
    if set(given) != whole:
        faults.append(f"half or twice: {set(given) - whole}")
    if whole != mails:
        faults.append(f"mails {whole}, not {mails}")
    if not re.search(words, said) or (code != "ok" and not said):
        faults.append("words")
    if z.PASSWORD in said:
        faults.append("the password is in the words")
    if server.seen.clear:
        faults.append(f"in the clear: {server.seen.clear[:60]}")
    if "offers no login" in words and server.seen.logins:
        faults.append("a login that was not offered")
    if code == "crypto" and server.seen.logins:
        faults.append("logged in without verified TLS")
    if not server.seen.marked | server.seen.moved <= whole | large:
        faults.append(f"marked {server.seen.marked} that were not handed over")
    if code == "ok" and not (server.seen.marked | server.seen.moved >= whole):
        faults.append("not marked")
    if seconds > 200:  # on a machine that does much else; some 30 alone
        faults.append("it does not end by itself")
    server.how = {} if login == "plain" else {"auth": ["AUTH=XOAUTH2"]}
    then, rest, *_ = poll(probe, folder, certs, server, tls, login)
    left = set(z.MAILS) - (server.seen.moved | large if how.get("permanent") else server.seen.marked - set(rest))
    if then != "ok" or set(rest) | server.seen.marked | server.seen.moved != ALL:
        faults.append(f"cured, the next poll: {then} {sorted(rest)} {left}")
    if name.startswith("store-") and set(rest) != ALL:
        faults.append("what was not marked did not come again")
    server.close()
    return name, tls, got, sorted(whole), sorted(large), sorted(rest), seconds, said, faults


def main():
    probe = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="wardgate-imapzoo-") as name:
        folder = pathlib.Path(name)
        certs = folder / "certs"
        subprocess.run([ROOT / "certs-example/make", certs, "--smime-key", "ec"], check=True, stdout=subprocess.DEVNULL)
        (folder / "secret").write_text(z.PASSWORD + "\n")
        (folder / "secret").chmod(0o600)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            results = list(pool.map(lambda row: examine(row, probe, folder, certs), ZOO))
    bad = 0
    print(f"{'server':26} {'tls':8} {'poll':7} {'taken':9} {'large':6} {'then':9} {'s':>5}  words")
    for name, tls, code, whole, large, rest, seconds, said, faults in results:
        show = lambda uids: ",".join(map(str, uids)) or "-"
        print(f"{name:26} {tls:8} {code:7} {show(whole):9} {show(large):6} {show(rest):9} {seconds:5.1f}  {said}")
        for fault in faults:
            bad += 1
            print(f"    WRONG: {fault}")
    print(f"{len(results)} servers, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
