#!/usr/bin/python3
"""A small mail server for the demo and the tests: 127.0.0.1, STARTTLS required, one Maildir for each recipient.

usage: maildir_smtpd.py DIR CERT KEY [PORT]

Prints "port N" (0, the default, takes a free one) and serves until SIGTERM, or until its standard input, if that is a pipe,
ends. Takes mail for *.example only. Mail for desk@front-door.example arrives in DIR/desk@front-door.example/new, flushed to disk
before the 250, byte for byte as it came but for the Return-Path and Delivered-To put before it. refused@ gets 550, later@ gets 450.
"""
import asyncio
import os
import re
import signal
import ssl
import stat
import sys
import time

from aiosmtpd.smtp import SMTP

SIZE_MAX = 64 * 1024 * 1024
# Strict: an address becomes the name of a folder.
ADDRESS = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}@(?:[a-z0-9][a-z0-9-]{0,62}\.)+example", re.ASCII)


class Maildirs:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        address = address.lower()
        if not ADDRESS.fullmatch(address):
            return "550 5.7.1 not for here"
        if address.startswith("refused@"):
            return "550 5.1.1 no such desk"
        if address.startswith("later@"):
            return "450 4.2.1 this desk is busy"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = f"{time.time_ns()}.P{os.getpid()}Q{self.count}.mail.example"
        for address in envelope.rcpt_tos:
            sender = re.sub(r"[^\x21-\x7e]", "?", envelope.mail_from or "")
            head = f"Return-Path: <{sender}>\r\nDelivered-To: {address}\r\n".encode()
            store(os.path.join(self.folder, address), name, head + envelope.content)
        return f"250 2.0.0 Ok: queued as {name.split('.')[0]}"


def sync(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def store(maildir, name, content):
    for part in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(maildir, part), exist_ok=True)
    tmp = os.path.join(maildir, "tmp", name)
    with open(tmp, "xb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    os.rename(tmp, os.path.join(maildir, "new", name))
    sync(os.path.join(maildir, "new"))


async def main():
    folder, cert, key = sys.argv[1:4]
    port = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    handler = Maildirs(folder)
    loop = asyncio.get_running_loop()

    def serve():
        return SMTP(handler, hostname="mail.example", ident="wardgate test", tls_context=context, require_starttls=True,
                    data_size_limit=SIZE_MAX, loop=loop)

    server = await loop.create_server(serve, "127.0.0.1", port)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        loop.add_reader(0, lambda: os.read(0, 4096) or (loop.remove_reader(0), ended.set()))
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    asyncio.run(main())
