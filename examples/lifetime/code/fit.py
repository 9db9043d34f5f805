"""Fit a lifetime to decay times and draw both: fit.py TIMES PLOT."""

import math
import sys

BINS, END = 40, 8.0  # bins up to this time (ps)
WIDTH, HEIGHT = 480, 300  # of the picture; its vertical axis is logarithmic


def main(times_path: str, plot_path: str) -> None:
    """Print the lifetime of the largest likelihood, which is the mean, and its standard error."""
    with open(times_path, encoding="ascii") as file:
        times = [float(line) for line in file]
    lifetime = sum(times) / len(times)
    print(f"lifetime = {lifetime:.3f} +- {lifetime / math.sqrt(len(times)):.3f} ps")
    counts = [0] * BINS
    for time in times:
        if time < END:
            counts[int(time / END * BINS)] += 1
    with open(plot_path, "w", encoding="utf-8") as file:
        file.write(picture(counts, len(times), lifetime))


def picture(counts: list[int], events: int, lifetime: float) -> str:
    """Return an SVG with a dot a bin and the fitted curve."""
    top = math.log(max(counts) * 1.5)

    def place(time: float, count: float) -> str:
        return f"{time / END * WIDTH:.1f},{HEIGHT * (1 - math.log(max(count, 1)) / top):.1f}"

    step = END / BINS
    centres = [(k + 0.5) * step for k in range(BINS)]
    dots = "".join(
        '<circle r="3" cx="{}" cy="{}"/>'.format(*place(t, n).split(",")) for t, n in zip(centres, counts, strict=True)
    )
    curve = " ".join(place(t, events * step / lifetime * math.exp(-t / lifetime)) for t in centres)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white" stroke="black"/>'
        f'<polyline points="{curve}" fill="none" stroke="red"/>{dots}</svg>\n'
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
