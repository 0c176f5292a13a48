#!/usr/bin/python3
"""wardgate discover against a signed zone (BIND) and a directory server (slapd) on loopback: what is found, what is said
of it, and what does not count."""
import base64
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mail_world as world

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
OK, ATTENTION, USAGE, NOT_FOUND, AGAIN, CRYPTO, CONFIG = 0, 10, 64, 66, 75, 77, 78
SMIMEA = 53


def der(pem):
    return subprocess.run(["openssl", "x509", "-in", str(pem), "-outform", "DER"], capture_output=True, check=True).stdout


def owner(address):
    local, _, domain = address.partition("@")
    return f"{hashlib.sha256(local.encode()).hexdigest()[:56]}._smimecert", domain


def smimea(address, data, usage=3, selector=0, matching=0):
    """The record in the form for types that a server does not know (RFC 3597)."""
    rdata = bytes([usage, selector, matching]) + data
    return f"{owner(address)[0]} IN TYPE{SMIMEA} \\# {len(rdata)} {rdata.hex()}\n"


class Ldap:
    """A slapd of its own, TLS from the first byte."""

    def __init__(self, folder, certificate, key, entries):
        self.folder = pathlib.Path(folder)
        self.port = world.free_port()
        (self.folder / "ldap-data").mkdir()
        schema = pathlib.Path("/etc/ldap/schema")
        (self.folder / "slapd.conf").write_text("\n".join(
            [f"include {schema}/{name}.schema" for name in ("core", "cosine", "inetorgperson")] +
            ["modulepath /usr/lib/ldap", "moduleload back_mdb", f"pidfile {folder}/slapd.pid", f"argsfile {folder}/slapd.args",
             f"TLSCertificateFile {certificate}", f"TLSCertificateKeyFile {key}", "database mdb", 'suffix "dc=specimen,dc=example"',
             f"directory {folder}/ldap-data", "access to * by * read", ""]))
        lines = ["dn: dc=specimen,dc=example", "objectClass: dcObject", "objectClass: organization", "dc: specimen", "o: specimen", ""]
        for number, (address, certificates) in enumerate(entries):
            lines += [f"dn: cn=entry {number},dc=specimen,dc=example", "objectClass: inetOrgPerson", f"cn: entry {number}", "sn: entry",
                      f"mail: {address}"]
            lines += [f"userCertificate;binary:: {base64.b64encode(data).decode()}" for data in certificates] + [""]
        (self.folder / "entries.ldif").write_text("\n".join(lines))
        world.run(world.tool("slapadd"), "-f", self.folder / "slapd.conf", "-l", self.folder / "entries.ldif")
        self.log = open(self.folder / "slapd.log", "wb")
        self.process = subprocess.Popen([world.tool("slapd"), "-d", "0", "-h", f"ldaps://127.0.0.1:{self.port}", "-f",
                                         str(self.folder / "slapd.conf")], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("slapd did not start: " + (self.folder / "slapd.log").read_text())

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.log.close()


class Discover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-discover-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        cls.pki = cls.folder / "certs"
        names = ["specimen", "plainland", "bogusland", "emptyland"]
        world.run(ROOT / "certs-example/make", cls.pki, *[w for name in names for w in ("--organisation", name)])
        good = {name: der(cls.pki / name / "smime.pem") for name in names}
        strange = der(cls.pki / "hostile/unknown-ca-smime.pem")
        desk = "front-door@specimen.example"
        zones = [world.Zone("", ""), world.Zone("test", "ns IN A 127.0.0.1\n"), world.Zone("example", ""),
                 world.Zone("specimen.example", smimea(desk, good["specimen"]) + smimea(desk, hashlib.sha256(good["specimen"]).digest(), 3, 0, 1) +
                            smimea("missing@specimen.example", good["emptyland"]) + smimea("report@specimen.example", strange)),
                 world.Zone("plainland.example", smimea("front-door@plainland.example", good["plainland"]), "unsigned"),
                 world.Zone("bogusland.example", smimea("front-door@bogusland.example", good["bogusland"]), "broken:SMIMEA"),
                 world.Zone("emptyland.example", "")]
        cls.names = world.Names(cls.folder, zones).make().start()
        cls.addClassCleanup(cls.names.stop)
        cls.relay = world.Relay(cls.names.port)
        cls.addClassCleanup(cls.relay.stop)
        mail = cls.pki / "mail/server"
        cls.ldap = Ldap(cls.folder, f"{mail}.pem", f"{mail}.key", [
            (desk, [good["specimen"]]), ("missing@specimen.example", [b"\x30\x03\x02\x01\x01"]), ("somebody@specimen.example", [strange])])
        cls.addClassCleanup(cls.ldap.stop)
        cls.good = good

    def write(self, ldap=None, anchor=True, known=False, samples=True):
        mine = self.pki / "derbyshire"
        ldap = ldap or f"ldaps://localhost:{self.ldap.port}/dc=specimen,dc=example"
        dns = f'<dns trust-anchor="{self.folder}/anchor" resolver="127.0.0.1@{self.relay.port}"/>' if anchor else ""
        (self.folder / "lookup.key").write_bytes(secrets.token_bytes(32))
        (self.folder / "lookup.key").chmod(0o600)
        (self.folder / "gateway.xml").write_text(f"""<gateway xmlns="urn:wardgate:config:1" organisation="derbyshire" state="state">
  <policy file="{ROOT}/policy/staffordshire-stoke.xml"/><directory file="directory.xml"/>
  <storage certificate="{mine}/storage.pem" key="{mine}/storage.key"/>
  <smime certificate="{mine}/smime.pem" key="{mine}/smime.key" ca="{self.pki}/ca.pem"/><lookup key="lookup.key"/>
  <intake><drop folder="drop" organisation="derbyshire"/></intake>
  <deliver><mail host="localhost" port="2525" ca="{self.pki}/ca.pem" from="gateway@derbyshire.example"/>{dns}</deliver>
  <samples allowed="{'true' if samples else 'false'}"/></gateway>""")
        rows = [("specimen", f'ldap="{ldap}" smimea="true"', ["front-door", "missing", "report"]), ("plainland", 'smimea="true"', ["front-door"]),
                ("bogusland", 'smimea="true"', ["front-door"]), ("emptyland", 'smimea="true"', ["front-door"]), ("derbyshire", "", ["front-door"])]
        out = ['<directory xmlns="urn:wardgate:directory:1" version="1">']
        for name, where, desks in rows:
            certificate = self.pki / ("derbyshire" if not known else name) / "smime.pem"
            out.append(f'<organisation id="{name}" kind="provider"><name>{name}</name>' + (f"<discover {where}/>" if where else ""))
            out += [f'<desk name="{desk}" roles="{desk}" channel="mail" address="{desk}@{name}.example" certificate="{certificate}"/>'
                    for desk in desks]
            out.append("</organisation>")
        (self.folder / "directory.xml").write_text("\n".join(out) + "</directory>")

    def run_it(self, *words, code):
        done = subprocess.run([PROGRAM, "discover", *map(str, words), "--config", str(self.folder / "gateway.xml")], capture_output=True, text=True,
                              timeout=100, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_found(self):
        self.write()
        fingerprint = hashlib.sha256(self.good["specimen"]).hexdigest()
        said = self.run_it("specimen/front-door", code=ATTENTION).stdout
        print(said)
        self.assertIn("found by SMIMEA of specimen.example, secure DNSSEC", said)
        self.assertIn(fingerprint, said)
        self.assertIn("fits the anchors and the address", said)
        self.assertIn("1 more", said) # the digest
        found = json.loads(self.run_it("specimen", "--json", code=ATTENTION).stdout)
        self.assertEqual([d["desk"] for d in found], ["specimen/front-door", "specimen/missing", "specimen/report"])
        front, missing, report = (d["found"] for d in found)
        self.assertEqual([(f["fingerprint"], f["usable"], f["known"]) for f in front], [(fingerprint, True, False)]) # DNS and LDAP: the same one
        # another agency's certificate, and one that is none
        self.assertEqual([(f["usable"], f["why"]) for f in missing],
                         [(False, "it is not for the desk's address"), (False, "it is no certificate that can be read")])
        self.assertIn("LDAP localhost", missing[1]["source"])
        self.assertEqual([f["usable"] for f in report], [False]) # of an authority that nobody trusts
        self.assertNotEqual(report[0]["why"], "it is not for the desk's address")

    def test_known(self):
        self.write(known=True)
        said = self.run_it("specimen/front-door", code=ATTENTION).stdout
        self.assertIn("it is in the directory already", said)
        self.write(samples=False)
        self.assertIn("sample", self.run_it("specimen/front-door", code=ATTENTION).stdout)

    def test_saved(self):
        self.write()
        folder = self.folder / "saved"
        folder.mkdir()
        said = self.run_it("specimen", "--save", folder, code=ATTENTION).stdout
        files = list(folder.iterdir())
        self.assertEqual(len(files), 1) # only what fits
        self.assertEqual(der(files[0]), self.good["specimen"])
        self.assertIn(f'<certificate file="{files[0].name}"/>', said)
        self.assertIn("telephone", said)

    def test_does_not_count(self):
        self.write()
        self.assertIn("not signed", self.run_it("plainland", code=CRYPTO).stdout)
        self.assertIn("does not fit its signatures", self.run_it("bogusland", code=CRYPTO).stdout)
        self.assertIn("nothing was found", self.run_it("emptyland", code=OK).stdout)
        name = ".".join(owner("front-door@emptyland.example"))
        self.relay.lose.add((name, SMIMEA))
        try:
            self.assertIn("DNS did not answer", self.run_it("emptyland", code=AGAIN).stdout)
        finally:
            self.relay.lose.clear()

    def test_directory_servers(self):
        """A name that the certificate does not carry, an authority that is not ours, nobody there, and a URL that is none."""
        port = self.ldap.port
        self.write(ldap=f"ldaps://127.0.0.2:{port}/dc=specimen,dc=example")
        self.run_it("specimen/report", code=ATTENTION) # what DNS says of it is still a finding
        said = json.loads(self.run_it("specimen/front-door", "--json", code=ATTENTION).stdout)
        self.assertTrue(all("SMIMEA" in f["source"] for f in said[0]["found"]))
        self.write(ldap=f"ldaps://localhost:{world.free_port()}/dc=specimen,dc=example")
        done = self.run_it("specimen/front-door", code=ATTENTION)
        self.assertIn("could not be asked: localhost", done.stdout)
        config = self.folder / "gateway.xml"
        self.write()
        config.write_text(config.read_text().replace(f'ca="{self.pki}/ca.pem"/><lookup', f'ca="{self.pki}/hostile/ca.pem"/><lookup'))
        done = self.run_it("specimen/front-door", code=ATTENTION)
        self.assertIn("did not prove its name", done.stdout)
        self.assertIn("cannot be used", done.stdout) # nor does the certificate chain to that authority

    def test_misuse(self):
        self.write()
        self.run_it(code=USAGE)
        self.run_it("specimen", "plainland", code=USAGE)
        self.assertIn("knows no organisation", self.run_it("nobody", code=NOT_FOUND).stderr)
        self.assertIn("no such desk", self.run_it("specimen/nowhere", code=NOT_FOUND).stderr)
        self.assertIn("does not say where", self.run_it("derbyshire", code=CONFIG).stderr)
        self.write(anchor=False)
        self.assertIn("trust-anchor", self.run_it("emptyland", code=CONFIG).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
