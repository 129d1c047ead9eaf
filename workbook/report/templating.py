"""The html report's templates: every value is escaped, and a page runs no script and no style but ours."""

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from .visible import visible_text
from .writing import number


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workbook.report"),
        autoescape=True,
        # Every value that a template writes comes through here before it is escaped.
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "share": _per_cent}
    return environment


def _shown(value: Any) -> Any:
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _per_cent(share: float) -> str:
    """Return a share as a percentage; one between 0 and 1 is never rounded to 0% or 100%."""
    if 0 < share < 1:
        share = min(0.99, max(0.01, share))
    return f"{share:.0%}"


@cache
def page_template(name: str) -> Template:
    """Return a template of ours; it escapes every value, and shows what would act unseen."""
    return _environment().get_template(name)


@cache
def page_head(style: str, script: str = "") -> dict[str, Any]:
    """Return our style and script, and the policy that makes a browser refuse any other."""
    texts = {name: _source(name) for name in (style, script) if name}
    policy = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", f"style-src '{_digest(texts[style])}'"]
    if script:
        policy.append(f"script-src '{_digest(texts[script])}'")
    return {"style": Markup(texts[style]), "script": Markup(texts.get(script, "")), "policy": "; ".join(policy)}


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
