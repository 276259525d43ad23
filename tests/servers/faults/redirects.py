"""Redirects, most of them to where a client must not go. The server fills in the marks."""

from .fault import Fault, answer


def _to(location: str, status: int = 302) -> Fault:
    return answer(status, b"", f"Location: {location}")


REDIRECTS = {
    "redirect_same_host": _to("@NEXT@"),
    "redirect_foreign": _to("@FOREIGN@@PATH@"),
    "redirect_foreign_307": _to("@FOREIGN@@PATH@", 307),
    "redirect_foreign_308": _to("@FOREIGN@@PATH@", 308),
    "redirect_foreign_no_scheme": _to("//@FOREIGN_PLACE@@PATH@"),
    "redirect_other_port": _to("@OTHER_PORT@@PATH@"),
    "redirect_other_port_307": _to("@OTHER_PORT@@PATH@", 307),
    "redirect_home_in_userinfo": _to("http://@HOME_PLACE@@@FOREIGN_PLACE@@PATH@"),
    "redirect_loop": _to("@PATH@"),
    "redirect_loop_307": _to("@PATH@", 307),
    "redirect_file": _to("file:///etc/passwd"),
    "redirect_data": _to("data:text/html,<p>Hello"),
    "redirect_no_location": answer(302),
    "redirect_bad_location": _to("http://[::1"),
    "redirect_login": _to("/login"),
    "redirect_login_303": _to("/login?next=/", 303),
    "redirect_login_307": _to("/login", 307),
}
