#!/usr/bin/env python3
"""What `cmake --install` puts down works by itself, as README.md's "Installing" has it: nothing of the clone or of the build is looked at
any more, and the unit, its user and its folders are what systemd takes."""
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))
import world as w
from ports import free_port

BUILD = pathlib.Path(os.environ["WARDGATE"]).parents[1]
EXPOSURE = 15  # tenths: the most that systemd-analyze may find


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wardgate-install-"))
        cls.prefix = cls.folder / "root/usr/local"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr/local"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"DESTDIR": str(cls.folder / "root")})
        cls.share, cls.doc = cls.prefix / "share/wardgate", cls.prefix / "share/doc/wardgate"
        cls.report = shutil.copy(ROOT / "ops/lib/missing-report.eml", cls.folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def traced(self, *words):
        self.trace = self.folder / "strace.log"
        return ["strace", "-f", "-q", "--seccomp-bpf", "-s", "4096", "-e", "trace=%file", "-e", "signal=none", "-o", self.trace,
                self.prefix / "bin/wardgate", *words]

    def only_installed(self):
        """Of what the trace names, nothing lies in the clone or the build; and it does name what was installed."""
        named = set(re.findall(r'"([^"]*)"', self.trace.read_text()))
        self.assertEqual([p for p in named if p.startswith((str(ROOT), str(BUILD)))], [])
        self.assertIn(str(self.share / "xsd/wardgate/1/notice.xsd"), named)
        return named

    def run_traced(self, *words):
        done = subprocess.run(self.traced(*words), cwd=self.folder, capture_output=True, text=True)
        self.only_installed()
        return done

    def make_gateway(self):
        """The steps of README.md, in a folder of this test's own in the place of /etc/wardgate and /var/lib/wardgate."""
        world = w.World(self.folder / "etc", self.prefix / "bin/wardgate")
        host = w.Gateway(world, "staffordshire", free_port())
        host.folder = world.folder
        host.config, host.log, host.state = world.folder / "gateway.xml", world.folder / "log", world.folder / "state"
        shutil.copy(self.doc / "examples/directory.xml", world.folder)
        text = (self.doc / "examples/gateway.xml").read_text()
        for was, now in (("/usr/local/share/wardgate", self.share), ("/var/lib/wardgate", host.state), ('"8443"', f'"{host.port}"'),
                         ('"9443"', f'"{free_port()}"'), ('"25"', f'"{free_port()}"')):
            self.assertIn(was, text)
            text = text.replace(was, str(now))
        host.config.write_text(text)
        (world.folder / "lookup.key").write_bytes(secrets.token_bytes(32))
        (world.folder / "lookup.key").chmod(0o600)
        subprocess.run([self.share / "certs-example/make", world.pki, "--organisation", "stoke-on-trent"], check=True, stdout=subprocess.DEVNULL)
        host.state.mkdir(mode=0o700)
        return world, host

    def test_a_gateway(self):
        world, host = self.make_gateway()
        checked = self.run_traced("check", "--config", host.config)
        self.assertIn(checked.returncode, (0, 1), checked.stderr)  # 1: warnings, of sample keys that last 30 days
        with open(host.log, "wb") as log:
            host.started_at = 0
            host.process = subprocess.Popen(self.traced("serve", "--config", host.config), cwd=self.folder, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        try:
            host.wait_ready()
            message = world.submit(host, self.report, "staffordshire-police")
            w.wait_for("the report is decided", 60, lambda: len(host.deliveries(message)) == 3)
        finally:
            os.kill(w.parent(host.roles()["store"]), signal.SIGTERM)  # strace ends with what it follows
            self.assertEqual(host.process.wait(w.PATIENCE_S), 0)
        named = self.only_installed()
        self.assertIn(str(self.prefix / "libexec/wardgate/wardgate-reader-mail"), named)
        self.assertIn(str(self.share / "policy/england.xml"), named)

    def test_without_a_configuration(self):
        self.assertEqual(self.run_traced("convert", self.report).returncode, 0)
        self.assertEqual(self.run_traced("map", "list").returncode, 0)
        tested = self.run_traced("policy", "test", self.share / "policy/tests")
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_what_else_is_there(self):
        for name in ("share/man/man1/wardgate.1", "share/man/man5/wardgate-policy.5", "share/man/man7/wardgate-api.7",
                     "share/wardgate/ops/openapi.yaml", "share/wardgate/ops/postgresql/roles.sql", "share/wardgate/forms/missing-report.docx",
                     "share/doc/wardgate/BACKUP.md", "share/wardgate/adapters/maps/README.md"):
            self.assertTrue((self.prefix / name).is_file(), name)
        built = {p.name for p in (BUILD / "bin").glob("wardgate-reader-*")}
        self.assertEqual({p.name for p in (self.prefix / "libexec/wardgate").iterdir()}, built)

    def test_the_unit(self):
        unit = self.prefix / "lib/systemd/system/wardgate.service"
        self.assertIn("\nExecStart=/usr/local/bin/wardgate serve\n", unit.read_text())
        here = self.folder / "wardgate.service"
        here.write_text(unit.read_text().replace("/usr/local/bin", str(self.prefix / "bin")))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", here],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)

    def test_its_user_and_folders(self):
        made = self.folder / "made"
        (made / "etc").mkdir(parents=True)
        for tool, conf in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
            words = [tool, f"--root={made}"] + (["--create"] if conf == "tmpfiles.d" else [])
            subprocess.run([*words, self.prefix / "lib" / conf / "wardgate.conf"], check=True, capture_output=True, text=True)
        passwd = (made / "etc/passwd").read_text()
        self.assertRegex(passwd, r"(?m)^wardgate:.*:/var/lib/wardgate:/usr/sbin/nologin$")
        self.assertEqual((made / "run/wardgate").stat().st_mode & 0o7777, 0o2750)
        self.assertEqual((made / "etc/wardgate").stat().st_mode & 0o7777, 0o750)
        self.assertEqual((made / "var/lib/wardgate").stat().st_mode & 0o7777, 0o700)


if __name__ == "__main__":
    unittest.main(verbosity=2)
