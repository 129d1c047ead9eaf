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
    """A bar of the histogram: `low` to `high` per cent, and where it stands."""

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
    """How a class's shares of the full marks, 1 for all, are spread."""

    count: int
    mean: float
    lowest: float
    lower: float  # a quarter lies below
    median: float
    upper: float  # a quarter lies above
    highest: float
    bars: tuple[Bar, ...]
    median_x: float

    @property
    def in_words(self) -> str:
        """What the chart shows, for whoever does not see it."""
        said = "; ".join(f"{bar.low} to {bar.high}%: {bar.count}" for bar in self.bars if bar.count)
        return f"{self.count} marks, median {self.median:.0%}, mean {self.mean:.0%}. {said}."


def histogram(shares: Sequence[float]) -> Histogram | None:
    """Return the histogram of these shares, or None if there are none; shares above 1 count in the last bar."""
    if not shares:
        return None
    counts = [0] * BINS
    for share in shares:
        counts[max(0, min(BINS - 1, int(share * BINS + 1e-9)))] += 1
    step, highest = WIDTH / BINS, max(counts)
    bars = []
    for n, many in enumerate(counts):
        height = (HEIGHT - HEAD) * many / highest
        top = round(HEIGHT - height, 2)
        bars.append(Bar(n * 10, n * 10 + 10, many, n * step + GAP / 2, top, step - GAP, round(height, 2)))
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
        median_x=round(max(0.0, min(1.0, middle)) * WIDTH, 2),
    )
