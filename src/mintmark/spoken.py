"""Templates in the language of whoever reads them: `{% trans %}`, `_()`, and texts that come from code.

One environment serves every language: a page's own stands in its context. A placeholder's value is escaped, unlike the
message, whose markup is ours in every catalogue.
"""

from typing import TYPE_CHECKING

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mintmark.languages import Language

if TYPE_CHECKING:
    from jinja2 import Environment


def teach(environment: "Environment") -> None:
    environment.add_extension("jinja2.ext.i18n")
    environment.finalize = said
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the i18n extension's
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(gettext=_gettext, ngettext=_ngettext, _=_gettext)
    environment.tests["foreign"] = _is_foreign


@pass_context
def said(context: Context, value: object) -> object:
    """Whatever a template shows: a text, in the page's language."""
    return _language(context).say(value)


@pass_context
def _gettext(context: Context, message: str, /, **values: object) -> str:
    language = _language(context)
    return _filled(context, language.catalogue.gettext(message), values)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int, /, **values: object) -> str:
    language = _language(context)
    return _filled(context, language.catalogue.ngettext(one, many, number), {"num": number, **values})


def _filled(context: Context, message: str, values: dict[str, object]) -> str:
    # The extension doubles each `%` of a template's message, so that this undoes it without values too.
    text = Markup(message) if context.eval_ctx.autoescape else message  # noqa: S704
    language = _language(context)
    return text % {name: language.say(value) for name, value in values.items()}


@pass_context
def _is_foreign(context: Context, text: object) -> bool:
    """Whether it is shown in English on a page of another language: words for whoever makes the app."""
    language = _language(context)
    return language.tag != "en" and str(language.say(text)) == str(text)


def _language(context: Context) -> Language:
    found = context["language"]
    assert isinstance(found, Language)  # noqa: S101  the page's maker puts it there
    return found
