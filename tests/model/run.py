"""Derives every case of cases.toml from its model, has Verifpal analyse it, and compares each query's verdict with the
expected one. Called by scripts/model, which says how. The standard library alone, Python 3.11 or later."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DERIVED = ROOT / "target" / "model"
TABLE = ROOT / "SECURITY.md"
KINDS = {"property": "promised", "limit": "not promised", "control": "control: the protocol, broken on purpose"}
BEGIN, END = "<!-- scripts/model: begin -->", "<!-- scripts/model: end -->"


class ModelError(Exception):
    """A case that cannot be derived or analysed: cases.toml or a model is wrong, not the protocol."""


def main() -> int:
    options = parse_arguments()
    cases = [case for case in load_cases() if selected(case, options)]
    if not cases:
        raise ModelError("no case has such a name; scripts/model without names runs them all")
    DERIVED.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda case: analyse(case, options), cases))
    differing = [difference for outcome in outcomes for difference in outcome["differences"]]
    for difference in differing:
        print(f"model: {difference}", file=sys.stderr)
    print(f"{len(cases)} cases, {sum(len(case['queries']) for case in cases)} queries, {len(differing)} not as expected")
    if not options.names and not options.full:
        differing += table_differs(table(cases), options.write)
    return 1 if differing else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/model")
    parser.add_argument("names", nargs="*", help="cases to run; none: all but the slow ones")
    parser.add_argument("--full", action="store_true", help="the slow cases too")
    parser.add_argument("--write", action="store_true", help="put the table into SECURITY.md")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=int, help="seconds a case may take; 300, with --full 7200")
    parser.add_argument("--verifpal", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.timeout = options.timeout or (7200 if options.full else 300)
    return options


def load_cases() -> list[dict]:
    cases = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    names = [case["name"] for case in cases]
    if len(set(names)) != len(names):
        raise ModelError("two cases of cases.toml have one name")
    return cases


def selected(case: dict, options: argparse.Namespace) -> bool:
    if options.names:
        return case["name"] in options.names
    return options.full or not case.get("slow", False)


def derive(case: dict) -> str:
    """The model of a case: its base, ended where `until` stands, each edit made, `end` put behind it, and the queries."""
    text = (HERE / case["base"]).read_text().partition("\nqueries[")[0]
    if "until" in case:
        text, stands, _ = text.partition(case["until"])
        if not stands:
            raise ModelError(f"{case['name']}: {case['until']!r} does not stand in {case['base']}")
    for edit in case.get("edits", []):
        found = text.count(edit["at"])
        if found != edit.get("times", 1):
            raise ModelError(f"{case['name']}: {edit['at']!r} stands {found} times in {case['base']}")
        text = text.replace(edit["at"], edit["with"])
    queries = "".join(f"\t{query}\n" for query in case["queries"])
    return f"{text}{case.get('end', '')}\nqueries[\n{queries}]\n"


def analyse(case: dict, options: argparse.Namespace) -> dict:
    path = DERIVED / f"{case['name']}.vp"
    path.write_text(derive(case))
    command = [options.verifpal, "verify", "--format", "json", "--sessions", str(case.get("sessions", 2)), str(path)]
    started = time.monotonic()
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=options.timeout, check=False)
    except subprocess.TimeoutExpired as late:
        raise ModelError(f"{case['name']}: no answer after {options.timeout} s") from late
    model = json.loads(run.stdout)["models"][0] if run.stdout else {"ok": False, "error": run.stderr}
    if not model["ok"]:
        raise ModelError(f"{case['name']}: {model['error']}")
    reports = model["analysis"]["queries"]
    if len(reports) != len(case["queries"]):
        raise ModelError(f"{case['name']}: {len(case['queries'])} queries asked, {len(reports)} answered")
    path.with_suffix(".json").write_text(run.stdout)
    verdicts = [verdict(report) for report in reports]
    report_case(case, verdicts, time.monotonic() - started)
    return {"differences": differences(case, verdicts)}


def verdict(report: dict) -> str:
    if not report["resolved"]:
        # A search that was cut short would hold without having looked.
        return "holds" if report["envelope"]["exhausted"] else f"cut short ({report['envelope']['summary']})"
    return "replay" if (report.get("subtype") or "").startswith("duplicate acceptance") else "attack"


def differences(case: dict, verdicts: list[str]) -> list[str]:
    return [
        f"{case['name']}: {query}: expected {case['expected']!r}, found {found!r}"
        for query, found in zip(case["queries"], verdicts, strict=True)
        if found != case["expected"]
    ]


def report_case(case: dict, verdicts: list[str], seconds: float) -> None:
    lines = [f"{case['name']}  ({case.get('sessions', 2)} sessions, {seconds:.1f} s)"]
    for query, found in zip(case["queries"], verdicts, strict=True):
        lines.append(f"  {'ok ' if found == case['expected'] else 'BAD'} {found:7} {query}")
    print("\n".join(lines), flush=True)


def table(cases: list[dict]) -> str:
    """What SECURITY.md shows. Made of what was expected: called only where that is what was found."""
    parts = []
    for kind, title in KINDS.items():
        rows = [f"| {title} | case | asked | result |", "|---|---|---|---|"]
        for case in (case for case in cases if case["kind"] == kind):
            asked = "; ".join(f"{query_kind} of {', '.join(subjects)}" for query_kind, subjects in by_kind(case["queries"]).items())
            result = f"{case['expected']}, {case.get('sessions', 2)} session{'s' if case.get('sessions', 2) > 1 else ''}"
            rows.append(f"| {case['property']} | `{case['name']}` | {asked} | {result} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def by_kind(queries: list[str]) -> dict[str, list[str]]:
    """The subjects of the queries, by what is asked of them. An authentication's subject is its message."""
    kinds: dict[str, list[str]] = {}
    for query in queries:
        kind, _, subject = query.partition("? ")
        kinds.setdefault(kind, []).append(f"`{subject.rpartition(': ')[2]}`")
    return kinds


def table_differs(rows: str, write: bool) -> list[str]:
    text = TABLE.read_text()
    before, _, rest = text.partition(BEGIN)
    present, _, after = rest.partition(END)
    if present.strip() == rows:
        return []
    if write:
        TABLE.write_text(f"{before}{BEGIN}\n{rows}\n{END}{after}")
        return []
    print("model: the table in SECURITY.md is not what was found; scripts/model --write", file=sys.stderr)
    return ["table"]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModelError as error:
        sys.exit(f"model: {error}")
