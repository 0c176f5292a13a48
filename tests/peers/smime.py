"""S/MIME as others make and open it: OpenSSL, gpgsm, NSS (cmsutil) and BouncyCastle, and what is needed to bend it.

Works in one folder made by certs-example/make. Nothing here touches a network.
"""
import base64
import os
import subprocess

PASSWORD = "specimen"


def run(*argv, data=None, env=None, ok=True):
    """What the program wrote, as bytes; with ok=False (status, bytes)."""
    done = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False,
                          timeout=120)
    if not ok:
        return done.returncode, done.stdout, done.stderr
    if done.returncode != 0:
        raise RuntimeError("%s: status %d: %s" % (" ".join(argv[:4]), done.returncode,
                                                  done.stderr.decode(errors="replace")[-600:]))
    return done.stdout


# ---- DER, enough to take an object apart and put it together again

class Der:
    def __init__(self, tag, content):
        self.tag = tag
        self.content = content  # bytes, or a list of Der when constructed

    @staticmethod
    def parse(data):
        found, rest = Der._one(data)
        if rest:
            raise ValueError("bytes behind the object")
        return found

    @staticmethod
    def _one(data):
        tag, length, at = data[0], data[1], 2
        if length & 0x80:
            n = length & 0x7F
            length, at = int.from_bytes(data[2:2 + n], "big"), 2 + n
        body, rest = data[at:at + length], data[at + length:]
        if not tag & 0x20:
            return Der(tag, body), rest
        inner = []
        while body:
            item, body = Der._one(body)
            inner.append(item)
        return Der(tag, inner), rest

    def __getitem__(self, i):
        return self.content[i]

    def body(self):
        return self.content if isinstance(self.content, bytes) else b"".join(c.bytes() for c in self.content)

    def bytes(self):
        body = self.body()
        return bytes([self.tag]) + length_of(len(body)) + body


def length_of(n):
    if n < 0x80:
        return bytes([n])
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = [numbers[0] * 40 + numbers[1]]
    for n in numbers[2:]:
        digits = [n & 0x7F]
        while n > 0x7F:
            n >>= 7
            digits.insert(0, n & 0x7F | 0x80)
        out += digits
    return Der(0x06, bytes(out))


# ---- mail

