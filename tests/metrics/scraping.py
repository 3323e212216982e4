"""`/metrics` as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

from mintmark.metrics.families import FAMILIES

HERE = "http://127.0.0.1/metrics"


async def scrape(issuer):
    """Every sample by its name and labels."""
    answer = await issuer.http.get(HERE)
    assert 200 == answer.status_code, answer.text
    return samples(answer.text)


def samples(text):
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found, "a sample that stands twice is no sample"
            found[key] = sample.value
    return found


def value(found, name, **labels):
    """The sum of the samples that have these labels."""
    return sum(
        number for (known, *given), number in found.items() if known == name and labels.items() <= dict(given).items()
    )


def moved(before, after, name, **labels):
    return value(after, name, **labels) - value(before, name, **labels)


def requests(found):
    """By door, method, status and error."""
    return {
        tuple(dict(given)[label] for label in ("door", "method", "status", "error")): number
        for (name, *given), number in found.items()
        if name == "mintmark_requests_total"
    }


def family_of(sample):
    """The family of a sample's name, which may be a part of a histogram."""
    return next(
        (
            name
            for name in (sample, *(sample.removesuffix(end) for end in ("_bucket", "_sum", "_count")))
            if name in FAMILIES
        ),
        None,
    )
