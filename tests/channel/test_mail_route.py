#!/usr/bin/python3
"""The way to mail servers, through a signed tree of zones (BIND), a relay that loses and forges answers, and a web server
for MTA-STS policies. Each case is a zone of its own; what is decided for it is printed as a table."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mail_world as world

PROBE = os.environ.get("WARDGATE_ROUTE_PROBE", "build/release/bin/route_probe")
SHIFT = os.environ.get("WARDGATE_CLOCK_SHIFT", "build/release/bin/clock_shift.so")
PORT = 2525
HOST = "mx IN A 127.0.0.1\n"
ONE = "@ IN MX 10 mx\n" + HOST
DIGEST = hashlib.sha256(b"specimen").hexdigest()
EE = f"TLSA 3 1 1 {DIGEST}"


def at(host, record=EE, port=PORT):
    return f"_{port}._tcp.{host} IN {record}\n"


def sts(more="", address=True):
    return '_mta-sts IN TXT "v=STSv1; id=1;"\n' * (not more) + more + "mta-sts IN A 127.0.0.1\n" * address


class Case:
    """domain: also the zone. code and hops: what is expected; hops: "HOW names0" of each."""

    def __init__(self, domain, words, records, code, hops=(), how="signed", policy=None, extra=(), says="", prepare=None):
        self.domain, self.words, self.code, self.hops = domain + ".example", words, code, list(hops)
        self.policy, self.says, self.prepare = policy, says, prepare
        self.zones = [world.Zone(self.domain, records, how), *extra]
        self.asked = self.domain


def lost(name, kind):
    return lambda w: w.relay.lose.add((name, kind))


def forge(name, kind, rdata):
    return lambda w: w.relay.forged.__setitem__((name, kind), rdata)


def plain(body, status=200, kind="text/plain"):
    return (status, kind, body)


GOOD = plain(world.policy(mx=("mx.{domain}",)))
OTHER = plain(world.policy(mx=("mail.elsewhere.example",)))
UNSIGNED = "unsigned"
FORGED_MX = b"\0\x0a\4evil\4test\0"

CASES = [
    # DANE
    Case("dane-ee", "secure MX, TLSA 3 1 1", ONE + at("mx"), "ok", ["DANE mx.dane-ee.example"]),
    Case("dane-ta", "secure MX, TLSA 2 0 1", ONE + at("mx", f"TLSA 2 0 1 {DIGEST}"), "ok", ["DANE mx.dane-ta.example"]),
    Case("dane-nsec3", "the same, denials by NSEC3", ONE + at("mx"), "ok", ["DANE mx.dane-nsec3.example"], how="nsec3"),
    Case("dane-two", "two servers, the better preference first", "@ IN MX 20 b\n@ IN MX 10 a\na IN A 127.0.0.1\nb IN A 127.0.0.1\n" + at("a") + at("b"),
         "ok", ["DANE a.dane-two.example", "DANE b.dane-two.example"]),
    Case("dane-half", "TLSA for one of two: the other does not count", "@ IN MX 10 a\n@ IN MX 20 b\na IN A 127.0.0.1\nb IN A 127.0.0.1\n" + at("b"), "ok",
         ["DANE b.dane-half.example"], says="a.dane-half.example (without DANE)"),
    Case("dane-alias", "TLSA through a CNAME", ONE + f"_{PORT}._tcp.mx IN CNAME tlsa\ntlsa IN {EE}\n", "ok", ["DANE mx.dane-alias.example"]),
    Case("dane-port", "TLSA for another port only", ONE + at("mx", port=25), "ok", ["name mx.dane-port.example"]),
    Case("dane-usable", "usable beside unusable: only the usable ones count", ONE + at("mx") + at("mx", f"TLSA 1 1 1 {DIGEST}"), "ok",
         ["DANE mx.dane-usable.example"]),
    Case("unusable", "secure MX, TLSA 0, 1, and of unknown kinds", ONE + at("mx", f"TLSA 0 1 1 {DIGEST}") + at("mx", f"TLSA 1 1 1 {DIGEST}") +
         at("mx", "TLSA 3 1 9 0011"), "ok", ["name mx.unusable.example"]),
    Case("no-tlsa", "secure MX, TLSA proven absent (NSEC)", ONE, "ok", ["name mx.no-tlsa.example"]),
    Case("no-tlsa3", "secure MX, TLSA proven absent (NSEC3)", ONE, "ok", ["name mx.no-tlsa3.example"], how="nsec3"),
    Case("outside", "secure MX, host in an unsigned zone with TLSA", "@ IN MX 10 mx.plain.test.\n", "ok", ["name mx.plain.test"]),
    Case("bogus-tlsa", "signatures over TLSA wrong", ONE + at("mx"), "crypto", how="broken:TLSA", says="bogus DNSSEC"),
    Case("bogus-mx", "signatures over MX wrong", ONE + at("mx"), "crypto", how="broken:MX", says="do not fit their signatures"),
    Case("bogus-a", "signatures over the address wrong", ONE + at("mx"), "crypto", how="broken:A", says="bogus DNSSEC"),
    Case("bogus-denial", "no TLSA, signatures over NSEC wrong", ONE, "crypto", how="broken:NSEC"),
    Case("expired", "signatures ran out", ONE + at("mx"), "crypto", how="expired"),
    Case("forged-mx", "a forged MX, without a signature", ONE + at("mx"), "crypto", prepare=forge("forged-mx.example", world.MX, FORGED_MX)),
    Case("forged-tlsa", "a forged TLSA, without a signature", ONE + at("mx"), "crypto",
         prepare=forge(f"_{PORT}._tcp.mx.forged-tlsa.example", world.TLSA, b"\3\1\1" + bytes(32))),
    Case("lost-mx", "no answer for MX", ONE + at("mx"), "again", prepare=lost("lost-mx.example", world.MX)),
    Case("lost-tlsa", "no answer for TLSA", ONE + at("mx"), "again", prepare=lost(f"_{PORT}._tcp.mx.lost-tlsa.example", world.TLSA)),
    Case("servfail", "SERVFAIL for all of the zone", ONE, "again", how="missing"),
    Case("servfail-tlsa", "SERVFAIL for TLSA", ONE, "again", extra=[world.Zone("_tcp.mx.servfail-tlsa.example", "", "missing")]),
    Case("half-lost", "TLSA of one server lost, of the other there", "@ IN MX 10 a\n@ IN MX 20 b\na IN A 127.0.0.1\nb IN A 127.0.0.1\n" + at("a") + at("b"),
         "ok", ["DANE b.half-lost.example"], prepare=lost(f"_{PORT}._tcp.a.half-lost.example", world.TLSA), says="DNS did not answer"),
    Case("half-lost-none", "TLSA of one server lost, of the other absent", "@ IN MX 10 a\n@ IN MX 20 b\na IN A 127.0.0.1\nb IN A 127.0.0.1\n" + at("a"),
         "again", prepare=lost(f"_{PORT}._tcp.a.half-lost-none.example", world.TLSA)),
    # aliases
    Case("mx-alias", "MX to a CNAME, TLSA at its target", "@ IN MX 10 mx\nmx IN CNAME real\nreal IN A 127.0.0.1\n" + at("real"), "ok",
         ["DANE real.mx-alias.example"]),
    Case("mx-alias-own", "MX to a CNAME, TLSA at the alias", "@ IN MX 10 mx\nmx IN CNAME real\nreal IN A 127.0.0.1\n" + at("mx"), "ok",
         ["DANE mx.mx-alias-own.example"]),
    Case("mx-alias-out", "MX to a signed CNAME into an unsigned zone, TLSA at the alias", "@ IN MX 10 mx\nmx IN CNAME mx.plain.test.\n" + at("mx"), "ok",
         ["DANE mx.mx-alias-out.example"]),
    Case("alias", "the domain is an alias of another", "www IN CNAME dane-ee.example.\n", "ok", ["DANE mx.dane-ee.example"]),
    # no MX, no mail
    Case("a-only", "no MX, an IPv4 address, TLSA", "@ IN A 127.0.0.1\n" + at("@").replace(".@", ""), "ok", ["DANE a-only.example"]),
    Case("aaaa-only", "no MX, an IPv6 address, TLSA", "@ IN AAAA ::1\n" + at("@").replace(".@", ""), "ok", ["DANE aaaa-only.example"]),
    Case("a-name", "no MX, an address, no TLSA", "@ IN A 127.0.0.1\n", "ok", ["name a-name.example"]),
    Case("a-plain", "no MX, an address, unsigned: its own name", "@ IN A 127.0.0.1\n", "ok", ["name a-plain.example"], how=UNSIGNED),
    Case("nothing", "neither MX nor address", "@ IN TXT none\n", "reject"),
    Case("null-mx", "null MX (RFC 7505)", "@ IN MX 0 .\n@ IN A 127.0.0.1\n", "reject", says="takes no mail"),
    Case("gone", "no such domain, proven", "@ IN TXT none\n", "reject", says="there is no domain"),
    Case("gone-plain", "no such domain, said without a signature", "@ IN TXT none\n", "again", how=UNSIGNED),
    Case("no-address", "MX to a host without an address", "@ IN MX 10 mx\nmx IN TXT none\n", "again", says="has an address"),
    # without DNSSEC
    Case("plain", "unsigned, no policy", ONE, "config", how=UNSIGNED, says="publishes neither DANE nor"),
    Case("plain-tlsa", "unsigned zone with TLSA records", ONE + at("mx"), "config", how=UNSIGNED),
    Case("no-ds", "signed, but no DS above it", ONE + at("mx"), "config", how="no-ds"),
    Case("plain-allowed", "unsigned, let pass by the configuration", ONE, "ok", ["name mx.plain-allowed.example"], how=UNSIGNED),
    Case("plain-dane", "unsigned MX to a host with DANE of its own", "@ IN MX 10 mx.dane-ee.example.\n", "config", how=UNSIGNED),
    # MTA-STS
    Case("sts", "unsigned, policy enforced, names the server", ONE + sts(), "ok", ["MTA-STS mx.sts.example"], how=UNSIGNED, policy=GOOD),
    Case("sts-half", "policy names one of two", "@ IN MX 10 a\n@ IN MX 20 mx\na IN A 127.0.0.1\n" + HOST + sts(), "ok", ["MTA-STS mx.sts-half.example"],
         how=UNSIGNED, policy=GOOD, says="not named by the MTA-STS policy"),
    Case("sts-wild", "policy with a wildcard", ONE + sts(), "ok", ["MTA-STS mx.sts-wild.example"], how=UNSIGNED, policy=plain(world.policy(mx=("*.{domain}",)))),
    Case("sts-other", "policy names another server", ONE + sts(), "crypto", how=UNSIGNED, policy=OTHER, says="no mail server"),
    Case("sts-signed", "secure MX, no TLSA, policy names the server", ONE + sts(), "ok", ["MTA-STS mx.sts-signed.example"], policy=GOOD),
    Case("sts-signed-other", "secure MX, no TLSA, policy names another", ONE + sts(), "crypto", policy=OTHER),
    Case("sts-dane-host", "unsigned MX, policy names a host with DANE", "@ IN MX 10 mx.dane-ee.example.\n" + sts(), "ok", ["DANE mx.dane-ee.example"],
         how=UNSIGNED, policy=plain(world.policy(mx=("mx.dane-ee.example",)))),
    Case("sts-testing", "policy in testing", ONE + sts(), "config", how=UNSIGNED, policy=plain(world.policy("testing"))),
    Case("sts-none", "policy none", ONE + sts(), "config", how=UNSIGNED, policy=plain(world.policy("none", mx=()))),
    Case("sts-wrong-name", "policy server with another name's certificate", ONE + sts(), "again", how=UNSIGNED, policy=GOOD, says="did not prove its name",
         prepare=lambda w: w.policies.wrong_hosts.add("mta-sts.sts-wrong-name.example")),
    Case("sts-big", "policy of 100 KB", ONE + sts(), "again", how=UNSIGNED, policy=plain(world.policy() + b"x: y\n" * 20000), says="too long"),
    Case("sts-redirect", "policy server answers with a redirect", ONE + sts(), "again", how=UNSIGNED, policy=plain(world.policy(), 302), says="redirects"),
    Case("sts-html", "policy is text/html", ONE + sts(), "again", how=UNSIGNED, policy=plain(world.policy(), kind="text/html"), says="text/plain"),
    Case("sts-404", "policy is not there", ONE + sts(), "again", how=UNSIGNED, policy=plain(b"", 404), says="404"),
    Case("sts-words", "policy is no policy", ONE + sts(), "again", how=UNSIGNED, policy=plain(b"hello\n"), says="not an MTA-STS policy"),
    Case("sts-silent", "policy server never answers", ONE + sts(), "again", how=UNSIGNED, policy=(0, "", b""), says="Timeout"),
    Case("sts-no-address", "policy server without an address", ONE + sts(address=False), "again", how=UNSIGNED),
    Case("sts-twice", "two TXT records: no policy", ONE + sts('_mta-sts IN TXT "v=STSv1; id=1;"\n_mta-sts IN TXT "v=STSv1; id=2;"\n'), "config", how=UNSIGNED, policy=GOOD),
    Case("sts-beside", "TXT records of other kinds beside", ONE + sts('_mta-sts IN TXT "v=STSv1; id=1;"\n_mta-sts IN TXT "verify=0815"\n'), "ok",
         ["MTA-STS mx.sts-beside.example"], how=UNSIGNED, policy=GOOD),
    Case("sts-lost", "no answer whether there is a policy", ONE + sts(), "again", how=UNSIGNED, policy=GOOD, prepare=lost("_mta-sts.sts-lost.example", world.TXT)),
    # DANE decides first
    Case("rescue-bogus", "TLSA bogus, the policy would let it pass", ONE + at("mx") + sts(), "crypto", how="broken:TLSA", policy=GOOD),
    Case("rescue-lost", "TLSA lost, the policy would let it pass", ONE + at("mx") + sts(), "again", policy=GOOD,
         prepare=lost(f"_{PORT}._tcp.mx.rescue-lost.example", world.TLSA)),
    Case("rescue-dane", "TLSA there, the policy would let its name pass", ONE + at("mx") + sts(), "ok", ["DANE mx.rescue-dane.example"], policy=GOOD),
    Case("dane-other-sts", "TLSA there, the policy names another", ONE + at("mx") + sts(), "ok", ["DANE mx.dane-other-sts.example"], policy=OTHER),
]


class World:
    def __init__(self, when_done):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-zones-"))
        when_done(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        zones = [world.Zone("", ""), world.Zone("example", ""), world.Zone("test", "ns IN A 127.0.0.1\n"),
                 world.Zone("plain.test", "mx IN A 127.0.0.1\n" + at("mx"), "unsigned")]
        for case in CASES:
            zones += case.zones
        self.names = world.Names(self.folder, zones).make().start()
        when_done(self.names.stop)
        self.relay = world.Relay(self.names.port)
        when_done(self.relay.stop)
        self.authority = world.Authority(self.folder)
        right = self.authority.issue("sts", ["mta-sts." + case.domain for case in CASES])
        wrong = self.authority.issue("wrong", ["mta-sts.elsewhere.example"])
        self.policies = world.Policies(right, wrong)
        when_done(self.policies.stop)
        self.remembered = self.folder / "remembered"
        self.remembered.mkdir()
        for case in CASES:
            if case.policy is not None:
                status, kind, body = case.policy
                body = body.replace(b"{domain}", case.domain.encode())
                self.policies.answers["mta-sts." + case.domain] = (status, kind, body)
            if case.prepare is not None:
                case.prepare(self)

    def ask(self, *domains, remember=False, confine=False, anchor=None, port=None, words=None, env=None):
        words = words if words is not None else [
            anchor or self.folder / "anchor", f"127.0.0.1@{port or self.relay.port}", self.authority.pem, self.remembered if remember else "",
            self.policies.port, "plain-allowed.example sts-other.example", PORT]
        done = subprocess.run([PROBE, *map(str, words), *["confine"] * confine], input="".join(d + "\n" for d in domains), text=True, capture_output=True,
                              timeout=300, check=False, env=os.environ | (env or {}))
        if done.returncode != 0:
            raise AssertionError(f"the probe ended with {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


class MailRoute(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.addClassCleanup)

    def one(self, domain, **how):
        return self.world.ask(domain, **how)[0]

    def test_every_case(self):
        names = {"alias": "www.alias.example", "gone": "nobody.gone.example", "gone-plain": "nobody.gone-plain.example"}
        domains = [names.get(case.domain.partition(".")[0], case.domain) for case in CASES]
        parts = [domains[i::4] for i in range(4)] # those that wait, wait side by side
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = list(pool.map(lambda part: self.world.ask(*part), parts))
        answers = {}
        for part, said in zip(parts, running):
            answers.update(zip(part, said))
        wrong = []
        for case, domain in zip(CASES, domains):
            got = answers[domain]
            hops = [f"{hop['how']} {hop['names'][0]}" for hop in got["hops"]]
            good = got["code"] == case.code and hops == case.hops and case.says in got["words"]
            print(f"{'' if good else 'WRONG '}{case.words:62} {got['code']:7} {got['ms']:6} ms  {', '.join(hops) or got['words']}")
            if not good:
                wrong.append((domain, case.code, case.hops, case.says, got))
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(CASES), 25)

    def test_details(self):
        got = self.one("dane-two.example")
        self.assertEqual([hop["preference"] for hop in got["hops"]], [10, 20])
        self.assertEqual(got["hops"][0]["tlsa"], ["3 1 1"])
        self.assertEqual(got["hops"][0]["port"], PORT)
        self.assertEqual(got["hops"][0]["addresses"], ["127.0.0.1"])
        self.assertEqual(self.one("dane-usable.example")["hops"][0]["tlsa"], ["3 1 1"])
        self.assertEqual(self.one("aaaa-only.example")["hops"][0]["addresses"], ["::1"])
        alias = self.one("www.alias.example")["hops"][0]
        self.assertEqual(alias["names"], ["mx.dane-ee.example", "www.alias.example", "dane-ee.example"]) # RFC 7672 3.2.2
        self.assertEqual(self.one("DANE-EE.Example")["hops"][0]["names"][0], "mx.dane-ee.example")
        self.assertEqual(self.one("not a domain")["code"], "reject")

    def test_not_asked(self):
        """Where DANE decides, no policy is fetched."""
        before = len(self.world.policies.asked)
        self.one("rescue-bogus.example")
        self.one("rescue-dane.example")
        self.assertEqual(len(self.world.policies.asked), before)
        self.one("sts.example")
        self.assertEqual(self.world.policies.asked[before:], [("mta-sts.sts.example", "/.well-known/mta-sts.txt")])

    def test_anchor(self):
        """Nothing is secure under another anchor, and no anchor is no resolver."""
        folder = self.world.folder
        other = folder / "other-anchor"
        run = subprocess.run([world.tool("dnssec-keygen"), "-q", "-K", str(folder), "-a", world.ALGORITHM, "-f", "KSK", "."], capture_output=True, text=True, check=True)
        other.write_text((folder / (run.stdout.strip() + ".key")).read_text())
        self.assertEqual(self.one("dane-ee.example", anchor=other)["code"], "crypto")
        self.assertEqual(self.one("dane-ee.example", anchor=folder / "nowhere")["code"], "config")
        (folder / "empty").write_text("this is no anchor\n")
        self.assertEqual(self.one("dane-ee.example", anchor=folder / "empty")["code"], "config")
        (folder / "blank").write_text("")
        self.assertEqual(self.one("dane-ee.example", anchor=folder / "blank")["code"], "config")
        (folder / "damaged").write_text(". IN DS this is none\n")
        self.assertEqual(self.one("dane-ee.example", anchor=folder / "damaged")["code"], "config")
        dead = self.one("dane-ee.example", port=world.free_port())
        self.assertEqual(dead["code"], "again")
        self.assertLess(dead["ms"], 40000)

    def forget(self):
        for file in self.world.remembered.iterdir():
            file.unlink()

    def test_remembered(self):
        """A policy that was enforced holds until it expires, whoever stops DNS or HTTPS."""
        self.forget()
        domain, host = "sts.example", "mta-sts.sts.example"
        w = self.world
        answer = w.policies.answers[host]
        self.assertEqual(self.one(domain, remember=True)["code"], "ok")
        count = len(w.policies.asked)
        self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
        self.assertEqual(len(w.policies.asked), count, "the same id is not fetched again")
        try:
            w.relay.lose.add((f"_mta-sts.{domain}", world.TXT))
            self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
            self.assertEqual(self.one(domain)["code"], "again") # the control: not remembered
            w.relay.lose.clear()
            # another id, and the server gone
            w.relay.forged[f"_mta-sts.{domain}", world.TXT] = b"\x0ev=STSv1; id=2;"
            w.policies.answers[host] = (404, "text/plain", b"")
            self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
            # no TXT record any more: an empty one stands for it
            w.relay.forged[f"_mta-sts.{domain}", world.TXT] = b"\x00"
            self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
            self.assertEqual(self.one(domain)["code"], "config") # the control
            # another id and a policy that names another server: it counts at once
            w.relay.forged[f"_mta-sts.{domain}", world.TXT] = b"\x0ev=STSv1; id=3;"
            w.policies.answers[host] = OTHER
            self.assertEqual(self.one(domain, remember=True)["code"], "crypto")
            # and is remembered, also over the return of the old one under the same id
            w.policies.answers[host] = answer
            self.assertEqual(self.one(domain, remember=True)["code"], "crypto")
            # mode none, under a new id, ends it
            w.relay.forged[f"_mta-sts.{domain}", world.TXT] = b"\x0ev=STSv1; id=4;"
            w.policies.answers[host] = plain(world.policy("none", mx=()))
            self.assertEqual(self.one(domain, remember=True)["code"], "config")
        finally:
            w.relay.lose.clear()
            w.relay.forged.pop((f"_mta-sts.{domain}", world.TXT), None)
            w.policies.answers[host] = answer
            for case in CASES:
                if case.prepare is not None:
                    case.prepare(w)

    def test_expired(self):
        """What has expired is not remembered."""
        self.forget()
        domain, w = "sts-404.example", self.world
        name = hashlib.sha256(domain.encode()).hexdigest() + ".sts"
        body = world.policy(mx=("mx." + domain,), max_age=3600).decode()

        def remember(seconds_ago):
            when = int((time.time() - seconds_ago) * 1000)
            (w.remembered / name).write_text(f"wardgate-sts-1 {domain} 1 {when}\n{body}")
        remember(60)
        self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
        remember(3599 - 86400 * 2) # the clock was set back: it is from the future, and holds
        self.assertEqual(self.one(domain, remember=True)["hops"][0]["how"], "MTA-STS")
        remember(3601)
        self.assertEqual(self.one(domain, remember=True)["code"], "again")

    def test_another_clock(self):
        """Signatures count by the gateway's time, whatever year the machine's clock says."""
        years = {"LD_PRELOAD": SHIFT, "CLOCK_SHIFT": str(3652 * 24 * 3600 * 1000), "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.assertEqual(self.one("dane-ee.example", env=years)["code"], "crypto")
        self.assertEqual(self.one("dane-ee.example", env=years | {"HEARD": str(int(time.time() * 1000))})["code"], "ok")
        self.assertEqual(self.one("dane-ee.example", env={"HEARD": str(int(time.time() + 3652 * 24 * 3600) * 1000)})["code"], "crypto")

    def test_confined(self):
        """The same as the deliver role may: its filter of system calls and its files."""
        self.forget()
        answers = self.world.ask("dane-ee.example", "sts.example", "bogus-tlsa.example", "plain.example", remember=True, confine=True)
        self.assertEqual([a["code"] for a in answers], ["ok", "ok", "crypto", "config"])
        self.assertEqual(len(list(self.world.remembered.iterdir())), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
