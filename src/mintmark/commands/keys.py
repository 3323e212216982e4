"""`mintmark keys`: the signing keys, and the seals on all that is kept sealed (contract, "Commands")."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from mintmark import keyring, nearest
from mintmark.commands import leases, verbs
from mintmark.commands.opening import Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import KeysChanged
from mintmark.keys import rotation
from mintmark.keys.rotation import KeyFacts, Remove, Step
from mintmark.protocol import policy
from mintmark.store import configuration, signing_keys
from mintmark.store.changes import Insert

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
        return [document(one, there, opened.now) for one in there if everything or one.removed_at is None]

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
        changes = await keyring.resealed(opened.store, opened.sealer)
        if changes:
            kids = ", ".join(key.facts.kid for key in await signing_keys.all(opened.store))
            await opened.commit(changes, [KeysChanged(kids=kids, change="reseal")])
        return {"resealed": len(changes)}

    done = verbs.do(work)
    verbs.answer(done, json, f"sealed anew: {done['resealed']}")


async def _rotate(opened: Opened, alg: str | None, *, emergency: bool) -> Document:
    there = await signing_keys.all(opened.store)
    facts = [key.facts for key in there]
    present = dict.fromkeys(one.alg for one in facts if one.removed_at is None)
    schedule = keyring.schedule(opened.settings, await keyring.longest_token(opened.store))
    steps: list[Step] = []
    for one in (alg,) if alg else tuple(present) or keyring.AT_FIRST:
        if emergency:
            steps += rotation.rotate_emergency(facts, opened.now, one)
        else:
            steps += rotation.rotate(facts, opened.now, schedule, one)
    if not steps:
        return {"created": [], "removed": []}
    changes = keyring.changes_of(opened.sealer, there, steps)
    created = [str(change.values["kid"]) for change in changes if isinstance(change, Insert)]
    removed = [step.kid for step in steps if isinstance(step, Remove)]
    event = KeysChanged(kids=", ".join([*created, *removed]), change="emergency" if emergency else "rotate")
    moved = configuration.changed()
    await opened.commit([*(change for change in changes if change != moved), moved], [event])
    if emergency:
        await leases.run_out()
    now_there = [key.facts for key in await signing_keys.all(opened.store)]
    shown = [document(one, now_there, opened.now) for one in now_there if one.kid in created]
    return {"created": shown, "removed": removed}


def document(key: KeyFacts, keys: Sequence[KeyFacts], now: datetime) -> Document:
    """Without its private half."""
    return {
        "kid": key.kid,
        "alg": key.alg,
        "state": _state(key, keys, now),
        "published_at": verbs.when(key.published_at),
        "signs_from": verbs.when(key.signs_from),
        "signs_until": verbs.when(key.signs_until),
        "leaves_at": verbs.when(key.leaves_at),
        "removed_at": verbs.when(key.removed_at),
    }


def _state(key: KeyFacts, keys: Sequence[KeyFacts], now: datetime) -> str:
    if key.removed_at is not None:
        return "removed"
    if rotation.signing([one for one in keys if one.alg == key.alg], now) == key:
        return "signing"
    return "announced" if key.signs_from > now else "retired"
