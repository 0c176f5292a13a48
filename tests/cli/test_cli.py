#!/usr/bin/env python3
"""The command line: what each command says, to whom, and with which exit status. Nothing here needs a running gateway but the last class."""
import io
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w

PROGRAM = os.environ.get("WARDGATE", str(ROOT / "build/release/bin/wardgate"))
COMMANDS = ("serve", "check", "submit", "convert", "map", "schema", "decide", "explain", "queue", "attention", "audit", "policy", "consent", "review",
            "disclosures", "purge", "cert", "why-not", "discover", "stuck", "silence", "alerts", "clock", "metrics", "backup", "restore", "store")
ID = "06bcd8k1m3v5x7z9a2c4e6g8j0"
POLICY = ("--policy", ROOT / "policy/staffordshire-stoke.xml", "--directory", ROOT / "policy/directory-example.xml")
NOTICE = ROOT / "tests/corpora/notice/missing-example.xml"
REPORT = ROOT / "ops/lib/missing-report.eml"

OK, ATTENTION, USAGE, DATA, IO, AGAIN, CONFIG = 0, 10, 64, 65, 74, 75, 78


def run(*words, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WARDGATE")}
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=150,
                          env={**environment, **more.pop("env", {})}, **more)


def packed(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


# A page as a scanner makes it: no form on it.
PAGE = b"""%PDF-1.4
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [3 0 R] /Count 1 >>
endobj
3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>
endobj
xref
0 4
0000000000 65535 f 
0000000009 00000 n 
0000000058 00000 n 
0000000115 00000 n 
trailer
<< /Size 4 /Root 1 0 R >>
startxref
186
%%EOF
"""


class Case(unittest.TestCase):
    def expect(self, status, done, *stderr, stdout=()):
        self.assertEqual(done.returncode, status, f"{done.args}: {done.stderr}{done.stdout}")
        for words in stderr:
            self.assertIn(words, done.stderr, done.args)
        for words in (stdout,) if isinstance(stdout, str) else stdout:
            self.assertIn(words, done.stdout, done.args)
        return done


class Usage(Case):
    def test_help_of_every_command(self):
        for command in COMMANDS:
            for words in ((command, "--help"), ("--help", command), (command, "-h")):
                done = self.expect(OK, run(*words), stdout=(f"usage: wardgate {command}", "example"))
                self.assertEqual(done.stderr, "")
            for line in done.stdout.splitlines():
                self.assertLess(len(line), 121, line)

    def test_help(self):
        done = self.expect(OK, run("--help"), stdout="commands:")
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^  {command} +\S")
        self.expect(USAGE, run(), "commands:")
        self.assertRegex(self.expect(OK, run("--version")).stdout, r"^wardgate \d+\.\d+\.\d+\n$")

    def test_misuse(self):
        for words, says in (
                (("serv",), 'no command "serv"'), (("--verbose",), 'no option "--verbose"'), (("--config",), "--config needs"),
                (("convert", "--colour", "x"), "--colour is not an option here (wardgate convert --help"),
                (("convert", "--report"), "--report needs a value"), (("queue", "list", "--all=yes"), "takes no value"),
                (("convert",), "name one FILE"), (("convert", "a", "b"), "name one FILE"),
                (("convert", "--id", "x", "a"), "--id, --organisation or --received"),
                (("convert", "--received", "yesterday", "a"), "--received"), (("convert", "--organisation", "A B", "a"), "--organisation"),
                (("decide",), "name one NOTICE.xml"), (("decide", "--at", "noon", "a"), "--at wants a time like"),
                (("submit", "a"), "--url"), (("submit", "--url", "https://localhost/"), "name one FILE"),
                (("explain",), "name one message"), (("explain", "42"), "26 characters"),
                (("queue", "lost"), "say list, show"), (("queue", "show"), "name one message"), (("queue", "list", ID), "takes no operands"),
                (("queue", "hold", ID), "--why"), (("queue", "cancel", ID, "--why", ""), "--why"),
                (("attention", "lost"), "say list, show, assign"), (("attention", "show"), "name one message"),
                (("attention", "list", ID), "takes no operands"), (("attention", "resolve", ID, "--why", "x"), "--with FILE"),
                (("attention", "resolve", ID, "--with", "x"), "--why"), (("attention", "return", ID), "--why"),
                (("schema",), "say doc, or paths"), (("schema", "doc", "x"), "say doc, or paths"),
                (("audit",), "say verify"), (("audit", "check"), "say verify"), (("check", "x"), "takes no operands"),
                (("serve", "x"), "takes no operands")):
            with self.subTest(words=words):
                done = self.expect(USAGE, run(*words), says)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("wardgate"), done.stderr)

    def test_unknown_role(self):
        self.assertNotEqual(run("serve", "--role", "astrologer", "--config", "/nowhere.xml").returncode, OK)

    def test_full_disk_is_no_success(self):
        for words in (("--help",), ("convert", "--help"), ("--version",), ("convert", NOTICE), ("decide", *POLICY, NOTICE),
                      ("decide", "--json", *POLICY, NOTICE)):
            with self.subTest(words=words), open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, *map(str, words)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=150)
                self.assertNotIn(done.returncode, (OK, ATTENTION))
                self.assertIn("could not be written", done.stderr)


