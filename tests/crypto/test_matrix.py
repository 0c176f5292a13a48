"""S/MIME both ways with OpenSSL, gpgsm, NSS and BouncyCastle: the matrix, printed, against what is known.

    python3 test_matrix.py TOOL MAKE

TOOL is interop_tool, MAKE is certs-example/make. A cell is "ok", "refused" (this gateway does not take it, by design) or
"cannot" (the program cannot; WHY says what is known of it). Whatever differs from EXPECTED fails: a program that learned
something is as much news as one that lost it.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "peers"))
import smime  # noqa: E402

CONTENT = smime.text_entity("Tess Example was last seen at the pier.\n")
RSA, EC = "derbyshire/smime", "matrix/ec-signer"
TO_RSA, TO_EC = "staffordshire/smime", "matrix/ec-recipient"
MAIL = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature%s\nextendedKeyUsage=emailProtection\n"
        "subjectAltName=email:%s\n")
PEERS = ("openssl", "bouncy", "gpgsm", "nss")

# How each shape is made, and with which keys.
SIGNATURES = ("sign rsa", "sign pss", "sign ecdsa")
SEALS = ("cbc rsa", "gcm rsa", "gcm oaep", "cbc ecdh", "gcm ecdh")

# Made by this gateway (by OpenSSL where the gateway never makes it), opened by: openssl, bouncy, gpgsm, nss.
EXPECTED_OUT = {
    "sign rsa": "ok ok ok ok",
    "sign pss": "ok ok cannot ok",
    "sign ecdsa": "ok ok ok ok",
    "cbc rsa": "ok ok ok ok",
    "gcm rsa": "ok ok cannot cannot",
    "gcm oaep": "ok ok cannot cannot",
    "cbc ecdh": "ok ok cannot cannot",
    "gcm ecdh": "ok ok cannot cannot",
}
# Made by them, opened by this gateway's reader. "-": the program makes no such thing from its command line.
EXPECTED_IN = {
    "sign rsa": "ok ok ok ok",
    "sign pss": "ok ok - -",
    "sign ecdsa": "ok ok cannot ok",
    "cbc rsa": "ok ok ok ok",
    "gcm rsa": "ok - - -",
    "gcm oaep": "ok ok - -",
    "cbc ecdh": "ok ok - -",
    "gcm ecdh": "ok ok - -",
}
WHY = {
    "gpgsm": "2.2.40 knows neither AuthEnvelopedData (RFC 5083) nor RSA-OAEP, refuses PSS with a salt of another length than "
             "the digest (OpenSSL makes it longer) and then frees memory twice, and crashes when it is to import an EC key",
    "nss": "3.87 knows neither AuthEnvelopedData nor RSA-OAEP nor the key agreement of RFC 5753 with SHA-256",
}


class Matrix:
    def __init__(self, tool, folder):
        self.tool = tool
        self.ssl = smime.OpenSsl(folder)
        self.ssl.issue(EC, "/O=wardgate EXAMPLE/CN=Sam Specimen", MAIL % ("", "sam@derbyshire.example"), key="ec")
        self.ssl.issue(TO_EC, "/O=wardgate EXAMPLE/CN=Kim Specimen", MAIL % (",keyAgreement", "kim@staffordshire.example"),
                       key="ec")
        pairs = [RSA, TO_RSA, EC, TO_EC]
        self.faults = []
        self.gpg = smime.Gpgsm(folder, [RSA, TO_RSA])
        for pair in (EC, TO_EC):
            try:
                self.gpg.take(pair)
            except RuntimeError as e: # a crash: what then cannot be opened stands in the matrix
                print("gpgsm takes no key of %s: %s" % (pair, str(e).split(": ", 1)[-1].strip()[-90:]))
        self.nss = smime.Nss(folder, pairs)
        self.bouncy = smime.Bouncy(folder, os.path.join(HERE, "..", "peers", "SmimePeer.java"))

    def path(self, name):
        return self.ssl.path(name)

    # ---- made by us

    def ours(self, shape):
        """DER, and by whom it was made."""
        how, key = shape.split()
        source, out = self.ssl.put(CONTENT), self.path("ours")
        if shape == "sign pss":
            return self.ssl.sign(CONTENT, RSA, "-keyopt", "rsa_padding_mode:pss"), "openssl"
        if shape == "gcm rsa":
            return self.ssl.encrypt(CONTENT, TO_RSA, "-aes-256-gcm"), "openssl"
        if how == "sign":
            pair = RSA if key == "rsa" else EC
            smime.run(self.tool, "sign", self.path(pair + ".key"), self.path(pair + ".pem"), source, out)
        else:
            pair = TO_EC if key == "ecdh" else TO_RSA
            smime.run(self.tool, "seal", how, self.path(pair + ".pem"), source, out)
        return self.ssl.get("ours"), "wardgate"

    def opened_by(self, peer, shape, der):
        how, key = shape.split()
        if how == "sign":
            pair = RSA if key in ("rsa", "pss") else EC
            if peer == "openssl":
                return self.ssl.verify(der)
            if peer == "gpgsm":
                return self.gpg.verify(der)
            if peer == "nss":
                return self.nss.verify(der)
            return self.by_bouncy(["verify", self.path(pair + ".pem"), self.ssl.put(der), self.path("bc-out")])
        pair = TO_EC if key == "ecdh" else TO_RSA
        if peer == "openssl":
            return self.ssl.decrypt(der, pair)
        if peer == "gpgsm":
            return self.gpg.decrypt(der)
        if peer == "nss":
            return self.nss.decrypt(der)
        return self.by_bouncy(["decrypt", self.bouncy.pkcs8(pair), self.path(pair + ".pem"), self.ssl.put(der),
                               self.path("bc-out")])

    def by_bouncy(self, job):
        said = self.bouncy.batch([job])
        if said != ["ok"]:
            raise RuntimeError(said[0])
        return self.ssl.get("bc-out")

    # ---- made by them

    def theirs(self, peer, shape):
        """DER by the peer; None where it makes no such thing."""
        how, key = shape.split()
        inner = CONTENT if how == "sign" else smime.pkcs7(self.ssl.sign(CONTENT, RSA))
        pair = (RSA if key in ("rsa", "pss") else EC) if how == "sign" else (TO_EC if key == "ecdh" else TO_RSA)
        if peer == "openssl":
            if how == "sign":
                return self.ssl.sign(inner, pair, *(["-keyopt", "rsa_padding_mode:pss"] if key == "pss" else []))
            if shape == "gcm oaep":
                return self.ssl.encrypt_oaep(inner, pair)
            return self.ssl.encrypt_with(inner, pair, "-aes-256-gcm" if how == "gcm" else "-aes256",
                                         *(["ecdh_kdf_md:sha256"] if key == "ecdh" else []))
        if peer == "bouncy":
            if how == "sign":
                name = {"rsa": "SHA256withRSA", "pss": "SHA256withRSAandMGF1", "ecdsa": "SHA256withECDSA"}[key]
                return self.by_bouncy(["sign", name, self.bouncy.pkcs8(pair), self.path(pair + ".pem"),
                                       self.ssl.put(inner), self.path("bc-out")])
            if shape == "gcm rsa":
                return None
            return self.by_bouncy(["encrypt", "%s-%s" % (how, key), self.path(pair + ".pem"), self.ssl.put(inner),
                                   self.path("bc-out")])
        if key == "pss" or how == "gcm" or key == "ecdh":
            return None
        if peer == "gpgsm":
            return self.gpg.sign(inner, pair) if how == "sign" else self.gpg.encrypt(inner, pair)
        return (self.nss.sign(inner, pair) if how == "sign"
                else self.nss.encrypt(inner, pair))

    def opened_here(self, shape, der):
        how, key = shape.split()
        kind = "signed-data" if how == "sign" else "authEnveloped-data" if how == "gcm" else "enveloped-data"
        pair = TO_EC if key == "ecdh" else TO_RSA
        path = self.ssl.put(smime.mail("sam@derbyshire.example", smime.pkcs7(der, kind)))
        said = smime.run(self.tool, "open", self.path(pair + ".key"), self.path(pair + ".pem"), self.path("ca.pem"), path)
        signer = smime.run("openssl", "x509", "-in", self.path((EC if key == "ecdsa" else RSA) + ".pem"), "-noout",
                           "-fingerprint", "-sha256").decode().split("=")[1].strip().replace(":", "").lower()
        if said.decode().strip() != "signed " + signer:
            raise RuntimeError(said.decode().strip())

    # ---- the whole

    def out_cell(self, peer, shape, der):
        try:
            return ("ok", "") if self.opened_by(peer, shape, der) == CONTENT else ("cannot", "other content")
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as e:
            return "cannot", str(e)[-160:]

    def in_cell(self, peer, shape):
        try:
            der = self.theirs(peer, shape)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as e:
            return "cannot", "not made: " + str(e)[-160:]
        if der is None:
            return "-", ""
        try:
            self.opened_here(shape, der)
            return "ok", ""
        except RuntimeError as e:
            return "refused", str(e)[-160:]

    def run(self):
        wrong = 0
        print("%-12s %-9s | %-34s | %s" % ("", "", "ours opened by", "opened here, made by"))
        print("%-12s %-9s | %-8s %-8s %-8s %-7s | %-8s %-8s %-8s %s" % (("shape", "made by") + PEERS + PEERS))
        for shape in SIGNATURES + SEALS:
            der, maker = self.ours(shape)
            out = [self.out_cell(peer, shape, der) for peer in PEERS]
            back = [self.in_cell(peer, shape) for peer in PEERS]
            print("%-12s %-9s | %-8s %-8s %-8s %-7s | %-8s %-8s %-8s %s"
                  % ((shape, maker) + tuple(c[0] for c in out) + tuple(c[0] for c in back)))
            for cells, expected, way in ((out, EXPECTED_OUT, "opening ours"), (back, EXPECTED_IN, "opened here")):
                for peer, (cell, words), want in zip(PEERS, cells, expected[shape].split()):
                    if cell != want:
                        wrong += 1
                        self.faults.append("%s, %s, %s: %s and not %s: %s" % (shape, way, peer, cell, want, words))
        for peer, words in WHY.items():
            print("%s cannot: %s" % (peer, words))
        for fault in self.faults:
            print(fault)
        return wrong


def main():
    folder = tempfile.mkdtemp(prefix="wg-matrix-")
    matrix = None
    try:
        pki = os.path.join(folder, "pki")
        smime.run(sys.argv[2], pki)
        matrix = Matrix(sys.argv[1], pki)
        wrong = matrix.run()
        print("%d cells differ from what is known" % wrong)
        return 1 if wrong else 0
    finally:
        if matrix is not None:
            matrix.gpg.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
