"""The box of a page into which one types, the button that sends, and the form that lets one in: chosen by points.

`DESCRIBE` is run in the page and says what an element is; all that is decided is decided here.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

FIELDS: Final = "textarea, input, [contenteditable]:not([contenteditable=false]), [role=textbox]"
"""Selects what can be typed into."""

BUTTONS: Final = "button, input[type=submit], input[type=button], input[type=image], [role=button]"
"""Selects what can be pressed."""

OPENERS: Final = f"{BUTTONS}, a[href], summary"
"""Selects what may open a chat."""

DESCRIBE: Final = """(element) => {
  const area = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const said = (names) => names.map((name) => element.getAttribute(name)).filter(Boolean).join(" ");
  const inside = [...element.querySelectorAll("svg title, img[alt]")].map((each) => each.alt ?? each.textContent);
  const labels = [...(element.labels ?? [])].map((label) => label.textContent);
  const named = said(["name", "id", "placeholder", "data-placeholder", "aria-label", "title", "data-testid"]);
  const shown = said(["aria-label", "title", "alt", "value"]);
  return {
    tag: element.tagName.toLowerCase(),
    kind: (element.getAttribute("type") ?? "").toLowerCase(),
    named: [named, ...labels].join(" ").slice(0, 400),
    shown: [element.innerText ?? "", shown, ...inside].join(" ").slice(0, 400),
    classes: said(["class", "id", "name", "data-testid"]).slice(0, 400),
    visible: area.width > 1 && area.height > 1 && style.visibility !== "hidden" && style.opacity !== "0",
    usable: !element.disabled && !element.readOnly && element.getAttribute("aria-disabled") !== "true",
    aside: Boolean(element.closest("nav, [role=search], form[role=search], form[action*=search]")),
    sendable: Boolean(element.form?.querySelector("button:not([type=button]), input[type=submit]")),
  };
}"""
"""A function of the page's: what an element is, as Element."""

NEARBY: Final = """(box, selector) => {
  let around = box.closest("form") ?? box.parentElement;
  for (let level = 0; around && level < 6; level += 1) {
    const found = [...around.querySelectorAll(selector)].filter((each) => !each.contains(box));
    if (found.length) return found;
    around = around.parentElement ?? around.getRootNode().host;
  }
  return [];
}"""
"""A function of the page's: the elements around a box, the nearest ones that there are."""

CHAT: Final = re.compile(
    r"messag|prompt|\bask|chat|question|type (?:here|some|your|a )|talk|\bsay\b|reply|\binput|nachricht|frage"
    r"|schreib|mensaje|pregunta|escrib|demand|écri|messagg|scriv|mensagem|消息|输入|メッセージ|입력|сообщ|ข้อความ",
    re.IGNORECASE,
)
"""Words of a box for a chat."""

OTHER: Final = re.compile(
    r"search|such|buscar|recherch|e-?mail|phone|subject|betreff|coupon|promo|newsletter|first.?name|last.?name"
    r"|user.?name|passw|\burl\b|\bzip|address|captcha|filter|model|system|temperature",
    re.IGNORECASE,
)
"""Words of boxes for something else."""

SEND: Final = re.compile(
    r"\bsend|submit|\bask\b|\bgo\b|\bsay\b|absenden|senden|envoyer|enviar|invia|verstuur|发送|送信|전송|отправ|ส่ง|[➤➔→⏎↑▶]",
    re.IGNORECASE,
)
"""Words of a button that sends."""

ELSE: Final = re.compile(
    r"attach|upload|file|micro|voice|record|speech|\bmic\b|clear|\bnew\b|\bstop|search|emoji|undo|retry|regenerat|delete"
    r"|close|cancel|setting|menu|copy|like|share|feedback|log.?out|sign.?out|\bback\b|example",
    re.IGNORECASE,
)
"""Words of buttons for something else."""

OPEN: Final = re.compile(
    r"\bchat|\btalk|conversation|\bask\b|assistant|\bbot\b|\bhelp\b|unterhaltung|gespräch|conversación|discussion",
    re.IGNORECASE,
)
"""Words of what opens a chat."""