class Manual(Case):
    page = ROOT / "ops/man/wardgate.1"

    def test_no_warnings(self):
        done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-K", "utf8", "-z", self.page], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        if shutil.which("man"):  # a second reader of the same page, where there is one
            done = subprocess.run(["man", "--warnings", "-l", self.page], capture_output=True, text=True,
                                  env={**os.environ, "MANROFFSEQ": "", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_names_every_sub_command(self):
        """In the page as `COMMAND WORD`, in --help as one of its uses; and as what was meant by a slip of the pen."""
        text = self.page.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
        found = 0
        for command in COMMANDS:
            source = (ROOT / f"gateway/cli/{command.replace('-', '_')}.c")
            words = re.search(r'\.words = "([a-z -]+)"', source.read_text()) if source.exists() else None
            helped = run(command, "--help").stdout
            for word in words[1].split() if words else []:
                found += 1
                self.assertRegex(helped, rf"wardgate {command} (\S*\|)?{word}\b|wardgate {command} [a-z|]*\b{word}\b", f"{command} {word}")
                self.assertRegex(text, rf"\b{command} [^\n]*\b{word}\b|wardgate {command} {word}\b", f"{command} {word}")
                slip = word[1] + word[0] + word[2:]
                done = self.expect(64, run(command, slip), f'there is no "{slip}" here')
                self.assertIn('did you mean "', done.stderr, slip)
        self.assertGreater(found, 25)
        self.expect(64, run("stor", "check"), 'there is no command "stor"; did you mean "store"?')
        self.expect(64, run("help", "stor"), 'there is no command "stor"; did you mean "store"?')
        self.assertEqual(run("help", "store").stdout, run("store", "--help").stdout)
        self.assertEqual(run("help").stdout, run("--help").stdout)
        self.expect(64, run("--confg", "a", "check"), 'there is no option "--confg"; did you mean "--config"?')
        self.expect(64, run("serve", "--role", "stor"), 'there is no role "stor"; did you mean "store"?')
        self.expect(64, run("store", "copy", "--form", "a", "--to", "b"), 'did you mean "--from"?')
        self.expect(64, run("store", "copy", "--from", "a"), "name two configurations")
        self.expect(64, run("store", "migrate", "--deep"), "--deep belongs to check")

    def test_names_everything(self):
        text = self.page.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^{command}\b")
            for option in set(re.findall(r"--[a-z-]+", run(command, "--help").stdout)) - {"--help"}:
                self.assertIn(option, text, f"{command} {option}")
        for code in (10, 64, 65, 66, 71, 74, 75, 77, 78):
            self.assertRegex(text, rf"\b{code}\b")


class Convert(Case):
    def test_statuses(self):
        done = self.expect(OK, run("convert", REPORT))
        self.assertEqual(ET.fromstring(done.stdout).tag, "{urn:wardgate:notice:1}notice")
        self.assertEqual(done.stderr, "")
        with tempfile.TemporaryDirectory() as folder:
            odd, fields = pathlib.Path(folder, "odd.eml"), pathlib.Path(folder, "fields.xml")
            odd.write_bytes(REPORT.read_bytes() + b"Favourite invented colour: ultraviolet\n")
            self.expect(ATTENTION, run("convert", odd), "a person must look", "1 field unmapped", "--report FILE")
            done = self.expect(ATTENTION, run("convert", "--report", fields, odd))
            self.assertNotIn("--report FILE", done.stderr)
            self.assertIn("ultraviolet", fields.read_text())
            self.assertEqual(fields.stat().st_mode & 0o777, 0o600)  # it holds what the notice holds
            self.expect(DATA, run("convert", ROOT / "tests/corpora/hostile/entity-laughs.xml"), "DOCTYPE")
            wrong = pathlib.Path(folder, "report.xml")
            wrong.write_bytes(REPORT.read_bytes())
            self.expect(DATA, run("convert", wrong), "is an e-mail", ".eml")
            self.expect(DATA, run("convert", "--type", "application/xml", REPORT), "declare it as message/rfc822")
            self.expect(66, run("convert", pathlib.Path(folder, "nowhere.eml")), "nowhere.eml")
            self.assertNotEqual(run("convert", folder).returncode, OK)
            self.expect(DATA, run("convert", "-", input=""), "empty")

    def test_a_refusal_says_what_helps(self):
        """What an officer has at hand and no reader takes: why not, and what to do."""
        old_office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
        for name, data, *words in (
                ("form.doc", old_office, "old Office file", "save it as .docx"), ("locked.docx", old_office, "a file with a password", "without a password"),
                ("form.rtf", b"{\\rtf1 x}", "save it as .docx"), ("empty.docx", b"", "empty", "save or export it again"),
                ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "a picture", "send the form itself", "attachment"),
                ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture", "send the form itself"),
                ("forms.zip", packed("form.txt"), "a packed file (ZIP)", "unpack it"), ("scan.pdf", PAGE, "no form fields", "send the Word version"),
                ("form.docx", PAGE, "is a PDF", "rename it to end in .pdf"), ("words.txt", b"only some words\nand more\n", "no form we can read", "send one of these"),
                ("cut.docx", packed("[Content_Types].xml", "word/document.xml")[:-30], "open it in the program that made it", "save it again"),
                ("table.csv", b'a,b,c\n1,"2,3\n', "line 2", "quotation mark", "close it")):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, name)
                path.write_bytes(data)
                done = self.expect(DATA, run("convert", path), *words)
                self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), done.stderr)

    def test_standard_input(self):
        text = REPORT.read_text()
        same = ("--id", "01k9tess00examp1e0m1ss1ng1", "--received", "2026-11-22T09:30:00Z", "--organisation", "staffordshire-police")
        by_name, by_pipe = run("convert", *same, REPORT), run("convert", *same, "-", input=text)
        self.expect(OK, by_pipe)
        self.assertEqual(by_name.stdout, by_pipe.stdout)

    def test_a_notice_has_no_report(self):
        with tempfile.TemporaryDirectory() as folder:
            self.expect(OK, run("convert", "--report", pathlib.Path(folder, "fields.xml"), NOTICE), "nothing to report")


