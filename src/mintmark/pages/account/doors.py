"""The pages of the account by their paths."""

from collections.abc import Callable, Mapping

from mintmark.pages.account import activity, apps, deletion, download, ends, factors, frame, overview, profile, sessions
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
        "/account/sessions": door(frame.shown(sessions.show), ends.door(sessions.PLACE)),
        "/account/apps": door(frame.shown(apps.show), ends.door(apps.PLACE)),
        "/account/activity": door(frame.shown(activity.show)),
        "/account/download": door(frame.shown(download.show), frame.changed(download.submit, download.PLACE)),
        "/account/delete": door(frame.shown(deletion.show), frame.changed(deletion.submit, deletion.PLACE)),
        "/account/keep": door(frame.shown(deletion.show_keep), deletion.keep_door),
    }
