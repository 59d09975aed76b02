"""The figures as Markdown: medians and spread, and the ratios that we aim at."""

import statistics

TITLES = {"full": "full handshake + GET + close, µs", "full_rsa": "the same, the client's key RSA 2048, µs",
          "full_new": "the same, by a client never seen before, µs", "resumed": "resumed + GET + close, µs", "keepalive": "keep-alive GET, HTTP/1.1, µs",
          "http2": "GET, HTTP/2, 32 streams, µs", "large": "1 MiB body, µs",
          "idle": "idle connection, of 2,000, KiB", "idle_8000": "idle connection, of 8,000, KiB",
          "p50": "latency at half load, p50, µs", "p99": "latency at half load, p99, µs",
          "threads": "full handshake, 2 threads, µs"}

# Beside nginx in the same round.
AIMS = {"full": 0.38, "resumed": 0.35, "keepalive": 0.85, "http2": 0.7, "large": 0.85}
# By OpenSSL's version: from 3.2 on it parses certificates faster, for everybody.
AIMS_LATER = {"full": 0.65, "resumed": 0.65}
IDLE_KIB = 13
LEAST_SCALING = 1.9


def shown(value, name) -> str:
    if name.startswith("idle"):
        return f"{value / 1024:.1f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def values_of(figures, name, server):
    """The figures of all rounds; empty if the server cannot do it."""
    return [value for value in figures.get(name, {}).get(server, []) if value is not None]


def ratios(ours, theirs) -> list:
    """Round by round, so that what slows the whole machine for a while slows both."""
    return [one / other for one, other in zip(ours, theirs)]


def ratio_text(figures, name, other="nginx") -> str:
    both = ratios(values_of(figures, name, "mutual"), values_of(figures, name, other))
    return f"**{statistics.median(both):.2f}** ({min(both):.2f} to {max(both):.2f})" if both else ""


def verdict(value, aim) -> str:
    return f"{aim:g}: " + ("met" if value <= aim else "missed")


def aim_text(figures, name, openssl) -> str:
    ours = values_of(figures, name, "mutual")
    if not ours:
        return ""
    if name.startswith("idle"):
        return verdict(statistics.median(ours) / 1024, IDLE_KIB) + " KiB"
    later = tuple(map(int, openssl.split()[1].split(".")[:2])) >= (3, 2)
    aim = (AIMS | AIMS_LATER if later else AIMS).get(name)
    both = ratios(ours, values_of(figures, name, "nginx"))
    return verdict(statistics.median(both), aim) if aim and both else ""


def row(cells) -> str:
    return "| " + " | ".join(cells) + " |"


def scaling(figures) -> list:
    """What two threads do to one, if both cores are theirs: twice as much, less what each handshake costs more."""
    one, two = values_of(figures, "full", "mutual"), values_of(figures, "threads", "mutual")
    if not one or not two:
        return []
    factors = [2 * alone / together for alone, together in zip(one, two)]
    middle = statistics.median(factors)
    met = "met" if middle >= LEAST_SCALING else "missed"
    return ["", f"Handshakes a second on 2 threads to 1, by their CPU: {middle:.2f} ({min(factors):.2f} to "
                f"{max(factors):.2f}); aim {LEAST_SCALING}: {met}"]


def markdown(results) -> str:
    figures, environment = results["figures"], results["environment"]
    names = list(environment["servers"])
    lines = [f"{environment['system']}, {environment['openssl']}, TLS {environment['tls']}, {environment['keys']}, "
             f"{environment['rounds']} rounds: medians of server CPU an operation, and memory; ratios round by round, "
             "the least and the most in brackets.",
             "", row(["", *(environment["servers"][name] for name in names), "mutual : nginx", "aim"]),
             row(["---"] * (len(names) + 3))]
    for name, title in TITLES.items():
        if name not in figures or not any(values_of(figures, name, one) for one in names):
            continue
        medians = [values_of(figures, name, one) for one in names]
        lines.append(row([title, *(shown(statistics.median(each), name) if each else "" for each in medians),
                          ratio_text(figures, name), aim_text(figures, name, environment["openssl"])]))
    return "\n".join(lines + scaling(figures)) + "\n"