class Decide(Case):
    def decide(self, *words):
        return run("decide", *POLICY, "--self", "staffordshire", "--at", "2026-11-22T09:30:00Z", *words)

    def test_text(self):
        done = self.expect(OK, self.decide("--from", "staffordshire-police", NOTICE), stdout=("  gets\n", "  does not get\n"))
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertLess(len(line), 110, line)
        self.assertIn("        rule    england/find-the-child", lines)
        self.assertTrue([l for l in lines if l.startswith("        basis   UK GDPR 6(1)(e)")])
        self.assertTrue([l for l in lines if l.startswith("        source  ")])
        # categories with the same rule stand together: no rule twice for one recipient's side
        for side in re.split(r"(?m)^  (?:gets|does not get)$", done.stdout)[1:]:
            rules = re.findall(r"(?m)^        rule    (\S+)$", side.split("  policy ")[0])
            self.assertEqual(len(rules), len(set(rules)), side)

    def test_json_and_text_agree(self):
        text = self.decide("--from", "staffordshire-police", NOTICE).stdout
        done = self.expect(OK, self.decide("--json", "--from", "staffordshire-police", NOTICE))
        decisions = json.loads(done.stdout)["decisions"]
        self.assertEqual(len(decisions), 3)
        blocks = text.rstrip("\n").split("\n\n")
        for decision, block in zip(decisions, blocks):
            self.assertIn(f"({decision['organisation']})", block.splitlines()[0])
            # the names at the left of each group, wrapped or not
            names = lambda t: set(re.findall(r"[a-z][a-z-]+", " ".join(re.findall(r"(?m)^    (?! )(.*)$", t))))
            gets, _, rest = block.partition("\n  does not get\n")
            self.assertEqual(names(gets.partition("\n  gets\n")[2]), set(decision["granted"]))
            self.assertEqual(names(rest), set(decision["withheld"]))

    def test_project(self):
        done = self.expect(OK, self.decide("--project", "derbyshire", "--from", "staffordshire-police", NOTICE))
        copy = ET.fromstring(done.stdout)
        self.assertEqual(copy.find(".//{urn:wardgate:notice:1}copy-for").get("organisation"), "derbyshire")
        desk = self.decide("--project", "derbyshire/front-door", "--from", "staffordshire-police", NOTICE)
        self.assertEqual(desk.stdout, done.stdout)
        for who in ("leicester", "derbyshire/kitchen", "derby", "derbyshire/", ""):
            with self.subTest(who):
                done = self.decide("--project", who, "--from", "staffordshire-police", NOTICE)
                self.assertEqual(done.stdout, "")
                self.expect(66, done, "is no recipient", "wardgate decide")

    def test_unreachable(self):
        with tempfile.TemporaryDirectory() as folder:
            notice = pathlib.Path(folder, "notice.xml")
            notice.write_text(re.sub(r"<placing[^>]*>830", "<placing>999", NOTICE.read_text()))
            done = self.decide("--from", "staffordshire-police", notice)
            self.expect(ATTENTION, done, stdout="a person must look")

    def test_faults(self):
        self.expect(66, self.decide("/nowhere.xml"), "/nowhere.xml")
        self.expect(DATA, self.decide(ROOT / "tests/corpora/notice/wrong-body.xml"), "wrong-body.xml")
        self.expect(66, run("decide", NOTICE, "--config", "/nowhere/gateway.xml"), "--policy and --directory", "/nowhere/gateway.xml")
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder, "policy.xml")
            shutil.copy(ROOT / "policy/england.xml", folder)
            policy.write_text((ROOT / "policy/staffordshire-stoke.xml").read_text().replace('effect="withhold"', 'effect="withold"', 1))
            self.expect(CONFIG, run("decide", "--policy", policy, *POLICY[2:], NOTICE), "policy.xml:")


