"""`mintmark keys`: the signing keys, and the seals on all that is kept sealed (contract, "Commands")."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mintmark import keyring, nearest
from mintmark.admin import shown
from mintmark.commands import leases, verbs
from mintmark.commands.opening import Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import KeysChanged
from mintmark.protocol import policy
from mintmark.store import signing_keys

COLUMNS = ("kid", "alg", "state", "published_at", "signs_from", "signs_until", "leaves_at")
app = verbs.group("Signing keys.")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Removed ones as well.")] = False,
    json: JsonOption = False,
) -> None:
    """List the signing keys."""

    async def work(opened: Opened) -> Sequence[Document]:
        there = [key.facts for key in await signing_keys.all(opened.store)]
        return shown.keys(there, [one.kid for one in there if everything or one.removed_at is None], opened.now)

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def rotate(
    alg: Annotated[str | None, typer.Option(help="Only this algorithm's key; every one's if left out.")] = None,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="A key leaked: sign with a new one at once, and remove the others.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Announce a new key, which signs later; in an emergency at once, and answer when no node takes the old one."""
    if alg is not None and alg not in policy.ALGS:
        raise typer.BadParameter(f"--alg is none of {', '.join(policy.ALGS)}{nearest.hint(alg, policy.ALGS)}")

    async def work(opened: Opened) -> Document:
        return await _rotate(opened, alg, emergency=emergency)

    done = verbs.do(work)
    lines = [f"{key['state']}: {key['kid']} ({key['alg']}), signs from {key['signs_from']}" for key in done["created"]]
    lines += [f"removed: {kid}" for kid in done["removed"]]
    verbs.answer(done, json, *(lines or ["nothing to do: a new key is announced already"]))


@app.command()
def reseal(json: JsonOption = False) -> None:
    """Seal everything under the first sealing key, so that the others can be taken out of the settings."""

    async def work(opened: Opened) -> Document:
        seeds = await keyring.reseal_seeds(opened.store, opened.sealer)
        changes = await keyring.resealed(opened.store, opened.sealer)
        if changes or seeds:
            kids = ", ".join(key.facts.kid for key in await signing_keys.all(opened.store))
            await opened.commit(changes, [KeysChanged(kids=kids, change="reseal")])
        return {"resealed": len(changes) + seeds}

    done = verbs.do(work)
    verbs.answer(done, json, f"sealed anew: {done['resealed']}")


async def _rotate(opened: Opened, alg: str | None, *, emergency: bool) -> Document:
    done = await keyring.rotate(opened.store, opened.sealer, opened.settings, alg, opened.now, emergency=emergency)
    if not done.changes:
        return {"created": [], "removed": []}
    event = KeysChanged(kids=", ".join([*done.created, *done.removed]), change="emergency" if emergency else "rotate")
    await opened.commit(done.changes, [event])
    if emergency:
        await leases.run_out()
    there = [key.facts for key in await signing_keys.all(opened.store)]
    return {"created": shown.keys(there, done.created, opened.now), "removed": list(done.removed)}
