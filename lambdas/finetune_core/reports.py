"""The report of one run: one self-contained HTML page, made from the same facts as ``report.json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from finetune_core import judgement
from finetune_core.charts import Curve, curve_chart
from finetune_core.html import table as _table

Json = dict[str, Any]

_TONE: Final = {"PROMOTED": "good", "HELD": "warn", "REJECTED": "warn", "FAILED": "bad"}
_STYLE: Final = """
:root{--ink:#1d2430;--soft:#5d6778;--line:#e3e7ee;--good:#12734a;--warn:#8a5a00;--bad:#a51d2d}
*{box-sizing:border-box}body{margin:0;background:#f6f7f9;color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.5rem;margin:.2rem 0;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:0 0 .7rem}
h3{font-size:.95rem;margin:1rem 0 .3rem}
section{background:#fff;border:1px solid var(--line);border-radius:.6rem;
padding:1.1rem 1.25rem;margin-top:1rem}
.soft{color:var(--soft)}.tag{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;
font-weight:600;font-size:.85rem}
.good{background:var(--good)}.warn{background:var(--warn)}.bad{background:var(--bad)}
.message{border-left:4px solid var(--line);padding-left:.9rem;margin:.9rem 0 0;white-space:pre-wrap;
overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem .35rem 0;
border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:500}
tr:last-child td,tr:last-child th{border-bottom:0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}ul{margin:.2rem 0;padding-left:1.2rem}
"""


def to_html(report: Json, curves: Sequence[Curve]) -> str:
    """Return the page. ``report`` is what ``report.json`` holds; missing parts are left out."""
    sections = (
        _header(report),
        _phases(report),
        _data(report),
        _lineage(report),
        _price(report),
        _approvals(report),
        _actual(report),
        _training(report, curves),
        _evaluation(report),
        _serving(report),
        _identity(report),
    )
    title = escape(f"{report['run_id']}: {report['outcome']}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{''.join(sections)}</main></body></html>\n"
    )


def _header(report: Json) -> str:
    tone = _TONE.get(report["status"], "bad")
    model = (report.get("preflight") or {}).get("base_model_name", "")
    facts = (report["dataset"], model, report["environment"], report.get("finished_at", ""))
    line = " · ".join(fact for fact in facts if fact)
    return (
        f'<header><span class="tag {tone}">{escape(report["outcome"])}</span>'
        f'<h1>{escape(report["run_id"])}</h1><p class="soft">{escape(line)}</p>'
        f'<p class="message">{escape(report["message"])}</p></header>'
    )


def _phases(report: Json) -> str:
    phases = report.get("phases") or []
    if not phases:
        return ""
    # A phase is written down again when it has something to add: that is no new phase.
    first = [phase for at, phase in enumerate(phases) if at == 0 or phase["phase"] != phases[at - 1]["phase"]]
    ends = [phase["at"] for phase in first[1:]] + [report.get("finished_at") or ""]
    rows = [
        [phase["phase"], phase["at"], end, _took(phase["at"], end)]
        for phase, end in zip(first, ends, strict=True)
    ]
    return _section("Phases", _table(["phase", "from", "to", "took"], rows))


def _took(began: str, ended: str) -> str:
    """Return the time between two ISO times in words, "" when one of them is none."""
    try:
        passed = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    except ValueError:
        return ""
    return in_words(passed.total_seconds())


def in_words(seconds: float) -> str:
    """Return a duration as people say it: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 days 4 h"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, name, small, part in ((86_400, "days", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            unit = "day" if name == "days" and whole // size == 1 else name
            return f"{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"


def _data(report: Json) -> str:
    validation = report.get("validation")
    if not validation:
        return ""
    counts, tokens = validation["counts"], validation["tokens"]
    rows = [
        ["format", validation["format"]],
        ["training records", f"{counts['train']:,}"],
        ["validation records", f"{counts['validation']:,}"],
        ["evaluation records", f"{counts['evaluation']:,}"],
        ["tokens per pass", f"{tokens['low']:,} to {tokens['high']:,}, expected {tokens['expected']:,}"],
    ]
    rows += [[f"fault {code}", f"{count:,}"] for code, count in sorted(validation["faults"].items())]
    return _section("Dataset", _pairs([*rows, ["full report", validation["report_html"]]]))


def _lineage(report: Json) -> str:
    line = (report.get("preflight") or {}).get("lineage")
    if not line:
        return ""
    rows: list[list[Any]] = [
        ["starts from", line["starts_from"]],
        ["why", line["reason"]],
        ["parent run", line["parent_run"]],
        ["parent model", line["parent_model"]],
        ["generation", line["generation"]],
        ["files trained on", f"{line['trained_files']:,}"],
        ["files seen by the whole line", f"{line['seen_files']:,}"],
        ["all of them", line["uri"]],
    ]
    return _section("Lineage", _pairs([row for row in rows if row[1] is not None]))


def _price(report: Json) -> str:
    price = report.get("price")
    if not price:
        return ""
    rows = [
        [item["name"], _money(item["low"]), _money(item["expected"]), _money(item["high"]), item["note"]]
        for item in price["items"]
    ]
    rows.append(["total", _money(price["low"]), _money(price["expected"]), _money(price["high"]), ""])
    ceiling = f"Ceiling {_money(price['ceiling'])}. " if price.get("ceiling") is not None else ""
    note = f'<p class="soft">{escape(ceiling + "Source: " + price["source"])}</p>'
    head = ["item", "low", "expected", "high", "note"]
    note += "".join(f'<p class="soft">{escape(text)}</p>' for text in _around(price))
    return _section(f"Estimated price, {price['currency']}", _table(head, rows, numbers=(1, 2, 3)) + note)


def _around(price: Json) -> Iterator[str]:
    month = price.get("month")
    if month:
        ceiling = f" of at most {_money(month['ceiling'])}" if month.get("ceiling") is not None else ""
        yield f"{month['month']}: {_money(month['spent'])} in {month['runs']} other runs{ceiling}."
    for way in price.get("ways") or []:
        name = way["way"].replace("_", " ")
        yield f"{name}: {_money(way['low'])} to {_money(way['high'])}, {way['note']}."
    if price.get("changes"):
        yield f"Differs {'; '.join(price['changes'])}"


def _approvals(report: Json) -> str:
    """Who decided about the money, and when."""
    asked = {"approval": "the run", "commitment_approval": "the commitment"}
    answers = [(words, report[name]) for name, words in asked.items() if report.get(name)]
    rows = [
        [words, found["decision"], found["by"], found["at"], found.get("reason"), found.get("identity")]
        for words, found in answers
    ]
    head = ["about", "answer", "by", "at", "reason", "known to AWS as"]
    plain = [["" if cell is None else cell for cell in row] for row in rows]
    return _section("Approval", _table(head, plain)) if rows else ""


def _actual(report: Json) -> str:
    """Estimate against actual, item by item."""
    actual = report.get("actual")
    if not actual:
        return ""
    rows = [
        [item["name"], _money(item["expected"]), _money(item["actual"]), item["note"]]
        for item in actual["items"]
    ]
    rows.append(["total", _money(actual["expected"]), _money(actual["total"]), ""])
    where = "within" if actual["within"] else "outside of"
    told = f"{where} the estimate of {_money(actual['low'])} to {_money(actual['high'])}"
    if actual["open"]:
        told += f"; the endpoint goes on at {_money(actual['hourly'])} an hour"
    table = _table(["item", "estimated", "actual", "note"], rows, numbers=(1, 2))
    return _section(f"Actual cost, {actual['currency']}", f'{table}<p class="soft">{escape(told)}</p>')


def _training(report: Json, curves: Sequence[Curve]) -> str:
    training = report.get("training")
    if not training:
        return ""
    rows = [["steps", f"{training['steps']:,}"], ["time", in_words(training["seconds"])]]
    for name in ("training_loss", "validation_loss", "training_reward", "validation_reward"):
        if training.get(name):
            first, last = training[name]["first"], training[name]["last"]
            rows.append([name.replace("_", " "), f"{first:.4f} → {last:.4f}"])
    rows += _reward(report)
    parameters = (report.get("preflight") or {}).get("hyperparameters") or {}
    rows += [[name, value] for name, value in sorted(parameters.items())]
    return _section("Training", _pairs(rows) + curve_chart(curves) + _advice(training.get("findings") or []))


def _reward(report: Json) -> Iterator[list[Any]]:
    """Yield who graded the answers, and what the trial before the training showed."""
    reward = (report.get("preflight") or {}).get("reward")
    if not reward:
        return
    made = "made from reward.py, deleted at the end" if reward["dropped"] else "named by the settings"
    yield ["reward function", f"{reward['function_arn']} ({made})"]
    yield ["its code, SHA-256", reward["code_sha256"]]
    if reward.get("right") is not None:
        shown = f"{reward['right']:.4g} for reference answers, {reward['wrong']:.4g} for others'"
        yield ["its trial", f"{shown} ({reward['tried']} records)"]


def _advice(findings: Sequence[Json]) -> str:
    """Return what the curves say, each with what to change in the next run."""
    entries = "".join(
        f"<li>{escape(found['what'])} <span class=soft>{escape(found['advice'])}</span></li>"
        for found in findings
    )
    return f"<h3>What the curves say</h3><ul>{entries}</ul>" if entries else ""


def _evaluation(report: Json) -> str:
    evaluation = report.get("evaluation")
    if not evaluation:
        return ""
    body = "<ul>" + "".join(f"<li>{escape(reason)}</li>" for reason in evaluation["reasons"]) + "</ul>"
    if evaluation.get("base") and evaluation.get("candidate"):
        body += judgement.scores(evaluation) + judgement.judge(evaluation) + judgement.slices(evaluation)
    return _section(f"Evaluation: {evaluation['verdict']}", body)


def _serving(report: Json) -> str:
    endpoint, promotion = report.get("endpoint") or {}, report.get("promotion") or {}
    rows: list[list[Any]] = [
        ["endpoint", endpoint.get("arn")],
        ["kind", endpoint.get("kind")],
        ["why", (report.get("preflight") or {}).get("serving_reason")],
        ["rollout", ((report.get("preflight") or {}).get("rollout") or {}).get("way")],
        ["parameter for applications", promotion.get("parameter")],
        ["pointed to before", promotion.get("previous")],
        ["kept ready for rollback until", promotion.get("watched_until")],
        *(["retired", arn] for arn in promotion.get("retired") or []),
    ]
    kept = [row for row in rows if row[1]]
    return _section("Serving", _pairs(kept)) if kept else ""


def _identity(report: Json) -> str:
    plan, training = report.get("plan") or {}, report.get("training") or {}
    rows: list[list[Any]] = [
        ["base model", (report.get("preflight") or {}).get("base_model_arn")],
        ["custom model", training.get("model_arn")],
        ["customization job", training.get("job_arn")],
        ["inputs", _uri(plan.get("inputs"))],
        ["execution", report.get("execution_arn")],
        *(["note", warning] for warning in (report.get("preflight") or {}).get("warnings") or []),
    ]
    kept = [row for row in rows if row[1]]
    return _section("Where everything is", _pairs(kept)) if kept else ""


def _uri(ref: Json | None) -> str:
    return f"s3://{ref['bucket']}/{ref['key']}" if ref and ref.get("key") else ""


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _pairs(rows: Sequence[Sequence[Any]]) -> str:
    cells = "".join(
        f"<tr><th scope=row>{escape(str(name))}</th><td><code>{escape(str(value))}</code></td></tr>"
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def _money(value: float) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:,.4f}"
