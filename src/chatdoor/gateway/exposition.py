"""The page of metrics: prometheus-client's text of what we have counted.

Source: https://prometheus.io/docs/instrumenting/exposition_formats
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from chatdoor._version import __version__
from chatdoor.gateway.counts import BOUNDS, Counts, Histogram
from chatdoor.gateway.shares import Tallies

EDGES: Final = (*map(str, BOUNDS), "+Inf")


def metrics_page(counts: Counts, tallies: Tallies, running: int) -> bytes:
    """The page; `tallies` are those of each site. Takes about a millisecond, at first 0.1 s for the library."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page([*_of_gateway(counts, running), *_of_requests(counts), *_of_sites(counts, tallies)]))
    return generate_latest(registry)


class _Page(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _of_gateway(counts: Counts, running: int) -> Iterator[Metric]:
    build = GaugeMetricFamily("chatdoor_build_info", "The version that runs.", labels=("version",))
    build.add_metric((__version__,), 1)
    yield build
    yield GaugeMetricFamily("chatdoor_requests_running", "Requests on their way, this one too.", value=running)
    refused = CounterMetricFamily("chatdoor_connections_refused", "Connections without a request.", labels=("status",))
    for status, count in list(counts.refusals.items()):
        refused.add_metric((str(status),), count)
    yield refused


def _of_requests(counts: Counts) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "chatdoor_requests", "Requests that were answered.", labels=("endpoint", "status", "site")
    )
    durations: dict[tuple[str, str], Histogram] = {}
    firsts: dict[tuple[str, str], Histogram] = {}
    for series, row in list(counts.rows.items()):
        endpoint = series.route or "none"
        requests.add_metric((endpoint, str(series.status), series.site), sum(row.durations.buckets))
        durations.setdefault((endpoint, series.site), Histogram()).merge(row.durations)
        if any(row.firsts.buckets):
            firsts.setdefault((endpoint, series.site), Histogram()).merge(row.firsts)
    yield requests
    yield _histogram("chatdoor_request_seconds", "From a request to the end of its answer.", durations)
    yield _histogram("chatdoor_first_piece_seconds", "From a request to the site's first piece.", firsts)


def _histogram(name: str, says: str, found: dict[tuple[str, str], Histogram]) -> Metric:
    family = HistogramMetricFamily(name, says, labels=("endpoint", "site"))
    for labels, histogram in found.items():
        sums = accumulate(histogram.buckets)
        family.add_metric(labels, [(edge, count) for edge, count in zip(EDGES, sums, strict=True)], histogram.sum)
    return family


def _of_sites(counts: Counts, tallies: Tallies) -> Iterator[Metric]:
    tokens = CounterMetricFamily("chatdoor_tokens", "Tokens of whole replies.", labels=("site", "direction", "counted"))
    for (site, direction, counted), count in _tokens(counts).items():
        tokens.add_metric((site, direction, counted), count)
    yield tokens
    errors = CounterMetricFamily("chatdoor_site_errors", "Calls of a site that failed.", labels=("site", "error"))
    for labels, count in list(counts.errors.items()):
        errors.add_metric(labels, count)
    yield errors
    for name, says in TALLIED.items():
        family = CounterMetricFamily(f"chatdoor_{name}", says, labels=("site",))
        for site, tally in tallies.items():
            family.add_metric((site,), tally.get(name, 0))
        yield family


TALLIED: Final = {
    "sessions_opened": "Sessions that were opened.",
    "sessions_refreshed": "Sessions that were renewed.",
    "waits_asked": "Times that a site asked us to wait.",
    "waits": "Calls that were held back by a site's rate limit: its pace, or as it had asked.",
    "wait_seconds": "Seconds for which they were held back.",
}
"""What each visitor tallies, by the tally's own names."""


def _tokens(counts: Counts) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for series, row in list(counts.rows.items()):
        for counted, pair in (("site", row.told), ("estimate", row.estimated)):
            for direction, count in zip(("input", "output"), pair, strict=True):
                if count:
                    labels = (series.site, direction, counted)
                    found[labels] = found.get(labels, 0) + count
    return found