class Configured(Case):
    """A world whose gateway is never started."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-cli-"))
        cls.world = w.World(cls.folder, PROGRAM)
        cls.world.make_pki()
        cls.gateway = cls.world.make_gateways(2525, drops=("staffordshire-police",))[0]
        cls.good = cls.gateway.config.read_text()
        cls.directory = (cls.gateway.folder / "directory.xml").read_text()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def tearDown(self):
        self.gateway.config.write_text(self.good)
        (self.gateway.folder / "directory.xml").write_text(self.directory)
        (self.gateway.folder / "lookup.key").chmod(0o600)

    def run(self, *words, **more):
        if words and isinstance(words[0], unittest.TestResult):
            return super().run(*words)
        return run(*words, "--config", self.gateway.config, **more)

    def changed(self, old, new, text=None):
        text = self.good if text is None else text
        self.assertIn(old, text)
        return text.replace(old, new, 1)

    def refused(self, old, new, *words):
        with self.subTest(new=new):
            self.gateway.config.write_text(self.changed(old, new))
            done = self.expect(2, self.run("check"), *words)
            self.assertEqual(done.stdout, "")
            # serve says the same, once, and does not start
            self.assertEqual(self.run("serve").returncode, CONFIG)


class Check(Configured):
    def test_good(self):
        done = self.expect(0, self.run("check"), stdout=("organisation  staffordshire", "in order"))
        maps = len([p for p in (ROOT / "adapters/maps").glob("*.xml") if p.name != "codes.xml" and not p.name.startswith("common-")])
        self.assertIn(f"\nmaps          {maps}, in {ROOT}/adapters/maps\n", done.stdout)
        self.assertNotIn("PRIVATE", done.stdout)
        environment = {"WARDGATE_CONFIG": str(self.gateway.config)}
        self.assertEqual(run("check", env=environment).returncode, 0)

    def test_faulty_configuration(self):
        pki = self.world.pki
        line = next(n for n, l in enumerate(self.good.splitlines(), 1) if "<retry" in l)
        self.refused("<retry ", "<retri ", f"gateway.xml:{line}", "retri")
        self.refused('first="1"', 'first="9"', f"gateway.xml:{line}", "at most as long as")
        self.refused(f'key="{pki}/staffordshire/storage.key"', 'key="nowhere.key"', "nowhere.key")
        self.refused(f'key="{pki}/staffordshire/smime.key"', f'key="{pki}/derbyshire/smime.key"', "staffordshire/smime.pem", "derbyshire/smime.key", "does not belong")
        self.refused(f'key="{pki}/staffordshire/server.key"', f'key="{pki}/derbyshire/server.key"', "intake https", "derbyshire/server.key", "does not belong")
        self.refused(f'certificate="{pki}/staffordshire/server.pem" key="{pki}/staffordshire/server.key"',
                     f'certificate="{pki}/staffordshire/client.pem" key="{pki}/staffordshire/client.key"', "not a certificate for a TLS server")
        self.refused(f'client-ca="{pki}/ca.pem"', 'client-ca="nowhere-ca.pem"', "intake https", "nowhere-ca.pem")
        self.refused(f'port="2525" ca="{pki}/ca.pem"', 'port="2525" ca="nowhere-ca.pem"', "deliver mail", "nowhere-ca.pem")
        self.refused('  <samples allowed="true"/>\n', "", "is a sample", '<samples allowed="true"/>')
        self.refused(f'file="{ROOT}/policy/staffordshire-stoke.xml"', 'file="nowhere-policy.xml"', "gateway.xml: <policy>: ", "nowhere-policy.xml")
        self.refused('file="directory.xml"', 'file="nowhere.xml"', "gateway.xml: <directory>: ", "nowhere.xml")
        self.refused('organisation="staffordshire" state', 'organisation="leicester" state', "leicester", "not in the directory")
        self.refused('organisation="staffordshire-police"/>', 'organisation="leicester"/>', "leicester", "not in the directory")
        self.refused('address="127.0.0.1"', 'address="localhost"', "numeric address")

    def test_faulty_policy_says_what_was_meant(self):
        shutil.copy(ROOT / "policy/england.xml", self.gateway.folder)
        policy = self.gateway.folder / "local.xml"
        text = (ROOT / "policy/staffordshire-stoke.xml").read_text()
        policy.write_text(re.sub(r'categories="([^"]*)"', 'categories="circumstance"', text, count=1))
        self.refused(f"{ROOT}/policy/staffordshire-stoke.xml", str(policy), "local.xml:", "circumstances")

    def test_faulty_keys(self):
        lookup, key = self.gateway.folder / "lookup.key", self.world.pki / "staffordshire/storage.key"
        lookup.chmod(0o644)
        self.expect(2, self.run("check"), "lookup.key", "chmod 600")
        lookup.chmod(0o600)
        kept = lookup.read_bytes()
        lookup.write_bytes(b"too short")
        self.expect(2, self.run("check"), "lookup.key", "9 bytes", "32")
        lookup.write_bytes(kept)
        key.chmod(0o644)
        self.expect(2, self.run("check"), "storage.key")
        key.chmod(0o600)
        self.expect(0, self.run("check"))

    def test_faulty_directory(self):
        directory = self.gateway.folder / "directory.xml"
        directory.write_text(self.changed('kind="council"', 'kind="counsil"', self.directory))
        self.expect(2, self.run("check"), "directory.xml:", "kind")

    def test_warnings(self):
        directory = self.gateway.folder / "directory.xml"
        pki = self.world.pki
        desk = f'address="missing@derbyshire-police.example" certificate="{pki}/derbyshire-police/smime.pem"'
        for certificate, words in (("hostile/expired-smime.pem", "expired"), ("nowhere.pem", "nowhere.pem"),
                                   ("hostile/unknown-ca-smime.pem", "unknown-ca-smime.pem")):
            with self.subTest(certificate):
                directory.write_text(self.changed(desk, f'address="missing@derbyshire-police.example" certificate="{pki}/{certificate}"',
                                                  self.directory))
                done = self.expect(1, self.run("check"), stdout=("usable, with the warnings above",))
                self.assertRegex(done.stdout, rf"(?m)^warning: .*{re.escape(words)}")
        directory.write_text(self.changed(f'<signer certificate="{pki}/derbyshire/smime.pem"/>', f'<signer certificate="{pki}/nowhere.pem"/>',
                                          self.directory))
        self.assertRegex(self.expect(1, self.run("check")).stdout, r"(?m)^warning: signer derbyshire .*nowhere.pem")
        directory.write_text(self.changed('roles="police-missing"', 'roles="polce-missing astrologer"', self.directory))
        self.assertRegex(self.expect(1, self.run("check")).stdout,
                         r'(?m)^warning: desk \S+-police/missing has the role "polce-missing", .*; did you mean "police-missing"\?$')
        directory.write_text(self.directory)
        self.gateway.config.write_text(re.sub(r"    <mail [^>]*/>\n", "", self.good))
        self.assertRegex(self.expect(1, self.run("check")).stdout, r"(?m)^warning: desk derbyshire-police/missing is .* has no <mail>$")
        self.gateway.config.write_text(re.sub(r"(<mail [^>]*port=)[^ ]*", r'\1"465"', self.good))
        self.assertRegex(self.expect(1, self.run("check")).stdout, r'(?m)^warning: mail out: port 465 .*: add tls="implicit" to <mail>$')

    def test_full_disk(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "check", "--config", self.gateway.config], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, IO)


class WithoutStore(Configured):
    ASKS = (("queue", "list"), ("queue",), ("queue", "show", ID), ("explain", ID), ("audit", "verify"), ("queue", "retry", ID),
            ("attention", "list"), ("attention", "show", ID), ("review", "list"), ("review", "show", ID), ("consent", "show", "--child", ID),
            ("disclosures", "--all"), ("disclosures", "--child", ID), ("disclosures", "--unconfirmed"))

    def test_never_started(self):
        for words in self.ASKS:
            self.expect(AGAIN, self.run(*words), "does not run and has no store", "wardgate serve")
        self.assertFalse(self.gateway.state.exists())  # looking makes nothing
        self.gateway.state.mkdir()
        for words in self.ASKS:
            self.expect(AGAIN, self.run(*words), "has no store")
        self.assertEqual(list(self.gateway.state.iterdir()), [])
        self.gateway.state.rmdir()

    def test_no_configuration(self):
        for words in (*self.ASKS, ("check",), ("serve",)):
            done = run(*words, "--config", self.folder / "nowhere.xml")
            self.assertNotEqual(done.returncode, OK)
            self.assertIn("nowhere.xml", done.stderr)


class Submit(Configured):
    def submit(self, *words):
        pki = self.world.pki
        return run("submit", "--certificate", pki / "derbyshire/client.pem", "--key", pki / "derbyshire/client.key", "--ca", pki / "ca.pem", *words)

    def test_unreachable(self):
        url = f"https://localhost:{w.free_port()}/v1/notices"
        self.expect(AGAIN, self.submit("--url", url, REPORT), "not accepted")
        self.expect(AGAIN, self.run("submit", "--url", url, REPORT), "not accepted")  # with the configuration's own certificate

    def test_refused(self):
        # a key that could break out of its header is not sent anywhere
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            url = f"https://localhost:{listener.getsockname()[1]}/v1/notices"
            self.expect(DATA, self.submit("--url", url, "--idempotency-key", "a\r\nX: y", REPORT), "not accepted")
        self.expect(DATA, self.submit("--url", "http://localhost/", REPORT), "not accepted")

    def test_faults(self):
        self.expect(66, self.submit("--url", "https://localhost/", "/nowhere.eml"), "/nowhere.eml")
        with tempfile.NamedTemporaryFile(suffix=".eml") as picture:
            picture.write(b"\x89PNG\r\n\x1a\n")
            picture.flush()
            self.expect(DATA, self.submit("--url", "https://localhost/", picture.name), "a picture")
        self.expect(66, run("submit", "--url", "https://localhost/", REPORT, "--config", "/nowhere.xml"), "--certificate, --key and --ca")


class Running(Configured):
    """The one gateway of this file that is started: what the operator reads, while it runs and after it ended."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.start()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        super().tearDownClass()

    def tearDown(self):
        pass

    def wait_state(self, message, state):
        return w.wait_for(f"{message} is {state}", 60, lambda: next((r for r in self.gateway.rows("--all") if r["id"] == message and
                                                                    r["state"] == state), None))

    def submit(self, data, name="report.eml"):
        path = self.folder / name
        path.write_bytes(data)
        return self.world.submit(self.gateway, path, "staffordshire-police")

    def test_operator(self):
        odd = self.submit(REPORT.read_bytes() + b"Favourite invented colour: ultraviolet\n")
        self.wait_state(odd, "attention")
        bad = self.submit((ROOT / "tests/corpora/hostile/entity-laughs.xml").read_bytes(), "laughs.xml")
        self.wait_state(bad, "rejected")
        good = self.submit(REPORT.read_bytes())
        self.wait_state(good, "routed")
        w.wait_for("deliveries are deferred: nobody is there", 60, lambda: len([r for r in self.gateway.deliveries(good) if r["state"] == "deferred"]) == 3)

        text = self.expect(OK, self.run("queue", "list")).stdout
        self.assertRegex(text, rf"(?m)^messages:\n{odd}  attention +missing  from staffordshire-police by https, for ")
        self.assertIn("    map missing-report: 1 field unmapped", text)
        self.assertIn(f"wardgate attention show {odd}", text)
        self.assertNotIn(bad, text)
        self.assertRegex(text, r"(?m)^deliveries:\n\S{26}  (deferred|sending) ")
        self.assertIn(f"    of message {good}", text)
        self.assertRegex(text, r"tried \d+ time")  # how often by now, the machine knows
        for line in text.splitlines():
            self.assertLess(len(line), 121, line)
        text = self.expect(OK, self.run("queue", "list", "--state", "rejected")).stdout
        self.assertIn(bad, text)
        self.assertIn("DOCTYPE", text)
        w.wait_for("they wait for another try", 60, lambda: "  deferred " in self.expect(OK, self.run("queue", "list", "--state", "deferred")).stdout)
        self.expect(OK, self.run("queue", "list", "--state", "acknowledged"), stdout="Nothing is in that state")
        self.expect(USAGE, self.run("queue", "list", "--state", "lost"), "no such state")
        for line in self.expect(OK, self.run("queue", "list", "--all", "--json")).stdout.splitlines():
            json.loads(line)

        text = self.expect(OK, self.run("explain", good), stdout=("  given\n", "  not given\n")).stdout
        self.assertIn("        rule    england/find-the-child", text.splitlines())
        for line in text.splitlines():
            self.assertLess(len(line), 110, line)
        self.expect(OK, self.run("explain", bad), stdout="Nothing was decided")
        self.expect(66, self.run("queue", "show", ID), "there is no message or delivery")
        self.assertIn("Tess Example", self.expect(OK, self.run("queue", "show", good, "--unmask")).stdout)
        self.assertNotEqual(self.run("queue", "show", good, "--unmask", "--which", "diary").returncode, OK)
        held = []
        for _ in range(100):  # one that is just being tried is held after that
            done = self.run("queue", "hold", good, "--why", "cli test")
            held += [int(n) for n in re.findall(r"hold: (\d+) change", done.stdout)]
            if sum(held) == 3:
                break
            time.sleep(0.1)
        self.assertEqual(sum(held), 3)
        self.expect(DATA, self.run("queue", "hold", good, "--why", "cli test"), "nothing of")
        self.expect(OK, self.run("queue", "cancel", good, "--why", "cli test"))
        with open("/dev/full", "w") as full:
            for words in (("queue", "list", "--all"), ("explain", good), ("audit", "verify")):
                done = subprocess.run([PROGRAM, *words, "--config", self.gateway.config], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, IO, words)

        # a submission that the gateway refuses
        key = ("--idempotency-key", "cli-test")
        pki = self.world.pki / "staffordshire-police"
        mine = ("submit", "--url", self.gateway.url, "--certificate", pki / "client.pem", "--key", pki / "client.key", "--ca", self.world.pki / "ca.pem")
        self.expect(OK, run(*mine, *key, REPORT), stdout="accepted: ")
        self.expect(DATA, run(*mine, *key, self.folder / "laughs.xml"), "not accepted", "422")

        # the same without the gateway: the command line opens the store itself
        self.gateway.stop()
        before = {p.name: p.stat().st_uid for p in self.gateway.state.iterdir()}
        self.assertIn(odd, self.expect(OK, self.run("queue", "list")).stdout)
        self.expect(OK, self.run("audit", "verify"), stdout="clean")
        self.assertEqual(json.loads(self.run("audit", "verify", "--json").stdout)["clean"], True)
        self.assertEqual({p.name: p.stat().st_uid for p in self.gateway.state.iterdir()}, before)
        if os.geteuid() == 0:  # root looks into the store of the gateway's user, and leaves nothing behind that is root's
            nobody = pwd.getpwnam("nobody").pw_uid
            for path in (self.gateway.state, *self.gateway.state.iterdir()):
                os.chown(path, nobody, -1)
            self.folder.chmod(0o711)
            self.gateway.folder.chmod(0o711)
            self.expect(OK, self.run("queue", "list"))
            self.assertEqual({p.stat().st_uid for p in self.gateway.state.iterdir()}, {nobody})
            for path in (self.gateway.state, *self.gateway.state.iterdir()):
                os.chown(path, 0, -1)
        self.gateway.start()


