"""The explorer page as text: one HTML file with its style, its scripts and its data.

The scripts are modules in files of their own in ``assets``. A page that opens by double click
cannot load them, so they are joined into one, in the order of their imports. The data stand in the
page as JSON that no label can end, and a content security policy, which names the only script and
the only style by their hashes, keeps anything else from running.
"""

import base64
import hashlib
import html
import json
import re
from importlib import resources
from typing import Any

from autograd.drawing.order import inputs_first

_FILES = resources.files("autograd.drawing.explorer") / "assets"

STYLES = ("theme", "page", "picture")

_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def page(title: str, data: dict[str, Any], operations: str) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
    data : dict
        What JSON can hold. Non-finite numbers come as text.
    operations : str
        The JavaScript object of the operations, see `javascript`.
    """
    script = joined_scripts(operations)
    style = "".join(_read(f"{name}.css") for name in STYLES)
    parts = {
        "title": html.escape(title),
        "policy": f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "data": in_script(data),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def in_script(data: Any) -> str:
    r"""Return JSON that may stand in a script element: no text in it can end the element.

    >>> in_script("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def joined_scripts(operations: str) -> str:
    """Join the modules that the page needs into one script, each in a scope of its own."""
    names = inputs_first(
        ["functions", "main"], lambda name: re.findall(r'from "./(\w+).js"', _script(name))
    )
    return "\n".join([*map(_module, map(_script, names)), f"start({operations});\n"])


def _script(name: str) -> str:
    return _read(f"{name}.js")


def _module(source: str) -> str:
    r"""Make a constant of each thing that a module exports; what it imports is one by then.

    >>> print(_module('import { a } from "./a.js";\nexport const b = 2 * a;'))
    const { b } = (() => {
    const b = 2 * a;
    return { b };
    })();
    """
    names = re.findall(r"^export (?:const|class|function) (\w+)", source, re.MULTILINE)
    exported = ", ".join(names)
    body = re.sub(r"^import .*?;\n", "", source, flags=re.MULTILINE | re.DOTALL)
    body = re.sub(r"^export ", "", body, flags=re.MULTILINE).strip()
    return f"const {{ {exported} }} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _read(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Name an inline element as a content security policy does."""
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()
