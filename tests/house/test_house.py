"""Plants every violation in a tree of its own and sees it found, and sees that its lawful twin is left alone."""
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402

HEAD = "/* x.c owns x. */\n"
REAL = "desk@council." + "gov" + ".uk"      # in two pieces, so that this file keeps the rule itself
KEY = "-----BEGIN " + "PRIVATE KEY-----\n"
HERE = "/wo" + "rk/main"
NOTE = "TO" + "DO"


def function(lines):
    return HEAD + "int f(void)\n{\n" + "\tf();\n" * (lines - 2) + "}\n"


# path, content, the words of the finding
BROKEN = [
    ("gateway/base/x.c", HEAD + '#include "sys/file.h"\n', "upward include"),
    ("gateway/sys/x.c", HEAD + '#include "notice/notice.h"\n', "upward include"),
    ("gateway/notice/x.h", '#include "crypto/crypto.h"\n', "upward include"),
    ("gateway/crypto/x.c", HEAD + '#include "notice/notice.h"\n', "upward include"),
    ("gateway/policy/x.c", HEAD + '#include "store/store.h"\n', "upward include"),
    ("gateway/store/x.c", HEAD + '  #  include "channel/send.h"\n', "upward include"),
    ("gateway/store/x.c", HEAD + '#include "crypto/crypto.h"\n', "upward include"),
    ("gateway/role/x.c", HEAD + '#include "cli/main.h"\n', "upward include"),
    ("gateway/role/x.c", HEAD + '#include "store/store_internal.h"\n', "private to its room"),
    ("gateway/role/x.c", HEAD + "#include <openssl/cms.h>\n", "belongs in"),
    ("adapters/readers/mail.c", HEAD + "#include <openssl/cms.h>\n", "belongs in"),
    ("gateway/policy/x.c", HEAD + "#include <libxml/tree.h>\n", "belongs in"),
    ("adapters/readers/x.c", HEAD + "#include <libxslt/xslt.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <sqlite3.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <curl/curl.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <libesmtp.h>\n", "belongs in"),
    ("gateway/store/x.c", HEAD + "#include <event2/event.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <gmime/gmime.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <seccomp.h>\n", "belongs in"),
    ("gateway/role/x.c", HEAD + "#include <linux/landlock.h>\n", "belongs in"),
    ("gateway/store/x.c", HEAD + "#include <jansson.h>\n", "belongs in"),
    ("gateway/base/x.c", HEAD + "int x;\n" * 800, "file of 801 lines"),
    ("gateway/base/x.c", function(101), "function of 101 lines"),
    ("gateway/base/x.c", "int x;\n", "opens with a comment"),
    ("README.md", "write to " + REAL + "\n", "real agency's domain"),
    ("policy/directory.xml", "<mail>a@b.pnn.police" + ".uk</mail>\n", "real agency's domain"),
    ("tests/x.eml", "From: x@some.nhs" + ".net\n", "real agency's domain"),
    ("tests/x.eml", "From: x@some.nhs" + ".uk\n", "real agency's domain"),
    ("tests/ca.pem", "x\n", "key or certificate"),
    ("tests/desk.p12", "\0", "key or certificate"),
    ("tests/data.txt", KEY, "key or certificate"),
    ("ops/demo", "cd " + HERE + "\n", "path of one machine"),
    ("ops/demo", "cat /tmp/bash_" + "jobs.0/x\n", "path of one machine"),
    ("gateway/base/x.c", HEAD + "/* " + NOTE + ": later */\n", "unfinished"),
] + [
    ("gateway/base/x.c", HEAD + "int f(void)\n{\n\treturn (int)%s(x);\n}\n" % name, name + " is banned")
    for name in house.BANNED
] + [
    ("tests/base/x.c", HEAD + "int f(void)\n{\n\treturn atoi(x);\n}\n", "atoi is banned"),
    ("gateway/role/x.c", HEAD + "int f(void)\n{\n\treturn wg_clock_wall() > 0;\n}\n", "use wg_clock_now"),
]

LAWFUL = [
    ("gateway/sys/x.c", HEAD + '#include "base/err.h"\n#include "sys/file.h"\n#include <seccomp.h>\n'),
    ("gateway/cli/x.c", HEAD + '#include "role/role.h"\n#include <jansson.h>\n'),
    ("gateway/channel/x.c", HEAD + '#include "channel/x_internal.h"\n#include <openssl/ssl.h>\n#include <event2/event.h>\n'),
    ("gateway/role/x.c", HEAD + "#include <event2/event.h>\n#include <jansson.h>\n"),
    ("gateway/store/x.c", HEAD + "#include <sqlite3.h>\n"),
    ("adapters/readers/smime.c", HEAD + "#include <openssl/cms.h>\n"),
    ("adapters/readers/mail.c", HEAD + "#include <gmime/gmime.h>\n#include <libxml/HTMLparser.h>\n"),
    ("gateway/base/x.c", HEAD + "/* system(x), sprintf(x) */ const char *s = \"gets(x) // atoi(y)\";\n"),
    ("gateway/base/x.c", HEAD + "int f(void)\n{\n\treturn my_system(x) + p->system(x) + filesystem(x) + snprintf(x);\n}\n"),
    ("gateway/base/x.c", HEAD + "int x;\n" * 799),
    ("gateway/base/x.c", function(100)),
    ("policy/directory.xml", "<mail>desk@council.example</mail> https://www.gov" + ".uk/guidance\n"),
    ("ops/demo", "cd \"$root/work/\" && ls /tmp/wardgate\n"),
    ("tests/crypto/x.c", HEAD + "const char *s = \"" + KEY.strip() + "\";\n"),
]


def findings(path, content, git):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)
        if git:
            quiet = {"check": True, "stdout": subprocess.DEVNULL}
            subprocess.run(["git", "-C", root, "-c", "init.defaultBranch=main", "init", "-q"], **quiet)
            subprocess.run(["git", "-C", root, "add", "-f", path], **quiet)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = house.main(["house.py", root])
        return status, out.getvalue()


class House(unittest.TestCase):
    def test_every_violation_is_found(self):
        for path, content, words in BROKEN:
            with self.subTest(path=path, words=words):
                status, out = findings(path, content, git=False)
                self.assertEqual(status, 1, out)
                self.assertIn(words, out)
                self.assertIn(" 1 broken rules", out)

    def test_the_lawful_is_left_alone(self):
        for path, content in LAWFUL:
            with self.subTest(path=path, content=content[:80]):
                status, out = findings(path, content, git=False)
                self.assertEqual((status, "0 broken rules" in out), (0, True), out)

    def test_tracked_files_are_what_is_looked_at(self):
        status, out = findings("gateway/base/x.c", "int x;\n", git=True)
        self.assertEqual(status, 1)
        self.assertIn("1 files", out)

    def test_an_empty_tree_is_not_clean(self):
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(house.main(["house.py", root]), 1)


if __name__ == "__main__":
    unittest.main()
