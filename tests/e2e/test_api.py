#!/usr/bin/env python3
"""The HTTPS interface as integrators meet it, every answer held against ops/openapi.yaml; the page to confirm on as people and
machines meet it."""
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import api
import test_gateway as g
import world as w

POLICE, PLACING = "staffordshire-police", "derbyshire"


class Case(g.Case):
    """A host gateway alone: the placing authority fetches, its police fetches plain XML, the host's own desk has mail."""
    @classmethod
    def setUpClass(cls):
        cls.confirm_port = w.free_port()
        cls.how = {("derbyshire", "front-door"): 'channel="pull"', ("derbyshire-police", "missing"): 'channel="pull" format="xml"'}
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-e2e-"))
        cls.world = w.World(cls.folder)
        cls.world.how = cls.how
        cls.world.make_pki()
        mine, port = cls.world.pki / "staffordshire", w.free_port()
        cls.host = cls.world.gateways["staffordshire"] = w.Gateway(cls.world, "staffordshire", port)
        cls.gateways = [cls.host]
        cls.host.intake = (f'\n    <acknowledge address="127.0.0.1" port="{cls.confirm_port}" certificate="{mine}/server.pem"'
                           f' key="{mine}/server.key" url="https://localhost:{cls.confirm_port}/confirm"/>')
        cls.host.write(cls.world.gateways, cls.world.start_mail(), ("staffordshire-police",))
        cls.host.start()

    def ask(self, method, path, body=None, headers=None, who=POLICE):
        """The answer, after it was held against the description; a JSON body already read."""
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {"Content-Type": "application/json"} | (headers or {})
        status, headers, body = self.request(method, path, body, headers, who)
        api.check(method, path, status, headers, body)
        kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "")
        return status, headers, json.loads(body) if "json" in kind else body

    def post(self, data, key=None, **more):
        headers = {"Content-Type": "message/rfc822"} | ({"Idempotency-Key": key} if key else {})
        return self.ask("POST", "/v1/notices", data, headers, **more)

    def listed(self, message, who=PLACING):
        """The item of the inbox that came of a message."""
        def look():
            items = self.ask("GET", "/v1/inbox?limit=500", who=who)[2]["items"]
            return next((i for i in items if i["reference"].startswith(message)), None)
        return w.wait_for(f"a copy of {message} lies in the inbox of {who}", 60, look)

    def fresh(self, reference, who=PLACING):
        return self.listed(self.post(g.report(reference))[2]["id"], who)


