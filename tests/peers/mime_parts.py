#!/usr/bin/python3
"""Reads a mail or an entity with Python's parser, the second opinion on what mime.c wrote.

usage: mime_parts.py FILE

Prints "header NAME: VALUE" for each header of the top, decoded, then one line a part:
"part DEPTH TYPE CHARSET ENCODING FILENAME SMIME-TYPE BYTES SHA256" with "-" for what is absent (the last two: leaves only).
"""
import email
import email.header
import hashlib
import sys


def show(part, depth):
    leaf = not part.is_multipart()
    body = part.get_payload(decode=True) if leaf else b""
    words = [part.get_content_type(), part.get_content_charset(), part["Content-Transfer-Encoding"], part.get_filename(),
             part.get_param("smime-type"), len(body) if leaf else None, hashlib.sha256(body).hexdigest() if leaf else None]
    print("part", depth, *("-" if w is None else w for w in words))
    if part.defects:
        print("defects", part.defects)
    for child in [] if leaf else part.get_payload():
        show(child, depth + 1)


with open(sys.argv[1], "rb") as f:
    mail = email.message_from_bytes(f.read())  # message_from_binary_file makes LF of CRLF
for name, value in mail.items():
    print(f"header {name}: {email.header.make_header(email.header.decode_header(value))}".replace("\n", "\\n"))
show(mail, 0)
