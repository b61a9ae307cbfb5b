"""The pages: self-contained HTML without a script; every text is escaped.

The headers forbid the browser to load anything, to send the form elsewhere, to show the page in a frame, and
to tell other sites the link (Referer) or to keep the page.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from typing import Any, Final

from answer_approval.requests import MAX_NAME, MAX_REASON, METHODS, Refused
from finetune_core.approval_links import ApprovalLink
from finetune_core.approvals import opening, plan_lines
from finetune_core.contracts import Plan, Preflight, Validation
from finetune_core.costs import Price
from finetune_core.html import table

Response = dict[str, Any]

_STYLE: Final = """
:root{color-scheme:light;--ink:#1d2430;--soft:#5d6778;--line:#d5dae3;--good:#12734a;--bad:#a51d2d}
*{box-sizing:border-box}body{margin:0;background:#f6f7f9;color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.35rem;margin:0 0 .8rem;overflow-wrap:anywhere}
section{background:#fff;border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;
margin-bottom:1rem}
p{margin:.4rem 0;overflow-wrap:anywhere}.problem{color:var(--bad);font-weight:600}
table{border-collapse:collapse;width:100%;margin-top:.6rem}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:500}tr:first-child{display:none}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}
label{display:block;margin-top:.7rem;font-weight:600}.soft{color:var(--soft);font-weight:400}
input,textarea{width:100%;padding:.5rem;border:1px solid var(--line);border-radius:.4rem;font:inherit}
button{margin:1rem .6rem 0 0;padding:.55rem 1.4rem;border:0;border-radius:.4rem;color:#fff;font:inherit;
font-weight:600;cursor:pointer}.yes{background:var(--good)}.no{background:var(--bad)}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_HASH}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
# A browser that is told to send the form by the Enter key presses the first button: this one does nothing.
_FORM: Final = f"""<form method="post" autocomplete="on"><button disabled hidden></button>
<label for="name">Your name <span class="soft">(kept with the answer)</span></label>
<input id="name" name="name" autocomplete="name" maxlength="{MAX_NAME}" required>
<label for="reason">Reason <span class="soft">(may be left empty)</span></label>
<textarea id="reason" name="reason" rows="2" maxlength="{MAX_REASON}"></textarea>
<button class="yes" name="decision" value="approved">Approve</button>
<button class="no" name="decision" value="declined">Decline</button></form>"""


def question(
    link: ApprovalLink,
    plan: Plan,
    preflight: Preflight,
    validation: Validation,
    price: Price,
    *,
    status: HTTPStatus,
    problem: str = "",
) -> Response:
    """Return the page that shows the plan and asks; ``problem`` says what was wrong with the form."""
    until = datetime.fromtimestamp(link.expires, UTC)
    rows = [
        ("Dataset", plan.dataset),
        ("Base model", f"{preflight.base_model_name} ({preflight.customization_type})"),
        ("Price", f"{price.low:,.2f} to {price.high:,.2f} {price.currency}, expected {price.expected:,.2f}"),
        ("Answer until", f"{until:%Y-%m-%d %H:%M} UTC"),
    ]
    asked = "".join(f"<p>{escape(line)}</p>" for line in opening(plan, link.question))
    lines = escape("\n".join(plan_lines(plan, preflight, validation, price)))
    wrong = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    body = (
        f"<section>{asked}{table(('', ''), rows)}</section>"
        f"<section><strong>The whole plan</strong><pre>{lines}</pre></section>"
        f"<section>{wrong}{_FORM}</section>"
    )
    title = "Commit to a term?" if link.question == "commitment" else "Let this run spend money?"
    return _page(status, title, body)


def thanks(run_id: str, decision: str, name: str) -> Response:
    """Return the page after an answer that the run has taken."""
    text = f"Run {run_id} was {decision} by {name}."
    return _page(HTTPStatus.OK, f"The run is {decision}", f"<section><p>{escape(text)}</p></section>")


def refusal(refused: Refused) -> Response:
    """Return the page of a request that is refused."""
    body = f"<section><p>{escape(refused.what)}</p><p>{escape(refused.remedy)}</p></section>"
    response = _page(refused.status, "Nothing was changed", body)
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        response["headers"] = {**response["headers"], "allow": ", ".join(METHODS)}
    return response


def failure() -> Response:
    """Return the page when AWS does not answer the function as it should."""
    text = "The answer could not be passed on. Try again, or look with: finetune status RUN"
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, "This did not work", f"<section><p>{text}</p></section>")


def _page(status: HTTPStatus, title: str, body: str) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )
    return {"statusCode": int(status), "headers": _HEADERS, "body": text}
