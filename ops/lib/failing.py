"""The chapter of the demo's story about machines that fail: everything is killed under load, and a disk is lost."""
import json
import os
import signal
import subprocess

import senders
import world as w
from tell import check, say, show, title

CHILDREN, SENDERS, PATIENCE_S = 12, 4, 120


def prepare(gateway):
    """Certificates that backups are encrypted to; the private key stays with whoever restores."""
    mine = gateway.world.folder / f"{gateway.organisation}-backup"
    gateway.backup_key, gateway.backup_certificate = mine.with_suffix(".key"), mine.with_suffix(".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", gateway.backup_key, "-out", gateway.backup_certificate,
                    "-days", "30", "-subj", f"/CN=backup of {gateway.organisation}"], check=True, capture_output=True)
    gateway.beside += f'<backup><certificate file="{gateway.backup_certificate}"/></backup>'


def to_derbyshire(gateway, message):
    return next((r for r in gateway.deliveries(message) if r["organisation"] == "derbyshire"), None)


def arrived(gateway):
    """What others handed in at a gateway."""
    return [r["id"] for r in gateway.rows("--all") if not r["desk"]]


def kill(gateway):
    """Every process of it at once, as when the power goes; how many there were."""
    processes = w.family(gateway.process.pid)
    for pid in processes:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # a reader that had just ended
    gateway.process.wait()
    return len(processes)


def killed(story):
    gateway, total = story.host, len(senders.KINDS) * CHILDREN
    before = len(arrived(story.placing))
    load = senders.Load([gateway.port], story.world.pki, CHILDREN, SENDERS, PATIENCE_S)
    load.start()
    load.allow(1)
    load.wait(1 / 3, PATIENCE_S)
    processes = kill(gateway)
    known = len(load.told)
    gateway.start()
    load.wait(1, PATIENCE_S)
    say(f"{total} notices come in by {SENDERS} connections. When {known} have their receipt, all {processes} processes of Staffordshire's gateway are "
        "killed at once, whatever each was doing. It is started again; whoever got no receipt hands in again.")
    receipts = {receipt for _, receipt in load.told.values()}

    def all_there():
        ends = [r["state"] for r in gateway.rows("--all") if r["message"] in receipts and r["organisation"] == "derbyshire"]
        return ends.count("received") == total
    w.wait_for("every copy is with Derbyshire's gateway", PATIENCE_S, all_there)
    check(f"{total} receipts, {total} messages: none that was acknowledged is lost, none is there twice", len(receipts) == total)
    check(f"Derbyshire's gateway has each of the {total} once", len(arrived(story.placing)) - before == total)
    check("the log of decisions is whole, over the kill too", gateway.cli("audit", "verify", check=False).returncode == 0)


def lost_disk(story):
    gateway = story.host
    story.placing.stop()
    message = story.world.submit(gateway, story.backup_notice, "staffordshire-police")
    w.wait_for("its copy waits", 60, lambda: (to_derbyshire(gateway, message) or {}).get("state") == "deferred")
    folders = [story.world.folder / name for name in ("backup", "backup-keys")]
    for folder in folders:
        folder.mkdir()
    said = json.loads(gateway.cli("backup", "--json", *folders).stdout)
    say("Derbyshire's gateway is down, so a copy waits for it. wardgate backup, while everything runs: two encrypted files, of what is stored "
        "and of the keys to it, for two places:")
    for path in (said["store"], said["keys"]):
        show(os.path.relpath(path, story.world.folder))
    check("both were read back, opened and held against the log before they got their names", said["verified"] and said["findings"] == 0)
    gateway.stop()
    gateway.state.rename(gateway.folder / "state-of-the-lost-disk")
    restored = gateway.cli("restore", said["store"], said["keys"], "--key", gateway.backup_key, "--certificate", gateway.backup_certificate,
                           "--into", gateway.state)
    say("The disk is lost. wardgate restore says:")
    for line in filter(None, restored.stdout.splitlines()):
        print("      " + line)
    story.placing.start()
    gateway.start()
    held = to_derbyshire(gateway, message)
    check("the copy that waited is held: after a backup nobody knows by itself whether it was sent meanwhile",
          held["state"] == "held" and held["may-have-arrived"])
    gateway.cli("queue", "release", held["id"], "--why", "rang Derbyshire: they have nothing")
    ends = ("received", "failed")
    row = w.wait_for("it is at its end", 60, lambda: (lambda r: r if r["state"] in ends else None)(to_derbyshire(gateway, message)))
    check("a person rings, releases it, and it is received", row["state"] == "received")


def tell(story):
    title("13. Everything is killed, and a disk is lost")
    killed(story)
    story.backup_notice = story.world.folder / "another-child.xml"
    story.backup_notice.write_bytes(senders.notice(CHILDREN, "missing"))
    lost_disk(story)
