"""The figures as a drawing: each server's cost beside nginx's, which is 1."""

import statistics
from xml.sax.saxutils import escape

import table

LABELS = {"full": "full mutual handshake", "full_rsa": "the same, RSA client", "resumed": "resumed handshake",
          "keepalive": "GET, HTTP/1.1", "http2": "GET, HTTP/2", "large": "1 MiB body", "idle": "idle connection",
          "idle_8000": "one of 8,000 idle", "p50": "latency, p50", "p99": "latency, p99"}
COLOURS = {"mutual": "#1f6f54", "nginx": "#8a8f98", "caddy": "#b9a04a", "haproxy": "#7a8fb8"}
LEFT, BAR, GAP, WIDTH, FULL, MOST = 190, 13, 16, 760, 210, 2.3
# What the rounds say so differently of is not drawn: no one length would be true.
MOST_APART = 3


def bars(results) -> list:
    """(label, [(server, ratio)]) for what was measured of mutual and of nginx, in rounds that do not deny each other."""
    figures = results["figures"]
    drawn = []
    for name, label in LABELS.items():
        theirs = table.values_of(figures, name, "nginx") if name in figures else []
        if not theirs or not table.values_of(figures, name, "mutual"):
            continue
        each = [(server, table.ratios(table.values_of(figures, name, server), theirs))
                for server in results["environment"]["servers"]]
        if all(max(ratios) <= MOST_APART * min(ratios) for _, ratios in each if ratios):
            drawn.append((label, [(server, statistics.median(ratios)) for server, ratios in each if ratios]))
    return drawn


def svg(results) -> str:
    drawn = bars(results)
    environment = results["environment"]
    height = 70 + sum(len(each) * BAR + GAP for _, each in drawn)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
             'font-size="12">', f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             '<text x="12" y="22" font-size="15" font-weight="bold" fill="#222222">What an operation costs the server, '
             'beside nginx (less is better)</text>',
             f'<text x="12" y="40" fill="#555555">{escape(environment["system"])}, {escape(environment["openssl"])}, '
             f'TLS {environment["tls"]}, medians of the ratios of {environment["rounds"]} rounds</text>']
    top = 56
    for label, each in drawn:
        middle = top + len(each) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end" fill="#222222">{escape(label)}</text>')
        for server, ratio in each:
            length = min(ratio, MOST) * FULL
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR - 2}" '
                         f'fill="{COLOURS.get(server, "#999999")}"/>')
            parts.append(f'<text x="{LEFT + length + 5:.1f}" y="{top + BAR - 3}" font-size="10" fill="#333333">'
                         f'{escape(server)} {ratio:.2f}</text>')
            top += BAR
        top += GAP
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
