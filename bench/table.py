"""The figures as Markdown: medians and spread, and the ratios that we aim at."""

import statistics

TITLES = {"full": "full handshake + GET + close", "resumed": "resumed + GET + close", "keepalive": "keep-alive GET",
          "idle": "idle connection"}

# Server CPU an operation beside nginx in the same round; issue by issue these get smaller.
AIMS = {"full": 0.65, "resumed": 0.45, "keepalive": 1.15}


def shown(value, mode) -> str:
    if mode == "idle":
        return f"{value / 1024:.1f} KiB"
    return f"{value:.1f} µs" if value < 100 else f"{value:,.0f} µs"


def cell(values, mode) -> str:
    return f"{shown(statistics.median(values), mode)} ({shown(min(values), mode)} to {shown(max(values), mode)})"


def ratios(ours, theirs) -> list:
    """Round by round, so that what slows the whole machine for a while slows both."""
    return [one / other for one, other in zip(ours, theirs)]


def ratio_cell(values, mode, other) -> str:
    text = f"**{statistics.median(values):.2f}** ({min(values):.2f} to {max(values):.2f})"
    if other == "nginx" and mode in AIMS:
        text += f", aim {AIMS[mode]:.2f}: " + ("met" if statistics.median(values) <= AIMS[mode] else "missed")
    return text


def row(cells) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown(results) -> str:
    figures, environment = results["figures"], results["environment"]
    modes = list(figures)
    names = list(figures[modes[0]])
    lines = [f"{environment['system']}, {environment['openssl']}, TLS {environment['tls']}, {environment['keys']}, "
             f"{environment['rounds']} rounds: median (least to most) of server CPU an operation, and memory",
             "", row(["", *(TITLES[mode] for mode in modes)]), row(["---"] * (len(modes) + 1))]
    for name in names:
        lines.append(row([environment["servers"][name], *(cell(figures[mode][name], mode) for mode in modes)]))
    if "mutual" in names:
        for other in names:
            if other == "mutual":
                continue
            both = [ratio_cell(ratios(figures[mode]["mutual"], figures[mode][other]), mode, other) for mode in modes]
            lines.append(row([f"mutual / {other}", *both]))
    return "\n".join(lines) + "\n"
