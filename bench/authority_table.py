"""The figures as tables for docs/authority-benchmarks.md."""


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells):
    return [row(*cells), row(*["---"] * len(cells))]


def verdict(met):
    return "met" if met else "missed"


def lookup(found):
    return head("look-up in a list", "measured", "aim") + [
        row(f"one of {found['entries']:,.0f} that are revoked, ns", f"{found['revoked_ns']:.0f}",
            f"100: {verdict(found['revoked_ns'] < 100)}"),
        row("a stranger, ns", f"{found['stranger_ns']:.0f}", f"100: {verdict(found['stranger_ns'] < 100)}"),
        row("the same two, each waiting for the answer before, ns",
            f"{found['revoked_alone_ns']:.0f}, {found['stranger_alone_ns']:.0f}", ""),
        row("memory for each that is revoked, bytes", f"{found['bytes_each']:.1f}",
            f"24: {verdict(found['bytes_each'] < 24)}"),
        row("to make it of the list's bytes, ms", f"{found['built_ms']:,.0f}", ""),
    ]


def make_list(found):
    return head(f"`mutual crl`, {found['entries']:,} entries", "measured") + [
        row("time, s", f"{found['seconds']:.1f}"), row("CPU, s", f"{found['cpu_seconds']:.1f}"),
        row("most memory, MiB", f"{found['most_mib']:,.0f}")]


def swap(found):
    without, with_it = found["without"], found["with"]
    least = {kind: min(all_of) / 1000 for kind, all_of in found["worst_of_each_round"].items()}
    rounds = len(found["worst_of_each_round"]["with"])
    waits = found["longest_wait_of_each_round_ms"]
    names = (("p50", "median request, µs"), ("p99", "p99, µs"), ("worst", "slowest request, µs"),
             ("mib_after", "memory afterwards, MiB"), ("most_mib", "most memory, MiB"))
    return head(f"a list of {found['entries']:,} taken over, {found['rate']} requests a second", "without", "with") + [
        row(words, f"{without[name]:,.0f}", f"{with_it[name]:,.0f}") for name, words in names] + [
        row("in force after, s", "", f"{with_it['taken_over_after_seconds']:.1f}"),
        # What comes with each list is in each round; what the machine does by itself is not.
        row(f"slowest request of the best of {rounds} rounds, ms (aim: 5)",
            f"{least['without']:.1f}", f"{least['with']:.1f}: {verdict(least['with'] <= 5)}"),
        row(f"requests that took more than 5 ms, of {found['rate'] * found['seconds'] * rounds:,} in all rounds",
            *[f"{found['late_in_all_rounds'][kind]:,}" for kind in ("without", "with")]),
        # The same four seconds of each round: what the machine does by itself is in both.
        row("of these in the four seconds in which the list is taken over",
            *[f"{sum(map(len, found['late_meanwhile'][kind])):,}" for kind in ("without", "with")]),
        row("rounds in which there was such a request",
            *[f"{sum(map(bool, found['late_meanwhile'][kind])):,} of {rounds}" for kind in ("without", "with")]),
        row("longest that the serving thread was ready and the one that reads had the core, ms (aim: 5)", "",
            f"{max(waits):.1f}: {verdict(max(waits) <= 5)}" if waits else "perf may not look here")]


def inventory(found):
    words = {"list": "`mutual list`", "list_json": "`mutual list --json`", "list_name": "`mutual list --name NAME`",
             "show": "`mutual show NAME`", "revoke": "`mutual revoke NAME`"}
    stores = (found["sqlite"], found["postgresql"])
    return head(f"{found['certificates']:,} certificates", "SQLite, s", "most memory, MiB", "PostgreSQL, s",
                "most memory, MiB") + [
        row(text, *[cell for one in stores for cell in (f"{one[name]['seconds']:.2f}", f"{one[name]['most_mib']:,.0f}")])
        for name, text in words.items()]


def issue(found):
    clients = found["clients"]
    rows = head("certificates a second, P-256", *[f"{one} clients" for one in clients])
    kinds = [("`mutual ca serve`, EST, SQLite", "service"), ("`cfssl serve`, SQLite", "cfssl"),
             ("`mutual ca serve`, EST, PostgreSQL", "postgresql")]
    for said, kind in kinds:
        if all(kind in one for one in clients.values()):
            rows.append(row(said, *[f"{one[kind]:,.1f}" for one in clients.values()]))
    if all("cfssl" in one for one in clients.values()):
        ratios = [one["service"] / one["cfssl"] for one in clients.values()]
        rows.append(row("SQLite beside SQLite (aim: 10)", *[f"{one:.1f}: {verdict(one >= 10)}" for one in ratios]))
    rows += [""] + head("CPU of the service for a certificate, ms", *[f"{one} clients" for one in clients])
    for said, kind in kinds:
        if all(kind in one for one in clients.values()):
            rows.append(row(said, *[f"{one[kind + '_cpu_ms']:.2f}" for one in clients.values()]))
    return rows + [""] + head("certificates a second, one command each", "measured") + [
        row("`mutual sign`", f"{found['command']:,.1f}"),
        row("`openssl ca` (syncs nothing)", f"{found['openssl_ca']:,.1f}")]


def ocsp(found):
    kinds = (("`mutual ca serve`, 4 clients", "mutual"), ("the same with a nonce, signed anew", "mutual_signed"),
             ("`openssl ocsp`, one client at a time", "openssl"))
    return head("OCSP answers by POST, one core", "a second", "CPU for each, µs") + [
        row(said, f"{found[kind]:,.0f}", f"{found[kind + '_cpu_us']:,.0f}") for said, kind in kinds]


TABLES = {"lookup": lookup, "list": make_list, "swap": swap, "inventory": inventory, "issue": issue, "ocsp": ocsp}


def markdown(found):
    return "\n\n".join("\n".join(TABLES[name](found[name])) for name in TABLES if name in found)
