"""The geometry of the charts; the templates draw them as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, quantiles

BINS = 10
WIDTH, HEIGHT = 320, 120  # of the plot, without its labels
GAP = 3
HEAD = 16  # room for a count above the highest bar


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram: `low` to `high` per cent (0: no end), and where it is."""

    low: int
    high: int
    count: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Histogram:
    """How a class's shares of the full marks, 1 for all, are spread. `beyond`: some are above, thanks to a bonus."""

    count: int
    mean: float
    lowest: float
    lower: float  # a quarter is below
    median: float
    upper: float  # a quarter is above
    highest: float
    bars: tuple[Bar, ...]
    beyond: bool

    @property
    def median_x(self) -> float:
        return self.x_of(max(0.0, min(1.0, self.median)) * 100)

    def x_of(self, per_cent: float) -> float:
        """Return where a share is on the axis."""
        return round(per_cent / 100 * WIDTH * BINS / len(self.bars), 2)

    @property
    def in_words(self) -> str:
        """What the chart shows, for anyone who doesn't see it."""
        said = "; ".join(
            f"{bar.low} to {bar.high}%: {bar.count}" if bar.high else f"more than 100%: {bar.count}"
            for bar in self.bars
            if bar.count
        )
        return f"{self.count} marks, median {self.median:.0%}, mean {self.mean:.0%}. {said}."

    @property
    def quartiles(self) -> str:
        """How the class is spread, in a sentence that names no number twice."""
        if self.lowest == self.highest:
            return f"Everyone has {self.median:.0%}."
        parts = [("a quarter is at or below", self.lower), ("half at or below", self.median)]
        parts.append(("three quarters at or below", self.upper))
        rounded = [f"{share:.0%}" for _, share in parts]
        said = [
            f"{words} {share}"
            for n, ((words, _), share) in enumerate(zip(parts, rounded, strict=True))
            if share not in rounded[n + 1 :]
        ]
        first = f"From {self.lowest:.0%} to {self.highest:.0%}, mean {self.mean:.0%}"
        return f"{first}; {', '.join(said)}."


def histogram(shares: Sequence[float]) -> Histogram | None:
    """Return the histogram of these shares, or None if there are none; those above 1 have a separate bar."""
    if not shares:
        return None
    beyond = any(share > 1 + 1e-9 for share in shares)
    counts = [0] * (BINS + beyond)
    for share in shares:
        most = BINS if share > 1 + 1e-9 else BINS - 1
        counts[max(0, min(most, int(share * BINS + 1e-9)))] += 1
    step, highest = WIDTH / len(counts), max(counts)
    bars = []
    for n, many in enumerate(counts):
        height = (HEIGHT - HEAD) * many / highest
        top = round(HEIGHT - height, 2)
        high = n * 10 + 10 if n < BINS else 0
        bars.append(Bar(n * 10, high, many, n * step + GAP / 2, top, step - GAP, round(height, 2)))
    lower, middle, upper = quantiles(shares, method="inclusive") if len(shares) > 1 else [shares[0]] * 3
    return Histogram(
        count=len(shares),
        mean=mean(shares),
        lowest=min(shares),
        lower=lower,
        median=middle,
        upper=upper,
        highest=max(shares),
        bars=tuple(bars),
        beyond=beyond,
    )