class Supervised(Configured):
    """`serve` and its children: what is said of one that dies, in which order they end, and what a reload may change."""

    def setUp(self):
        self.gateway.start()

    def tearDown(self):
        if self.gateway.process is not None:
            self.gateway.stop()
        super().tearDown()

    def logged(self, **wanted):
        return [l for l in self.gateway.log_lines(self.gateway.started_at) if all(l.get(k) == v for k, v in wanted.items())]

    def test_forbidden_system_call_is_named(self):
        before = self.gateway.roles()["deliver"]
        os.kill(before, signal.SIGSYS)  # what the kernel sends
        w.wait_for("it is said", 30, lambda: self.logged(event="ended", child="deliver", how="forbidden system call (SIGSYS)"))
        w.wait_for("another one", 30, lambda: self.gateway.roles()["deliver"] != before)
        os.kill(self.gateway.roles()["process"], signal.SIGKILL)
        w.wait_for("it is said", 30, lambda: self.logged(event="ended", child="process", how="signal 9 (KILL)"))

    def test_the_store_ends_last(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                if self.gateway.process is None:
                    self.gateway.start()
                self.gateway.process.send_signal(number)
                self.assertEqual(self.gateway.process.wait(60), 0)
                self.gateway.process = None
                ended = self.logged(event="ended")
                self.assertEqual(len(ended), 5, ended)
                self.assertEqual(ended[-1]["child"], "store")
                self.assertEqual({l["how"] for l in ended}, {"exit 0"})

    def test_stopped_while_it_starts(self):
        """A signal that comes between fork and exec, or while a role waits for the store, is not lost."""
        self.gateway.stop()
        for pause in (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4):
            with self.subTest(pause), open(self.gateway.log, "ab") as log:
                self.gateway.started_at = self.gateway.log.stat().st_size
                self.gateway.process = subprocess.Popen([PROGRAM, "serve", "--config", self.gateway.config], stderr=log, stdout=log)
                w.wait_for("the first child", 60, lambda: self.logged(event="started"))
                time.sleep(pause)
                self.gateway.process.terminate()
                self.assertEqual(self.gateway.process.wait(w.PATIENCE_S), 0)  # a role that missed it is killed after 30 s
                self.gateway.process = None
                self.assertFalse([l for l in self.logged(event="ended") if "signal" in l["how"] and "TERM" not in l["how"]])

    def test_roles_end_with_their_supervisor(self):
        pids = self.gateway.roles().values()
        self.gateway.process.kill()
        self.gateway.process.wait()
        self.gateway.process = None
        w.wait_for("all roles are gone", 60, lambda: not [p for p in pids if pathlib.Path(f"/proc/{p}").exists()])

    def test_reload(self):
        before = self.gateway.roles()
        for old, new, words in ((' state="state"', ' state="elsewhere"', "state= is another folder"), ("<retry ", "<retri ", "gateway.xml:")):
            self.gateway.config.write_text(self.changed(old, new))
            count = len(self.logged(event="reload-refused"))
            self.gateway.process.send_signal(signal.SIGHUP)
            refusals = w.wait_for("the refusal", 30, lambda: (lambda r: r if len(r) > count else None)(self.logged(event="reload-refused")))
            self.assertIn(words, refusals[-1]["error"])
            self.assertEqual(self.gateway.roles(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
