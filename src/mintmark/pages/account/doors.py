"""The pages of the account by their paths."""

from collections.abc import Callable, Mapping

from mintmark.pages.account import (
    activity,
    apps,
    deletion,
    download,
    ends,
    factors,
    frame,
    overview,
    passkeys,
    password,
    profile,
    recovery_codes,
    sessions,
    totp,
)
from mintmark.pages.account.frame import Door
from mintmark.wire.asgi import Handle, Route


def routes(page: Callable[[Door], Handle]) -> Mapping[str, Route]:
    """One line a page. page: makes of a door what the wire asks."""

    def door(get: Door, post: Door | None = None) -> Route:
        handles = {"GET": page(get)} | ({} if post is None else {"POST": page(post)})
        return Route(handles, "page")

    return {
        "/account": door(frame.shown(overview.show), ends.door("")),
        "/account/profile": door(frame.shown(profile.show), frame.changed(profile.submit, profile.PLACE)),
        "/account/factors": door(frame.shown(factors.show), frame.changed(factors.submit, factors.PLACE)),
        "/account/passkeys": door(frame.shown(passkeys.show), frame.changed(passkeys.submit, passkeys.PLACE)),
        "/account/password": door(frame.shown(password.show), frame.changed(password.submit, password.PLACE)),
        "/account/totp": door(frame.shown(totp.show), frame.changed(totp.submit, totp.PLACE)),
        "/account/recovery-codes": door(
            frame.shown(recovery_codes.show), frame.changed(recovery_codes.submit, recovery_codes.PLACE)
        ),
        "/account/sessions": door(frame.shown(sessions.show), ends.door(sessions.PLACE)),
        "/account/apps": door(frame.shown(apps.show), ends.door(apps.PLACE)),
        "/account/activity": door(frame.shown(activity.show)),
        "/account/download": door(frame.shown(download.show), frame.changed(download.submit, download.PLACE)),
        "/account/delete": door(frame.shown(deletion.show), frame.changed(deletion.submit, deletion.PLACE)),
        "/account/keep": door(frame.shown(deletion.show_keep), deletion.keep_door),
    }