class HandingIn(Case):
    def test_description(self):
        self.assertGreater(api.lint(), 5)
        status, headers, body = self.ask("GET", "/v1/openapi.yaml")
        self.assertEqual((status, body), (200, (ROOT / "ops/openapi.yaml").read_bytes()))

    def test_receipt_and_again(self):
        first = self.post(g.report("API-1"), "k-1")
        again = self.post(g.report("API-1"), "k-1")
        self.assertEqual(first[0], 202)
        self.assertEqual(again[2]["id"], first[2]["id"])
        status, _, found = self.ask("GET", dict(first[1])["Location"])
        self.assertEqual((status, found["id"]), (200, first[2]["id"]))
        self.assertEqual(self.ask("GET", first[1]["Location"], who=PLACING)[0], 404)

    def test_reused_key_says_what_was_taken(self):
        first = self.post(g.report("API-2"), "k-2")[2]["id"]
        status, _, problem = self.post(g.report("API-3"), "k-2")
        self.assertEqual((status, problem["type"]), (422, "urn:wardgate:problem:key-reused"))
        self.assertEqual(problem["receipt-id"], first)

    def test_refusals_are_problems(self):
        notice = g.report("API-4")
        for want, method, path, body, headers in (
                (415, "POST", "/v1/notices", notice, {}),
                (415, "POST", "/v1/notices", b"\x00\x01", {"Content-Type": "application/x-nothing"}),
                (400, "POST", "/v1/notices", notice, {"Content-Type": "message/rfc822", "Idempotency-Key": "a b"}),
                (417, "POST", "/v1/notices", notice, {"Content-Type": "message/rfc822", "Expect": "tea"}),
                (405, "GET", "/v1/notices", None, {}),
                (405, "POST", "/v1/notices/x", b"", {}),
                (405, "POST", "/v1/inbox", b"", {}),
                (405, "GET", "/v1/receipts", None, {}),
                (405, "GET", "/v1/inbox/01kaw3q6k4m2s8t0v5x7z9b1d3/ack", None, {}),
                (405, "POST", "/v1/inbox/01kaw3q6k4m2s8t0v5x7z9b1d3", b"", {}),
                (404, "GET", "/v1/notices/../../etc", None, {}),
                (404, "GET", "/v1/elsewhere", None, {}),
                (404, "GET", "/v1/inbox/01kaw3q6k4m2s8t0v5x7z9b1d3", None, {}),
                (404, "GET", "/v1/inbox/01kaw3q6k4m2s8t0v5x7z9b1d3/more", None, {}),
                (501, "DELETE", "/v1/notices", None, {}),
                (431, "POST", "/v1/notices", b"", {"X-Long": "x" * 20000})):
            status, _, problem = self.request(method, path, body, headers)
            self.assertEqual(status, want, f"{method} {path}: {problem[:200]}")
            self.assertIn(b'"type":"urn:wardgate:problem:', problem)
            if want not in (501,):
                api.check(method, path, status, {"Content-Type": "application/problem+json", "Content-Length": len(problem), "Allow": "x"},
                          problem)

    def test_health_and_trace(self):
        self.assertEqual(self.ask("GET", "/health/live")[2], {"status": "ok"})
        self.assertEqual(self.ask("GET", "/health/ready")[2], {"status": "ok"})
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for parent, logged in ((f"00-{trace}-00f067aa0ba902b7-01", True), (f"00-{trace}", False), ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", False)):
            offset = self.host.log.stat().st_size
            self.ask("POST", "/v1/notices", g.report("API-5"), {"Content-Type": "message/rfc822", "traceparent": parent})
            lines = [l for l in self.host.log_lines(offset) if l["event"].startswith("accepted")]
            self.assertEqual([l.get("trace") == trace for l in lines], [logged])

    def test_a_store_that_says_nothing(self):
        """Whoever asks is told to come again, and it stops nobody who asks for something else."""
        store = self.host.roles()["store"]
        self.assertEqual(self.ask("GET", "/v1/inbox", who=PLACING)[0], 200)
        os.kill(store, signal.SIGSTOP)
        try:
            for path in ("/v1/inbox", "/v1/notices/01kaw3q6k4m2s8t0v5x7z9b1d3", "/v1/inbox/01kaw3q6k4m2s8t0v5x7z9b1d3"):
                self.assertEqual(self.ask("GET", path, who=PLACING)[0], 503)
            self.assertEqual(self.ask("GET", "/health/live")[0], 200)
        finally:
            os.kill(store, signal.SIGCONT)
        w.wait_for("it answers again", 60, lambda: self.ask("GET", "/v1/inbox", who=PLACING)[0] == 200)
        self.assertEqual(self.host.roles()["store"], store)

    def test_a_store_that_does_not_read(self):
        """Large documents for it are kept and hold nobody up; whether they are taken is said in time, and they are taken once."""
        store = self.host.roles()["store"]
        large = [(f"API-LARGE-{i}", g.report(f"API-LARGE-{i}") + b"\r\n" + b"x" * 70 + b"\r\n" * (4 << 20)) for i in range(3)]

        def offer(document):
            try:
                return self.post(document[1], key=document[0])
            except OSError:  # refused before it was read
                return None
        os.kill(store, signal.SIGSTOP)
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                sent = [pool.submit(offer, d) for d in large]
                small = pool.submit(offer, ("API-SMALL", g.report("API-SMALL")))
                while not concurrent.futures.wait([small], timeout=0.5).done:
                    self.assertEqual(self.ask("GET", "/health/live")[0], 200)
                told = [s.result() for s in (small, *sent) if s.result()]
            self.assertLessEqual({status for status, _, _ in told}, {503})
            self.assertTrue(all("Retry-After" in headers for _, headers, _ in told))
        finally:
            os.kill(store, signal.SIGCONT)
        for document in large:
            receipt = w.wait_for(f"{document[0]} is taken", 60, lambda: (lambda r: r if r and r[0] == 202 else None)(offer(document)))
            self.assertEqual(offer(document)[2]["id"], receipt[2]["id"])
        self.assertEqual(self.host.roles()["store"], store)

    def test_large_is_refused_before_it_is_sent(self):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")
        context.load_cert_chain(self.world.pki / POLICE / "client.pem", self.world.pki / POLICE / "client.key")
        connection = http.client.HTTPSConnection("localhost", self.host.port, timeout=w.PATIENCE_S, context=context)
        connection.putrequest("POST", "/v1/notices")
        for name, value in (("Content-Type", "message/rfc822"), ("Content-Length", "99999999"), ("Expect", "100-continue")):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        api.check("POST", "/v1/notices", answer.status, dict(answer.getheaders()), body)
        self.assertEqual(answer.status, 413)
        connection.close()


class Fetching(Case):
    def test_list_fetch_acknowledge(self):
        message = self.post(g.report("PULL-1"))[2]["id"]
        item = self.listed(message)
        self.assertEqual((item["desk"], item["kind"], item["state"]), ("front-door", "missing", "sealed"))
        path = f"/v1/inbox/{item['delivery']}"
        status, headers, sealed = self.ask("GET", path, who=PLACING)
        self.assertEqual((status, len(sealed)), (200, item["size"]))
        self.assertEqual(headers["ETag"].strip('"'), hashlib.sha256(sealed).hexdigest())
        self.assertEqual(headers["Wardgate-Reference"], item["reference"])
        self.assertNotIn(b"Canaryname", sealed)
        (self.folder / "pulled.der").write_bytes(sealed)
        mine = self.world.pki / PLACING
        opened = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", self.folder / "pulled.der", "-recip", mine / "smime.pem",
                                 "-inkey", mine / "smime.key"], capture_output=True, check=True).stdout
        self.assertIn(b"signed-data", opened)
        self.assertEqual(self.ask("GET", path, who=PLACING)[2], sealed)  # again: the same bytes
        self.assertEqual(self.listed(message)["state"], "handed-over")   # stays until a person has it
        status, _, problem = self.ask("POST", path + "/ack", {}, who=PLACING)
        self.assertEqual((status, [e["pointer"] for e in problem["errors"]]), (422, ["/person"]))
        said = {"person": "Sam Example", "id": "ack-1", "sha256": item["sha256"]}
        first, again = (self.ask("POST", path + "/ack", said, who=PLACING)[2] for _ in range(2))
        self.assertEqual((first["state"], first["moved"], first["again"]), ("acknowledged", True, False))
        self.assertEqual((again["state"], again["moved"], again["again"]), ("acknowledged", True, True))  # the first answer
        self.assertNotIn(item["delivery"], [i["delivery"] for i in self.ask("GET", "/v1/inbox", who=PLACING)[2]["items"]])
        found = self.ask("GET", f"/v1/notices/{message}")[2]["deliveries"]
        self.assertIn({"to": "derbyshire/front-door", "state": "acknowledged"}, found)

    def test_nobody_elses(self):
        item = self.fresh("PULL-2")
        path = f"/v1/inbox/{item['delivery']}"
        for who in (POLICE, "derbyshire-police"):
            self.assertNotIn(item["delivery"], [i["delivery"] for i in self.ask("GET", "/v1/inbox", who=who)[2]["items"]])
            self.assertEqual(self.ask("GET", path, who=who)[0], 404)
            self.assertEqual(self.ask("POST", path + "/ack", {"person": "Sam Example"}, who=who)[0], 404)
            self.assertEqual(self.ask("POST", "/v1/receipts", {"reference": item["reference"], "level": "received"}, who=who)[0], 404)
        self.assertEqual(self.listed(item["reference"][:26])["state"], "sealed")

    def test_plain_xml_for_those_who_want_it(self):
        item = self.fresh("PULL-3", "derbyshire-police")
        status, headers, xml = self.ask("GET", f"/v1/inbox/{item['delivery']}", who="derbyshire-police")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/xml"))
        self.assertEqual(hashlib.sha256(xml).hexdigest(), item["sha256"])
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", ROOT / "xsd/wardgate/1/notice.xsd", "-"], input=xml, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_pages(self):
        start = self.host.log.stat().st_size
        for n in range(3):
            self.fresh(f"PAGE-{n}")
        whole = [i["delivery"] for i in self.ask("GET", "/v1/inbox?limit=500", who=PLACING)[2]["items"]]
        path, paged = "/v1/inbox?limit=1", []
        while path:
            page = self.ask("GET", path, who=PLACING)[2]
            paged += [i["delivery"] for i in page["items"]]
            path = page["next"]
        self.assertEqual(paged, whole)
        theirs = self.fresh("PAGE-9", "derbyshire-police")["delivery"]
        for query in ("limit=0", "limit=501", "limit=x", "after=x", "limit=1&limit=2", "after=" + "0" * 99,
                      "after=01kaw3q6k4m2s8t0v5x7z9b1d3", f"after={theirs}"):
            self.assertEqual(self.ask("GET", f"/v1/inbox?{query}", who=PLACING)[0], 400)
        self.assertEqual([l for l in self.host.log_lines(start) if l.get("event") == "ended"], [])  # nobody ends the role by asking

    def test_receipts_by_reference(self):
        item = self.fresh("PULL-4")
        reference = item["reference"]

        def say(who=PLACING, **members):
            return self.ask("POST", "/v1/receipts", {"reference": reference} | members, who=who)
        status, _, problem = self.ask("POST", "/v1/receipts", {"level": "read", "person": 7, "sha256": "x", "at": "yesterday"}, who=PLACING)
        self.assertEqual(sorted(e["pointer"] for e in problem["errors"]), ["/at", "/level", "/person", "/reference", "/sha256"])
        self.ask("GET", f"/v1/inbox/{item['delivery']}", who=PLACING)
        self.assertEqual(say(level="opened")[2]["state"], "opened")
        self.assertEqual(say(level="acknowledged", person="Sam Example", sha256="0" * 64)[0], 409)  # of another copy
        self.assertEqual(say(level="acknowledged", person="Sam Example", at="2026-11-22T10:00:00Z")[2]["state"], "acknowledged")
        self.assertEqual(say(level="received")[2], {"delivery": item["delivery"], "state": "acknowledged", "moved": False, "again": False})
        self.assertEqual(say(level="refused")[0], 422)
        for body, headers, want in ((b"{}", {"Content-Type": "text/plain"}, 415), (b"[1]", {"Content-Type": "application/json"}, 400),
                                    (b'{"level":1,"level":2}', {"Content-Type": "application/json"}, 400),
                                    (b'{"a":' * 5000, {"Content-Type": "application/json"}, 413),
                                    (b"[" * 9000, {"Content-Type": "application/json"}, 400)):
            self.assertEqual(self.ask("POST", "/v1/receipts", body, headers, who=PLACING)[0], want)

    def test_curl_as_the_readme_says(self):
        item = self.fresh("PULL-5")
        mine = self.world.pki / PLACING
        curl = ["curl", "--silent", "--fail-with-body", "--cert", mine / "client.pem", "--key", mine / "client.key", "--cacert", self.world.pki / "ca.pem"]
        base = f"https://localhost:{self.host.port}/v1/inbox"
        listed = json.loads(subprocess.run([*curl, base], capture_output=True, check=True).stdout)
        self.assertIn(item["delivery"], [i["delivery"] for i in listed["items"]])
        subprocess.run([*curl, "--output", self.folder / "curl.p7m", f"{base}/{item['delivery']}"], check=True)
        self.assertEqual((self.folder / "curl.p7m").stat().st_size, item["size"])
        done = subprocess.run([*curl, "--json", '{"person":"Sam Example"}', f"{base}/{item['delivery']}/ack"], capture_output=True, check=True)
        self.assertEqual(json.loads(done.stdout)["state"], "acknowledged")


