"""The benchmark's own arithmetic, and nothing else: what test_bench.py holds against numbers worked out by hand."""


def percentile(values, part):
    """The least value that at least that part of all (in percent) does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def spread(values):
    """How far the rounds lie apart, as a share of their median."""
    return (max(values) - min(values)) / median(values)


def turns(rounds, sides):
    """Whose turn it is, round by round: every second round the other way about, so that nobody always has the warmer machine."""
    for number in range(rounds):
        yield list(sides) if number % 2 == 0 else list(reversed(sides))


def reached(value, bound):
    """bound: ">= 3" or "<= 1.5"."""
    sign, number = bound.split()
    return value >= float(number) if sign == ">=" else value <= float(number)


def shown(value):
    """A figure as it is printed: three places after the point, more where it would be nothing but noughts."""
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.1 else f"{value:.6f}"


def line(name, value, unit):
    return f"{name} {shown(value)} {unit}"


def parse(text):
    """name -> (value, unit), of lines `name value unit`."""
    return {name: (float(value), unit) for name, value, unit in (l.split(None, 2) for l in text.splitlines() if l.strip())}