def b64(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def text_entity(text):
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + crlf(text)


def pkcs7(der, kind="signed-data", old=False):
    name = "x-pkcs7-mime" if old else "pkcs7-mime"
    return ("Content-Type: application/%s; smime-type=%s; name=\"smime.p7m\"\r\n"
            "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
            % (name, kind)).encode() + b64(der)


def multipart_signed(content, der, preamble=b"", epilogue=b"", boundary="sig1", head=None, second=None, more=b""):
    head = head or ("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n"
                    " boundary=\"%s\"\r\n" % boundary)
    mark = b"--" + boundary.encode()
    second = second if second is not None else (
        b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b64(der))
    return (head.encode() + b"\r\n" + (preamble + b"\r\n" if preamble else b"") + mark + b"\r\n" + content + b"\r\n"
            + mark + b"\r\n" + second + b"\r\n" + more + mark + b"--\r\n" + epilogue)


def multipart(kind, parts, boundary="mix1"):
    mark = b"--" + boundary.encode()
    return (("Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n" % (kind, boundary)).encode()
            + b"".join(mark + b"\r\n" + p + b"\r\n" for p in parts) + mark + b"--\r\n")


def mail(sender, entity, extra="", to="gateway@staffordshire.example", identity="1"):
    head = "From: %s\r\n" % sender if sender is not None else ""
    return crlf("%sTo: %s\r\nSubject: report\r\nMessage-ID: <%s@mail.example>\r\n"
                "Date: Sun, 22 Nov 2026 09:30:00 +0000\r\n%sMIME-Version: 1.0\r\n" % (head, to, identity, extra)) + entity


# ---- OpenSSL

class OpenSsl:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, data, ending="bin"):
        self.count += 1
        name = self.path("work-%d.%s" % (self.count, ending))
        with open(name, "wb") as f:
            f.write(data)
        return name

    def get(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def sign(self, content, pair, *more, detached=False):
        """CMS signed-data as DER."""
        return run("openssl", "cms", "-sign", "-binary", *([] if detached else ["-nodetach"]), "-outform", "DER",
                   "-in", self.put(content), "-signer", self.path(pair + ".pem"), "-inkey", self.path(pair + ".key"),
                   *more)

    def encrypt(self, content, pair, *more):
        return run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-in", self.put(content),
                   *(more or ("-aes256",)), "-recip", self.path(pair + ".pem"))

    def encrypt_with(self, content, pair, cipher, *options):
        """Options of the key transport: they stand behind the recipient."""
        behind = [word for option in options for word in ("-keyopt", option)]
        return run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-in", self.put(content), cipher,
                   "-recip", self.path(pair + ".pem"), *behind)

    def encrypt_oaep(self, content, pair):
        return self.encrypt_with(content, pair, "-aes-256-gcm", "rsa_padding_mode:oaep", "rsa_oaep_md:sha256")

    def decrypt(self, der, pair):
        return run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", self.put(der), "-recip",
                   self.path(pair + ".pem"), "-inkey", self.path(pair + ".key"))

    def verify(self, der):
        return run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", self.put(der), "-CAfile",
                   self.path("ca.pem"), "-purpose", "smimesign")

    def issue(self, name, subject, extensions, key="rsa:2048", ca="ca", dates=(), self_signed=False):
        """NAME.pem and NAME.key, signed by the authority of the folder."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        if key == "ec":
            run("openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                self.path(name + ".key"))
        else:
            run("openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                self.path(name + ".key"))
        conf = self.put(("[ca]\ndefault_ca=me\n[me]\nnew_certs_dir=%s\ndatabase=%s\nserial=%s\ndefault_md=sha256\n"
                         "default_days=30\nunique_subject=no\npolicy=any\ncopy_extensions=none\n[any]\n"
                         "organizationName=optional\ncommonName=optional\nemailAddress=optional\n[req]\n"
                         "distinguished_name=none\n[none]\n"
                         % (self.folder, self.path("smime.db"), self.path("smime.serial"))).encode(), "conf")
        if not os.path.exists(self.path("smime.db")):
            open(self.path("smime.db"), "w").close()
            with open(self.path("smime.serial"), "w") as f:
                f.write("7000000000000001\n")
        csr = self.path(name + ".req")
        run("openssl", "req", "-config", conf, "-new", "-key", self.path(name + ".key"), "-subj", subject, "-out", csr)
        ext = self.put((extensions + "\n").encode(), "ext")
        issuer = (["-selfsign", "-keyfile", self.path(name + ".key")] if self_signed else
                  ["-cert", self.path(ca + ".pem"), "-keyfile", self.path(ca + ".key")])
        run("openssl", "ca", "-config", conf, "-batch", "-notext", "-extfile", ext, "-in", csr, "-out",
            self.path(name + ".pem"), *issuer, *dates)
        return name


# ---- gpgsm

class Gpgsm:
    """A home of its own: the authority trusted, no network, no questions."""

    def __init__(self, folder, pairs):
        self.folder = folder
        self.home = os.path.join(folder, "gpg-home")
        self.env = dict(os.environ, GNUPGHOME=self.home, LC_ALL="C")
        os.makedirs(self.home, mode=0o700)
        self._write("gpgsm.conf", "disable-crl-checks\ndisable-dirmngr\nno-secmem-warning\n")
        self._write("gpg-agent.conf", "allow-loopback-pinentry\n")
        ca = run("openssl", "x509", "-in", os.path.join(folder, "ca.pem"), "-noout", "-fingerprint", "-sha1")
        self._write("trustlist.txt", ca.decode().split("=")[1].strip() + " S relax\n")
        # gpgsm waits five seconds for the agent that it starts: too short on a busy machine, where it is started beforehand
        for tries in range(6):
            status, _, words = run("gpgconf", "--launch", "gpg-agent", env=self.env, ok=False)
            if status == 0:
                break
        if status != 0:
            raise RuntimeError("gpg-agent does not start: " + words.decode(errors="replace"))
        for pair in pairs:
            self.take(pair)

    def take(self, pair):
        # gpgsm 2.2 cannot read one PKCS#12 file in some twenty, for good: it depends on the random salt
        for tries in range(10):
            p12 = run("openssl", "pkcs12", "-export", "-in", os.path.join(self.folder, pair + ".pem"), "-inkey",
                      os.path.join(self.folder, pair + ".key"), "-certfile", os.path.join(self.folder, "ca.pem"),
                      "-passout", "pass:" + PASSWORD, "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES",
                      "-macalg", "sha1")
            status, _, words = self.call("--import", self.file(p12, "in.p12"), data=(PASSWORD + "\n").encode(), ok=False)
            if status == 0:
                return
        raise RuntimeError("gpgsm cannot read the key: " + words.decode(errors="replace")[-600:])

    def _write(self, name, text):
        with open(os.path.join(self.home, name), "w") as f:
            f.write(text)

    def call(self, *argv, data=None, ok=True):
        extra = ["--pinentry-mode", "loopback", "--passphrase-fd", "0"] if data is not None else []
        return run("gpgsm", "--batch", "--yes", *extra, *argv, data=data, env=self.env, ok=ok)

    def name(self, pair):
        text = run("openssl", "x509", "-in", os.path.join(self.folder, pair + ".pem"), "-noout", "-fingerprint", "-sha1")
        return "0x" + text.decode().split("=")[1].strip().replace(":", "")

    def file(self, data, name="gpg-in"):
        path = os.path.join(self.home, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def sign(self, content, pair, detached=False):
        out = os.path.join(self.home, "gpg-out")
        self.call("--output", out, "--local-user", self.name(pair), "--digest-algo", "SHA256", "--sign",
                  *(["--detach-sign"] if detached else []), self.file(content), data=(PASSWORD + "\n").encode())
        with open(out, "rb") as f:
            return f.read()

    def encrypt(self, content, pair):
        out = os.path.join(self.home, "gpg-out")
        self.call("--output", out, "--cipher-algo", "AES256", "--recipient", self.name(pair), "--encrypt",
                  self.file(content))
        with open(out, "rb") as f:
            return f.read()

    def decrypt(self, der):
        """The content; raises when it cannot."""
        out = os.path.join(self.home, "gpg-out")
        if os.path.exists(out):
            os.unlink(out)
        self.call("--output", out, "--decrypt", self.file(der), data=(PASSWORD + "\n").encode())
        with open(out, "rb") as f:
            return f.read()

    def verify(self, der):
        out = os.path.join(self.home, "gpg-out")
        if os.path.exists(out):
            os.unlink(out)
        status, _, words = self.call("--output", out, "--verify", self.file(der), ok=False)
        if status != 0 or b"Good signature" not in words:
            raise RuntimeError(words.decode(errors="replace")[-300:])
        with open(out, "rb") as f:
            return f.read()

    def close(self):
        run("gpgconf", "--kill", "all", env=self.env, ok=False)


# ---- NSS

class Nss:
    def __init__(self, folder, pairs, name="nss"):
        self.folder = folder
        self.db = os.path.join(folder, name)
        os.makedirs(self.db)
        self.secret = os.path.join(folder, "nss-password")
        with open(self.secret, "w") as f:
            f.write(PASSWORD + "\n")
        run("certutil", "-N", "-d", "sql:" + self.db, "-f", self.secret)
        run("certutil", "-A", "-d", "sql:" + self.db, "-f", self.secret, "-n", "authority", "-t", ",C,", "-i",
            os.path.join(folder, "ca.pem"))
        for pair in pairs:
            p12 = os.path.join(folder, "nss.p12")
            run("openssl", "pkcs12", "-export", "-in", os.path.join(folder, pair + ".pem"), "-inkey",
                os.path.join(folder, pair + ".key"), "-name", pair, "-passout", "pass:" + PASSWORD, "-out", p12)
            run("pk12util", "-i", p12, "-d", "sql:" + self.db, "-k", self.secret, "-W", PASSWORD)

    def call(self, *argv, data, ok=True):
        path = os.path.join(self.folder, "nss-in")
        with open(path, "wb") as f:
            f.write(data)
        return run("cmsutil", *argv, "-d", "sql:" + self.db, "-f", self.secret, "-i", path, ok=ok)

    def sign(self, content, pair, detached=False):
        return self.call("-S", "-N", pair, "-H", "SHA256", *(["-T"] if detached else []), "-G", data=content)

    def encrypt(self, content, pair):
        """By the name under which the certificate was taken in: NSS does not find every one by its address."""
        return self.call("-E", "-r", pair, data=content)

    def decrypt(self, der):
        return self.call("-D", data=der)

    def verify(self, der):
        return self.call("-D", "-u", "4", data=der)


# ---- BouncyCastle

class Bouncy:
    JARS = ("bcprov", "bcpkix", "bcutil", "bcmail")

    def __init__(self, folder, source):
        self.folder = folder
        self.classes = os.path.join(folder, "java")
        os.makedirs(self.classes)
        jars = ["/usr/share/java/%s.jar" % jar for jar in self.JARS]
        lost = [jar for jar in jars if not os.path.exists(jar)]
        if lost:
            raise RuntimeError("missing: " + " ".join(lost) + " (ops/packages test)")
        self.path = ":".join(jars + [self.classes])
        run("javac", "-nowarn", "-d", self.classes, "-cp", self.path, source)

    def batch(self, jobs):
        """Jobs are lists of words, paths among them; gives one "ok" or reason for each, from one JVM."""
        said = run("java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", self.path, "SmimePeer",
                   data="".join("\t".join(job) + "\n" for job in jobs).encode()).decode().splitlines()
        if len(said) != len(jobs):
            raise RuntimeError("BouncyCastle answered %d of %d" % (len(said), len(jobs)))
        return said

    def pkcs8(self, pair):
        path = os.path.join(self.folder, pair + ".pk8")
        if not os.path.exists(path):
            run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in",
                os.path.join(self.folder, pair + ".key"), "-out", path)
        return path
