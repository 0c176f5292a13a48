#!/usr/bin/env python3
"""Mail that is sealed to keys which live in an HSM only (SoftHSM): a real gateway opens it, whoever sealed it in whichever way;
what is bent on its way is refused without a word of what was wrong with it; and what happens to the HSM happens to nothing else.
"""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
sys.path.insert(0, str(ROOT / "tests/peers"))
sys.path.insert(0, str(ROOT / "tests/role"))
import smime
import world as w
from hostile_mail import FROM, PARTNER, report

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "canary-pin-624-ruth-8163"
MAIL_EXT = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,%s\nextendedKeyUsage=emailProtection\n"
            "subjectAltName=email:front-door@staffordshire.example\n")
OAEP = ("rsa_padding_mode:oaep", "rsa_oaep_md:%s", "rsa_mgf1_md:%s")


def tool(*words):
    subprocess.run([str(x) for x in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Token:
    """A token of SoftHSM's in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        folder.mkdir(mode=0o700)
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        (folder / "pin").write_text(PIN + "\n")
        (folder / "pin").chmod(0o600)
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        tool("softhsm2-util", "--init-token", "--free", "--label", "wardgate", "--pin", PIN, "--so-pin", "2718")

    def take_to_sign(self, key, name):
        """One that signs and does nothing else: softhsm2-util lets EC keys do no more."""
        self.count += 1
        tool("softhsm2-util", "--import", key, "--token", "wardgate", "--label", name, "--id", f"{self.count:02}", "--pin", PIN)
        os.unlink(key)
        return f"pkcs11:token=wardgate;object={name};type=private"

    def take(self, key, name):
        """Moves a key file into the token: afterwards it is nowhere else."""
        self.count += 1
        tool("openssl", "pkey", "-in", key, "-outform", "DER", "-out", self.folder / "in.der")
        tool("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", self.folder / "out.der")
        for kind, file in (("privkey", "in.der"), ("pubkey", "out.der")):
            more = ("--usage-sign", "--usage-decrypt", "--usage-derive") if kind == "privkey" else ()
            tool("pkcs11-tool", "--module", MODULE, "--token-label", "wardgate", "--login", "--pin", PIN, "--write-object",
                 self.folder / file, "--type", kind, "--label", name, "--id", f"{self.count:02}", *more)
        (self.folder / "in.der").unlink()
        os.unlink(key)
        return f"pkcs11:token=wardgate;object={name};type=private"


class Hsm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wg-hsm-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(cls.world.close)
        cls.world.make_pki()
        cls.pki = cls.world.pki
        cls.ssl = smime.OpenSsl(str(cls.pki))
        for name, key, usage in (("ec", "ec", "keyAgreement"), ("old", "rsa:2048", "keyEncipherment"), ("signs", "ec", "digitalSignature,keyAgreement")):
            cls.ssl.issue(f"staffordshire/{name}", "/O=wardgate EXAMPLE/CN=front door", MAIL_EXT % usage, key=key)
        # the partner has a desk, so that its mails make notices
        cls.host = cls.world.make_gateways(cls.world.start_mail(), ("staffordshire",))[0]
        mine = cls.pki / "staffordshire"
        cls.token = Token(cls.folder / "hsm")
        cls.gpg = smime.Gpgsm(str(cls.pki), [PARTNER])
        cls.addClassCleanup(cls.gpg.close)
        cls.gpg.call("--import", str(mine / "smime.pem"))
        text = cls.host.config.read_text()
        for name in ("storage", "smime"):
            text = text.replace(f'key="{mine}/{name}.key"', f'key="{cls.token.take(mine / f"{name}.key", name)}"')
        ec, signs = cls.token.take(mine / "ec.key", "ec"), cls.token.take_to_sign(mine / "signs.key", "signs")
        head, tail = text.split("<smime ", 1)
        own, rest = tail.split("/>", 1)
        text = (f'{head}<smime {own}>\n    <pair certificate="{mine}/ec.pem" key="{ec}"/>\n    <pair certificate="{mine}/old.pem" key="{mine}/old.key"/>\n'
                f'    <pair certificate="{mine}/signs.pem" key="{signs}"/>\n  </smime>{rest}')
        text = text.replace("\n  </intake>", f'\n    <lmtp socket="{cls.folder}/lmtp"/>\n  </intake>')
        text = text.replace("  <samples", f'  <hsm module="{MODULE}" pin="{cls.token.folder}/pin" folder="{cls.token.folder}"/>\n  <samples')
        cls.host.config.write_text(text)
        cls.host.start()
        cls.count = 0
        cls.names = {}

    # ---- mails

    def entity(self):
        type(self).count += 1
        return smime.text_entity(report(f"HSM{self.count:04o}"))

    def inner(self, entity):
        return smime.pkcs7(self.ssl.sign(entity, PARTNER))

    def send(self, der):
        """By LMTP, as a mail server would; the message's id."""
        mark = self.host.log.stat().st_size
        self.sent = getattr(self, "sent", 0) + 1
        data = smime.mail(FROM, smime.pkcs7(der, "enveloped-data"), identity=f"hsm-{type(self).count}-{self.sent}-{time.time_ns()}")
        with smtplib.LMTP(str(self.folder / "lmtp")) as client:
            client.sendmail(FROM, ["gateway@staffordshire.example"], data)
        return w.wait_for("accepted", 30, lambda: next((l["message"] for l in self.host.log_lines(mark) if l.get("event") == "accepted"), None))

    def settled(self, message, seconds=60):
        def probe():
            row = next((r for r in self.host.rows("--all") if r["message"] == message and not r["desk"]), None)
            return row if row and row["state"] != "accepted" else None
        return w.wait_for(f"{message} is settled (log: {self.host.log})", seconds, probe)

    def keeper(self, but=None):
        """The process that holds the HSM: the one child of the process role that stays; another than that."""
        def alone():
            parent = self.host.roles()["process"]
            try:
                children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                names = {int(c): pathlib.Path(f"/proc/{c}/cmdline").read_text() for c in children}
            except (FileNotFoundError, ProcessLookupError):
                return None  # one of them ended meanwhile
            found = [pid for pid, name in names.items() if name and "wardgate-reader" not in name]
            return found if len(found) == 1 and found != [but] else None
        return w.wait_for("one process holds the HSM", 60, alone)

    def opened(self, der, how):
        row = self.settled(self.send(der))
        self.assertEqual(row["organisation"], "staffordshire-police", f"{how}: {row}")
        self.assertNotIn("not authenticated", row["reason"], how)
        self.assertIn(row["state"], ("routed", "normalised"), f"{how}: {row}")

    def refused(self, der, how):
        row = self.settled(self.send(der))
        self.assertEqual((row["state"], row["organisation"]), ("attention", ""), f"{how}: {row}")
        return row["reason"]

    # ---- what is opened

    def test_1_every_way_of_sealing(self):
        rsa, ec = "staffordshire/smime", "staffordshire/ec"
        ways = {
            "openssl, RSA PKCS#1 v1.5, AES-256-CBC": lambda e: self.ssl.encrypt(e, rsa),
            "openssl, RSA PKCS#1 v1.5, AES-128-CBC": lambda e: self.ssl.encrypt(e, rsa, "-aes128"),
            "openssl, RSA PKCS#1 v1.5, 3DES": lambda e: self.ssl.encrypt(e, rsa, "-des3"),
            "openssl, RSA-OAEP SHA-256, AES-256-GCM": lambda e: self.ssl.encrypt_oaep(e, rsa),
            "openssl, RSA-OAEP SHA-1, AES-256-CBC": lambda e: self.ssl.encrypt_with(e, rsa, "-aes-256-cbc", "rsa_padding_mode:oaep"),
            "openssl, RSA-OAEP SHA-512 with MGF1 SHA-1": lambda e: self.ssl.encrypt_with(
                e, rsa, "-aes-256-gcm", "rsa_padding_mode:oaep", "rsa_oaep_md:sha512", "rsa_mgf1_md:sha1"),
            "openssl, RSA-OAEP with a label": lambda e: self.ssl.encrypt_with(
                e, rsa, "-aes-256-gcm", "rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_oaep_label:0102030405"),
            "openssl, ECDH P-256, AES-256-GCM": lambda e: self.ssl.encrypt_with(e, ec, "-aes-256-gcm", "ecdh_kdf_md:sha256"),
            "openssl, ECDH P-256, AES-256-CBC": lambda e: self.ssl.encrypt(e, ec, "-aes256"),
            "gpgsm, RSA, AES-256-CBC, BER": lambda e: self.gpg.encrypt(e, rsa),
            "openssl, to a key file beside them": lambda e: self.ssl.encrypt(e, "staffordshire/old"),
        }
        for how, seal in ways.items():
            with self.subTest(how):
                self.opened(seal(self.inner(self.entity())), how)
                print(f"opened: {how}")
        # to all of them at once, as in a change-over
        all_of = [str(self.pki / f"staffordshire/{n}.pem") for n in ("old", "ec", "smime")]
        der = smime.run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-aes256", "-in", self.ssl.put(self.inner(self.entity())), *all_of)
        self.opened(der, "to three of ours")

    def with_key(self, entity, key):
        """Sealed with a content key that is known: what openssl made, and its key and content made anew."""
        cms = smime.Der.parse(self.ssl.encrypt(self.inner(entity), "staffordshire/smime"))
        enveloped = cms[1][0]
        wrapped = smime.run("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", str(self.pki / "staffordshire/smime.pem"), "-in", self.ssl.put(key))
        enveloped[1][0].content[-1] = smime.Der(0x04, wrapped)
        sealed = enveloped[2]
        iv = sealed[1][1].content
        sealed.content[-1] = smime.Der(sealed[2].tag, smime.run("openssl", "enc", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex(), "-in",
                                                                 self.ssl.put(self.inner(entity))))
        return cms.bytes()

    # ---- what is not

    def bent(self, der, at, length):
        cms = smime.Der.parse(der)
        recipient = cms[1][0][1][0]
        key = recipient.content[-1]
        self.assertEqual(key.tag, 0x04)
        self.assertEqual(len(key.content), 256)
        recipient.content[-1] = smime.Der(0x04, at(key.content)[:length] if length else at(key.content))
        return cms.bytes()

    def wrapped(self, padded):
        """An encrypted key of the attacker's making: raw RSA of what it likes, under our public key."""
        return smime.run("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", str(self.pki / "staffordshire/smime.pem"), "-in", self.ssl.put(padded),
                         "-pkeyopt", "rsa_padding_mode:none")

    def refused_anew(self, seal, how):
        """Nothing shows that what CBC gave is noise: the key that is drawn where none could be had opens one content in 256 to
        what seems well padded, and is refused for what it is not. Then another is sealed."""
        for _ in range(4):
            words = self.refused(seal(), how)
            if "could not be opened" in words:
                break
        return words

    def test_2_padding_tells_nothing(self):
        sealed = lambda: self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime")
        sealed_oaep = lambda: self.ssl.encrypt_oaep(self.inner(self.entity()), "staffordshire/smime")
        oaep = sealed_oaep()
        fill = lambda n: bytes([7]) * n
        faults = {
            "a bit flipped": lambda k: k[:100] + bytes([k[100] ^ 1]) + k[101:],
            "well padded, another key": lambda k: self.wrapped(b"\0\2" + fill(221) + b"\0" + fill(32)),
            "well padded, of another length": lambda k: self.wrapped(b"\0\2" + fill(237) + b"\0" + fill(16)),
            "no zero behind the padding": lambda k: self.wrapped(b"\0\2" + fill(254)),
            "the wrong block type": lambda k: self.wrapped(b"\0\1" + b"\xff" * 221 + b"\0" + fill(32)),
            "does not begin with zero": lambda k: self.wrapped(b"\1\2" + fill(221) + b"\0" + fill(32)),
            "an empty key": lambda k: self.wrapped(b"\0\2" + fill(253) + b"\0"),
            "larger than the modulus": lambda k: b"\xff" * 256,
            "nothing but zeros": lambda k: bytes(256),
        }
        said = {}
        for how, make in faults.items():
            for kind, seal in (("PKCS#1 v1.5", sealed), ("OAEP", sealed_oaep)):
                said[f"{kind}: {how}"] = self.refused_anew(lambda: self.bent(seal(), make, 0), f"{kind}: {how}")
        said["cut short"] = self.refused_anew(lambda: self.bent(sealed(), lambda k: k, 200), "cut short")
        # sealed to somebody else, and what names us and is for nobody
        said["to somebody else"] = self.refused(self.ssl.encrypt(self.inner(self.entity()), "derbyshire/smime"), "to somebody else")
        said["content bent"] = self.refused(oaep[:-40] + bytes([oaep[-40] ^ 1]) + oaep[-39:], "content bent")
        self.assertEqual(len(set(said.values())), 1, json.dumps(said, indent=1))
        words = next(iter(said.values()))
        print(f"refused {len(said)} times in the same words: {words}")
        self.assertIn("could not be opened", words)
        self.assertIn("ask its sender to seal it anew", words)
        # twice sealed: no mail is, and the key is not asked twice
        twice = self.ssl.encrypt(smime.pkcs7(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"), "enveloped-data"), "staffordshire/smime")
        self.refused(twice, "twice sealed")
        self.opened(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"), "afterwards")

    # ---- the HSM's own faults

    def test_3_keeper_ends(self):
        """Whoever holds the HSM is killed: a mail that comes then is tried again, and opened."""
        (keeper,) = self.keeper()
        os.kill(keeper, signal.SIGKILL)
        row = self.settled(self.send(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime")))
        self.assertEqual((row["state"], row["organisation"]), ("routed", "staffordshire-police"), row)
        self.keeper(but=keeper)

    def test_4_what_is_said_of_the_keys(self):
        done = self.host.cli("check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)  # with a warning
        status = self.host.cli("cert", "status", check=False).stdout
        status = " ".join(status.split())
        self.assertIn("its key is in the HSM, which opens RSA PKCS#1 v1.5, RSA-OAEP with SHA-1, RSA-OAEP with SHA-256", status)
        self.assertIn("its key is in the HSM, which opens ECDH", status)
        self.assertIn("its key is in the HSM, which signs with it, and opens nothing", status)
        self.assertIn("which signs with it, and opens nothing", done.stdout)  # check warns of it

    def reload(self, text):
        mark = self.host.log.stat().st_size
        self.host.config.write_text(text)
        self.host.process.send_signal(signal.SIGHUP)
        w.wait_for("the new configuration", 60, lambda: {"intake", "process"} <= {
            l.get("role") for l in self.host.log_lines(mark) if l.get("event") == "ready"} or any(
            l.get("event") == "reload-refused" for l in self.host.log_lines(mark)))
        self.assertEqual([l for l in self.host.log_lines(mark) if l.get("event") == "reload-refused"], [])

    def test_5_change_over(self):
        """A key moves from its file into the HSM and out again, and one is new beside the old; what was sealed to either is opened throughout."""
        mine = self.pki / "staffordshire"
        before = self.host.config.read_text()
        kept = shutil.copy(mine / "old.key", self.folder / "old.key")
        os.chmod(kept, 0o600)
        uri = self.token.take(mine / "old.key", "old")
        both = lambda how: [self.opened(self.ssl.encrypt(self.inner(self.entity()), f"staffordshire/{n}"), f"{n}: {how}") for n in ("old", "smime")]
        self.reload(before.replace(f'key="{mine}/old.key"', f'key="{uri}"'))
        both("in the HSM")
        only = re.sub(r"<smime .*?</smime>", f'<smime certificate="{mine}/old.pem" key="{uri}" ca="{self.pki}/ca.pem">'
                      f'<pair certificate="{mine}/signs.pem" key="pkcs11:token=wardgate;object=signs;type=private"/></smime>', before, flags=re.S)
        self.reload(only)
        self.opened(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/old"), "the only one that opens, in the HSM")
        self.refused(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"), "a pair that was taken away")
        shutil.copy(kept, mine / "old.key")
        self.reload(before)
        both("a file again")

    # ---- secrets

    def test_6_nothing_leaks(self):
        key = b"canary-content-key-of-thirty-two"
        self.opened(self.with_key(self.entity(), key), "with a content key that is looked for")
        (keeper,) = self.keeper()
        process = self.host.roles()["process"]
        for pid in (keeper, process):
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0")
            self.assertIn("Seccomp:\t2", pathlib.Path(f"/proc/{pid}/status").read_text())
        # the module is in one process alone, and so is the PIN
        self.assertIn("libsofthsm2", pathlib.Path(f"/proc/{keeper}/maps").read_text())
        self.assertNotIn("libsofthsm2", pathlib.Path(f"/proc/{process}/maps").read_text())
        self.assertTrue(self.in_memory(keeper, PIN), "the check that looks for it finds nothing anywhere")
        for role, pid in self.host.roles().items():
            if role in ("process", "store"):
                self.assertFalse(self.in_memory(pid, PIN), role)
                self.assertFalse(self.in_memory(pid, key.decode()), role)
        self.assertFalse(self.in_memory(keeper, key.decode()))
        os.kill(keeper, signal.SIGABRT)  # would leave a core file, were one allowed
        self.opened(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"), "after a crash")
        self.keeper(but=keeper)
        for place in (self.folder, pathlib.Path.cwd(), pathlib.Path("/")):
            self.assertEqual([p for p in place.glob("core*") if p.is_file()], [])
        for path in [self.host.log, *self.host.state.rglob("*")]:
            try:
                data = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:
                continue  # the gateway was faster
            for secret in (PIN.encode(), key, key.hex().encode(), base64.b64encode(key)):
                self.assertNotIn(secret, data, path)

    @staticmethod
    def in_memory(pid, text):
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                where, how = line.split()[:2]
                if "r" not in how or "[v" in line:
                    continue
                first, last = (int(x, 16) for x in where.split("-"))
                if last - first > 1 << 30:  # no program here has so much; a sanitizer marks off terabytes
                    continue
                try:
                    memory.seek(first)
                    if text.encode() in memory.read(last - first):
                        return True
                except OSError:
                    continue
        return False


class Sockets(unittest.TestCase):
    """A module that talks to its HSM through sockets: p11-kit's client, and behind its server SoftHSM."""
    CLIENT = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wg-hsm-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.world = w.World(cls.folder)
        cls.addClassCleanup(cls.world.close)
        cls.world.make_pki()
        cls.pki = cls.world.pki
        cls.ssl = smime.OpenSsl(str(cls.pki))
        cls.host = cls.world.make_gateways(cls.world.start_mail(), ("staffordshire",))[0]
        cls.token = Token(cls.folder / "hsm")
        cls.server = None
        cls.start_server()
        cls.addClassCleanup(lambda: cls.stop_server())
        os.environ["P11_KIT_SERVER_ADDRESS"] = f"unix:path={cls.folder}/p11"
        cls.addClassCleanup(os.environ.pop, "P11_KIT_SERVER_ADDRESS")
        mine = cls.pki / "staffordshire"
        text = cls.host.config.read_text()
        # p11-kit 0.24 does not carry ECDH, so that the storage key, of an EC, stays in its file
        cls.storage = cls.token.take(shutil.copy(mine / "storage.key", cls.folder), "storage")
        text = text.replace(f'key="{mine}/smime.key"', f'key="{cls.token.take(mine / "smime.key", "smime")}"')
        text = text.replace("\n  </intake>", f'\n    <lmtp socket="{cls.folder}/lmtp"/>\n  </intake>')
        cls.text = text.replace("  <samples", f'  <hsm module="{cls.CLIENT}" pin="{cls.token.folder}/pin"NETWORK/>\n  <samples')

    @classmethod
    def start_server(cls):
        (cls.folder / "p11").unlink(missing_ok=True)
        cls.server = subprocess.Popen(["p11-kit", "server", "--provider", MODULE, "--foreground", "--name", str(cls.folder / "p11"), "pkcs11:token=wardgate"],
                                      stdout=subprocess.DEVNULL, start_new_session=True)
        w.wait_for("p11-kit's server", 20, (cls.folder / "p11").exists)

    @classmethod
    def stop_server(cls):
        """With the processes that it has for its connections."""
        os.killpg(cls.server.pid, signal.SIGKILL)
        cls.server.wait()

    entity, inner, send, settled, opened, keeper = Hsm.entity, Hsm.inner, Hsm.send, Hsm.settled, Hsm.opened, Hsm.keeper
    count = 0o700

    def test_1_only_when_it_is_said(self):
        self.host.config.write_text(self.text.replace("NETWORK", ""))
        with self.assertRaises(RuntimeError):
            self.host.start()
        words = [l["error"] for l in self.host.log_lines() if l.get("role") == "process" and l.get("event") == "stopped"]
        self.host.stop()
        self.assertTrue(any('network="true"' in one for one in words), words)
        self.assertEqual([l for l in self.host.log_lines() if l.get("event") == "not-json"], [])

    def test_2_a_storage_key_that_cannot_open(self):
        mine = self.pki / "staffordshire"
        self.host.config.write_text(self.text.replace("NETWORK", ' network="true"').replace(f'key="{mine}/storage.key"', f'key="{self.storage}"'))
        done = self.host.cli("check", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the storage key does not open what is sealed to its certificate: the HSM has to unwrap", done.stderr)

    def test_3_opens(self):
        self.host.config.write_text(self.text.replace("NETWORK", ' network="true"'))
        self.host.start()
        self.opened(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"), "over a socket")
        self.opened(self.ssl.encrypt_oaep(self.inner(self.entity()), "staffordshire/smime"), "over a socket, OAEP")

    def test_4_away_and_back(self):
        """The HSM is gone for a while: nothing is lost, nobody is bothered, and it goes on by itself."""
        before = self.host.roles()
        self.stop_server()
        mark = self.host.log.stat().st_size
        message = self.send(self.ssl.encrypt(self.inner(self.entity()), "staffordshire/smime"))
        w.wait_for("it is said", 60, lambda: any("HSM" in l.get("why", "") + l.get("error", "") for l in self.host.log_lines(mark)))
        self.start_server()
        row = self.settled(message, 90)
        self.assertEqual((row["state"], row["organisation"]), ("routed", "staffordshire-police"), row)
        after = self.host.roles()
        self.assertEqual({r: p for r, p in before.items() if r != "process"}, {r: p for r, p in after.items() if r != "process"})


if __name__ == "__main__":
    unittest.main(verbosity=1)