_WORD: Final = re.compile(r"[^\W\d_]{3}")
"""What a name that says something has, and `i` and `x1` have not."""

_TYPED: Final = frozenset({"", "text", "search"})
_TAKES_TEXT: Final = _TYPED | {"email", "tel", "url", "number", "password"}
_ENOUGH: Final = 2


class Element(msgspec.Struct, frozen=True):
    """What an element of a page is, as DESCRIBE says it.

    `named` is what it is called, `shown` what a person reads on it, `classes` how its maker calls it. `aside` says that
    it stands in a menu or a search, `sendable` that its form has a button to send it.
    """

    tag: str
    kind: str = ""
    named: str = ""
    shown: str = ""
    classes: str = ""
    visible: bool = True
    usable: bool = True
    aside: bool = False
    sendable: bool = False


class SignIn(msgspec.Struct, frozen=True):
    """The places, in the list of fields, of the one for the user (None where there is none) and for the password."""

    user: int | None
    password: int


def choose_box(fields: Sequence[Element]) -> int | None:
    """The place of the box for a chat, None where there is none. Of equals the last one, as chats have it below.

    Where a password is asked for, an input is for the one who signs in. A page's only field needs no name.
    """
    best = _best(fields, _box_points)
    if best is None:
        return _only_box(fields)
    return None if fields[best].tag == "input" and choose_sign_in(fields) else best


def choose_button(buttons: Sequence[Element]) -> int | None:
    """The place of the button that sends, None where none is known to."""
    return _best(buttons, _button_points)


def choose_opener(elements: Sequence[Element]) -> int | None:
    """The place of what opens a chat, None where nothing says so. Of equals the last one."""
    return _best(elements, _opener_points)


def choose_sign_in(fields: Sequence[Element]) -> SignIn | None:
    """The fields of the form that lets one in, None where no password is asked for."""
    passwords = [at for at, each in enumerate(fields) if each.kind == "password" and each.visible and each.usable]
    if not passwords:
        return None
    before = [at for at, each in enumerate(fields[: passwords[0]]) if _takes_user(each)]
    return SignIn(before[-1] if before else None, passwords[0])


def _only_box(fields: Sequence[Element]) -> int | None:
    """The place of the only field for text, where nothing says what it is for."""
    text = [at for at, each in enumerate(fields) if each.tag != "input" or each.kind in _TAKES_TEXT]
    shown = [at for at in text if fields[at].visible and fields[at].usable]
    if len(shown) != 1:
        return None
    only = fields[shown[0]]
    is_plain = only.kind in {"", "text"} and not only.aside and not _WORD.search(only.named)
    return shown[0] if is_plain else None


def _takes_user(field: Element) -> bool:
    return field.visible and field.usable and field.tag == "input" and field.kind in _TYPED | {"email", "tel"}


def _best(elements: Sequence[Element], points: Callable[[Element], int]) -> int | None:
    found = [(points(each), at) for at, each in enumerate(elements) if each.visible and each.usable]
    best = max(found, default=(0, 0))
    return best[1] if best[0] >= _ENOUGH else None


def _box_points(field: Element) -> int:
    """An input has to say more than a textarea: pages have many."""
    if field.tag == "input" and field.kind not in _TYPED:
        return 0
    points = 1 if field.tag == "input" else 4
    points += 3 if CHAT.search(field.named) else 0
    points += 1 if field.sendable else 0
    return points - (4 if OTHER.search(field.named) else 0) - (4 if field.aside else 0)


def _button_points(button: Element) -> int:
    words = f"{button.shown} {button.named} {button.classes}"
    points = 3 if SEND.search(words) else 0
    points += 2 if button.kind in {"submit", "image"} or (button.tag == "button" and not button.kind) else 0
    return points - (5 if ELSE.search(f"{button.shown} {button.named}") else 0)


def _opener_points(element: Element) -> int:
    words = f"{element.shown} {element.named}"
    points = 3 if OPEN.search(words) else 0
    return points - (1 if element.tag == "a" else 0)