class Confirming(Case):
    """What a person does with the link of a mail, and what machines do with it before."""

    def link(self, reference):
        """The token of the mail that came to the host's own desk, and its delivery."""
        message = self.post(g.report(reference))[2]["id"]
        own = f"<{message}.staffordshire.front-door@".encode()
        mail = w.wait_for("the mail has arrived", 60, lambda: next((m for m in self.world.mails() if own in m.read_bytes()), None))
        inner = self.world.open_mail(mail, "staffordshire")
        text = "".join(p.get_content() for p in g.email.message_from_bytes(inner, policy=g.email.policy.default).walk()
                       if p.get_content_type() == "text/plain")
        row = w.wait_for("it is known that it has", 60, lambda: next((r for r in self.host.deliveries(message) if r["organisation"] == "staffordshire"
                                                                      and r["state"] in ("handed-over", "received")), None))
        self.assertIn(f"https://localhost:{self.confirm_port}/confirm/wgc-", text)
        self.assertIn(f"Our reference: {message}.staffordshire.front-door\r\n", text)
        return re.search(r"/confirm/(wgc-[0-9a-z]{26})", text).group(1), row["delivery"] if "delivery" in row else row["id"], message

    def page(self, method, path, body=None, kind="application/x-www-form-urlencoded", source="127.0.0.1"):
        context = ssl.create_default_context(cafile=self.world.pki / "ca.pem")  # no client certificate
        connection = http.client.HTTPSConnection("localhost", self.confirm_port, timeout=w.PATIENCE_S, context=context, source_address=(source, 0))
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def delivery_state(self, message):
        return next(r["state"] for r in self.host.deliveries(message) if r["organisation"] == "staffordshire")

    def test_confirm(self):
        token, delivery, message = self.link("LINK-1")
        for _ in range(3 + 12):  # a scanner opens it, more often than a stranger may try
            status, headers, html = self.page("GET", f"/confirm/{token}", source="127.0.0.2")
            self.assertEqual(status, 200)
        reference = f"{message}.staffordshire.front-door"
        self.assertIn(reference, html)
        self.assertLess(html.index(reference), html.index("<button"))
        self.assertRegex(html, r"<dt>Sent</dt><dd>\d+ \w+ 20\d\d, \d\d:\d\d</dd>")
        self.assertIn(", desk front-door</dd>", html)
        self.assertNotIn("<dt>Recorded</dt>", html)
        self.assertNotEqual(self.delivery_state(message), "acknowledged")
        self.assertEqual((headers["Referrer-Policy"], headers["Cache-Control"]), ("no-referrer", "no-store"))
        self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'none'"))
        for word in ("<script", "Canary", "07/08/2009", "http://", token):
            self.assertNotIn(word, html)
        self.assertIn('<html lang="en-GB">', html)
        self.assertIn('<label for="name">', html)
        style = re.search(r'href="([^"]+)"', html).group(1)
        self.assertEqual(self.page("GET", style)[1]["Content-Type"], "text/css; charset=utf-8")
        self.assertEqual(self.page("POST", f"/confirm/{token}", "answer=have")[0], 422)  # no name
        self.assertEqual(self.page("POST", f"/confirm/{token}", "name=Sam&answer=refuse")[0], 422)  # no reason
        self.assertEqual(self.page("POST", f"/confirm/{token}", '{"name":"Sam"}', "application/json")[0], 422)
        status, _, html = self.page("POST", f"/confirm/{token}", "name=Sam+%3CExample%3E&answer=have")
        self.assertEqual(status, 200)
        for words in ("Sam &lt;Example&gt;", reference, "a person has this notice and will act on it", "<dt>When</dt>"):
            self.assertIn(words, html)
        self.assertEqual(self.delivery_state(message), "acknowledged")
        status, _, html = self.page("GET", f"/confirm/{token}")  # opened again: answered, when, and whom to ring
        self.assertEqual((status, "<form" in html, "answered already" in html, "Sam" in html), (200, False, True, False))
        for words in (reference, "<dt>When</dt>", "Questions: "):
            self.assertIn(words, html)
        status, _, html = self.page("POST", f"/confirm/{token.upper()}", "name=Sam+%3CExample%3E&answer=have")
        self.assertEqual((status, "answered this already" in html), (200, True))
        status, _, html = self.page("POST", f"/confirm/{token}", "name=Kim+Other&answer=have")
        self.assertEqual((status, "answered already" in html, "Sam" in html), (409, True, False))
        log = self.host.log.read_text()
        for secret in (token, token[4:], "Sam", "Kim"):
            self.assertNotIn(secret, log)

    def test_not_for_us(self):
        token, delivery, message = self.link("LINK-2")
        status, _, html = self.page("POST", f"/confirm/{token}", "name=Sam+Example&answer=refuse&reason=not+our+area")
        self.assertEqual((status, "not for you" in html), (200, True))
        self.assertEqual(self.delivery_state(message), "refused")

    def test_wrong_links_are_all_alike_and_few(self):
        source = "127.0.0.9"
        pages = set()
        for path in ("/confirm/wgc-" + "0" * 26, "/confirm/nothing", "/", "/confirm/", "/confirm/../v1/notices"):
            status, _, html = self.page("POST", path, "name=Sam&answer=have", source=source)
            pages.add((status, html))
        self.assertEqual(len(pages), 1)
        self.assertEqual(pages.pop()[0], 404)
        codes = [self.page("POST", "/confirm/wgc-" + f"{n}" * 26, "name=Sam&answer=have", source=source)[0] for n in range(1, 8)]
        self.assertEqual(codes, [404] * 5 + [429] * 2)
        token, _, message = self.link("LINK-3")
        self.assertEqual(self.page("GET", f"/confirm/{token}")[0], 200)  # others are not touched
        self.assertEqual(self.page("GET", f"/confirm/{token}", source=source)[0], 429)
        source = "127.0.0.10"
        pages = {self.page("GET", path, source=source)[::2] for path in ("/confirm/wgc-" + "2" * 26, "/confirm/wgc-2", "/confirm/", "/confirm/x/y")}
        self.assertEqual(len(pages), 1)
        status, html = pages.pop()
        self.assertEqual((status, "<form" in html, "<dl>" in html, "Questions" in html), (404, False, False, False))
        self.assertNotEqual(self.delivery_state(message), "acknowledged")

    def test_limits(self):
        self.assertEqual(self.page("POST", "/confirm/wgc-" + "1" * 26, "name=" + "x" * 9000, source="127.0.0.3")[0], 413)
        self.assertEqual(self.page("DELETE", "/confirm/wgc-" + "1" * 26, source="127.0.0.3")[0], 501)


if __name__ == "__main__":
    unittest.main(verbosity=2)
