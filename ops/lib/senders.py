"""Those who hand in, for ops/cluster-demo: each tells of a child missing and then found, to whichever node answers, until it
has a receipt; what they were told is the history that is judged afterwards.
"""
import http.client
import json
import ssl
import threading
import time

BODIES = {
    "missing": """<missing><last-seen><when value="2026-11-20T20:30:00Z" precision="minute">20/11/2026 20:30</when><where>Bus stop, Madeup Road</where></last-seen>
    <circumstances>Left after tea.</circumstances></missing>""",
    "found": """<found><when value="2026-11-21T02:30:00Z" precision="minute">21/11/2026 02:30</when><where>Railway station, Exampleton</where></found>""",
}
KINDS = ("missing", "found")
MARK = "CLUSTER-"


def notice(number, kind):
    """Child number N; its two notices share a police reference, so that they are one episode."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<notice xmlns="urn:wardgate:notice:1" id="{number:026d}" kind="{kind}" version="1">
  <header><sender organisation="staffordshire-police"/><marking>OFFICIAL-SENSITIVE</marking></header>
  <episode><police-reference force="Staffordshire Police">{MARK}{number}</police-reference><risk>HIGH</risk></episode>
  <child looked-after="true"><name><full>Tess{number} Example{number}</full></name><date-of-birth>2011-03-14</date-of-birth></child>
  <authorities><placing>830</placing><host>860</host><police area="placing">E23000018</police><police area="host">E23000015</police></authorities>
  {BODIES[kind]}
</notice>
""".encode()


class Load:
    """So many children's two notices each, by so many senders; `allowed` of the notices may be handed in by now."""

    def __init__(self, ports, pki, children, senders, patience):
        self.ports, self.patience = ports, patience
        self.context = ssl.create_default_context(cafile=pki / "ca.pem")
        self.context.load_cert_chain(pki / "staffordshire-police/client.pem", pki / "staffordshire-police/client.key")
        self.total, self.allowed, self.begun = len(KINDS) * children, 0, 0
        self.changed = threading.Condition()
        self.submitted, self.told = {}, {}   # (number, kind) -> time of the first try; -> (time, id)
        self.receipts = []                   # (time, port that answered)
        self.turned = 0                      # tries that another node had to answer
        self.faults, self.ended = [], False
        self.threads = [threading.Thread(target=self.run, args=(range(i, children, senders),), daemon=True) for i in range(senders)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def allow(self, share):
        with self.changed:
            self.allowed = round(self.total * share)
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def turn(self):
        """Waits until one more may be handed in: the nodes in the order in which they are asked, each first in its turn; None at the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.begun < self.allowed or self.ended)
            first = self.begun % len(self.ports)
            self.begun += 1
            return None if self.ended else self.ports[first:] + self.ports[:first]

    def run(self, numbers):
        try:
            for number in numbers:
                for kind in KINDS:
                    order = self.turn()
                    if order is None:
                        return
                    self.hand_in(number, kind, order)
        except (RuntimeError, TimeoutError) as fault:
            self.faults.append(str(fault))

    def hand_in(self, number, kind, order):
        data, key, deadline = notice(number, kind), f"{kind}-{number}", time.monotonic() + self.patience
        self.submitted[number, kind] = time.time()
        while not self.ended:
            for port in order:
                receipt = self.once(port, key, data)
                if receipt is not None:
                    with self.changed:
                        self.told[number, kind] = (time.time(), receipt)
                        self.receipts.append((time.monotonic(), port))
                        self.changed.notify_all()
                    return
                with self.changed:
                    self.turned += 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"no receipt for {key} within {self.patience} s, from any node")
            time.sleep(0.1)

    def once(self, port, key, data):
        """The receipt; None when this node does not give one now."""
        connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=self.context)
        try:
            connection.request("POST", "/v1/notices", data, {"Content-Type": "application/xml", "Idempotency-Key": key})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 202:
                return json.loads(body)["id"]
            if answer.status not in (429, 503):
                raise RuntimeError(f"{key}: {answer.status}: {body[:300].decode(errors='replace')}")
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it died, or is about to
        finally:
            connection.close()
        return None

    def wait(self, share, seconds):
        """Until that share of the notices has a receipt."""
        goal = round(self.total * share)
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.told) >= goal or self.faults, seconds) or self.faults:
                raise TimeoutError(f"{len(self.told)} of {goal} notices have a receipt after {seconds} s{'; ' if self.faults else ''}{'; '.join(self.faults[:3])}")

    def by_port(self):
        counts = {port: 0 for port in self.ports}
        for _, port in self.receipts:
            counts[port] += 1
        return counts
