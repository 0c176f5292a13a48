"""A clock that a test sets, for the processes of a world: see tests/peers/clock_shift.c."""
import datetime
import mmap
import os
import pathlib
import struct
import time

SHIFT = pathlib.Path(os.environ["WARDGATE"]).parent / "clock_shift.so"
UTC = datetime.timezone.utc
SECOND, MINUTE, HOUR, DAY = (datetime.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Clock:
    """What the processes of a world see."""

    def __init__(self, path, start=None):
        path.write_bytes(bytes(32))
        self.path = path
        with open(path, "r+b") as f:
            self.words = mmap.mmap(f.fileno(), 32)
        self.was_set = self.passed = 0
        self.start = instant(start).timestamp() * 1000 - time.time() * 1000 if start is not None else 0
        self.put()

    def environment(self, outside=False):
        """Of processes that see it; outside: of machines whose clocks are right."""
        return {"LD_PRELOAD": str(SHIFT), "CLOCK_FILE": str(self.path), "CLOCK_AT": "2" if outside else "0",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def put(self):
        self.words[:] = struct.pack("=qqqq", round(self.start + self.was_set), round(self.passed), round(self.start), round(self.passed))

    def true(self):
        """The time that it is, whatever the machine's clock says."""
        return datetime.datetime.now(UTC) + datetime.timedelta(milliseconds=self.start + self.passed)

    def shown(self):
        return self.true() + datetime.timedelta(milliseconds=self.was_set)

    def set_by(self, delta):
        """The machine's clock is so far from the truth."""
        self.was_set = delta / datetime.timedelta(milliseconds=1)
        self.put()

    def set_to(self, text):
        self.set_by(instant(text) - self.true())

    def let_pass(self, delta):
        self.passed += delta / datetime.timedelta(milliseconds=1)
        self.put()

    def until(self, when):
        when = instant(when) if isinstance(when, str) else when
        assert when > self.true(), (when, self.true())
        self.let_pass(when - self.true())
