"""Dollars for a million images, by model: what bench/cost prints, and deploy/costs in part.

All of it is a model, of measured CPU time and of a price list. Its formulae, where M is a million:

    Lambda        ms = CPU ms / min(1, MB / 1769) + ms of waiting, rounded up, at least 1
                  M images = ms / 1000 * MB / 1024 * price of a GB-s * M + price of a request * M
    kept ready    instances = ceil(images a second * PEAK * seconds), each MB / 1024 GB for the whole month;
                  running costs less then
    worker        images an hour = vCPUs * cores of a vCPU * utilisation * 3,600,000 / CPU ms
                  dollars an hour = price * (1 - discount) + address + disk / 730
                  a month = 730 hours of max(1, images / images an hour / 730, rounded up) workers
    Batch         images / images an hour, and a start every BATCH_MINUTES, at the price of Spot
    CPU ms        what was measured on x86_64; on arm64 that times --arm-ratio, and an error bar

What is assumed stands in ASSUMED, in the defaults of Case, and in assumptions(), which says all of it.
A core of c7a, and the vCPU of Lambda, are taken to be as fast as the core that was measured.
"""

import datetime
import json
import math
from dataclasses import dataclass, field

HOURS = 730  # of a month
MILLION = 1_000_000
POLLS = 5 * 3 * 60 * HOURS  # of a queue by Lambda: 5 pollers, each 20 s
N_METRICS, N_ALARMED, N_DASHBOARDS = 11, 15, 1  # of deploy/terraform: one verdict; 9 alarms of 1 metric, 2 of 3
VCPU_MB = 1769  # at which a function has one vCPU
MEMORIES_MB = (128, 256, 512, 768, 1024, 1280, 1536, VCPU_MB, 2048, 2560, 3008)
ARCHS = ("arm64", "x86_64")
CLASSES = ("standard", "ia", "tiering")
PLANS = ("on demand", "savings plan", "spot")
LEAST_KB = 128  # what IA bills an object for at least, and what Intelligent-Tiering begins to look at

ASSUMED = {
    "failed": 0.01,           # part of the images: a write to the table each
    "log_kb": 2.0,            # a line for the record, and one of metrics
    "sqs_requests": 3,        # a message
    "peak": 3,                # the busiest minute over the month's mean, for instances that are kept ready
    "batch_minutes": 15,      # between two jobs, as in deploy/terraform
    "batch_start_s": 60,      # of each, before it works; what Fargate bills at least
    "worker_polls": 3 * 60 * HOURS,  # of a worker, each 20 s
    "disk_gb": 8,             # of an instance
    "worker_wait_s": 1,       # until an idle worker has a message, at most
}  # fmt: skip


class CostError(Exception):
    """What a user can mend; its text says what and where."""


# ---- prices

PRICES = (
    *(f"lambda_{arch}_{what}" for arch in ARCHS for what in ("gb_s", "provisioned_gb_s", "provisioned_run_gb_s")),
    *(f"fargate_{arch}_{what}_h" for arch in ARCHS for what in ("vcpu", "gb")),
    *(f"{kind}_large_h" for kind in ("c6g", "c7g", "c8g", "c7i", "c7a")),
    "lambda_request", "gp3_gb_month", "ipv4_h", "s3_put", "s3_get", "s3_gb_month", "s3_ia_put", "s3_ia_get", "s3_ia_gb_month",
    "s3_ia_retrieval_gb", "s3_it_put", "s3_it_get", "s3_it_object_month", "s3_it_frequent_gb_month", "s3_it_infrequent_gb_month",
    "s3_it_archive_gb_month", "sqs_request", "dynamodb_write", "cloudfront_gb", "cloudfront_request", "logs_gb", "metric_month",
    "alarm_month", "dashboard_month",
)  # fmt: skip
DISCOUNTS = tuple(f"savings_plan_{what}" for what in ("ec2", "fargate", "lambda")) + ("spot_ec2", "spot_fargate")


def check_entry(where, entry, key, most):
    """An entry of the price file: its figure, with all that makes it one that can be looked up."""
    if not isinstance(entry, dict):
        raise CostError(f"{where}: not an object")
    for name in ("per", "region", "noted", "source", "state"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise CostError(f'{where}: no "{name}"')
    try:
        datetime.datetime.strptime(entry["noted"], "%Y-%m-%d")
    except ValueError:
        raise CostError(f'{where}: "noted" is not a date like 2026-11-26') from None
    if not entry["source"].startswith(("https://", "http://")):
        raise CostError(f'{where}: "source" is not an address')
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < most:
        raise CostError(f'{where}: "{key}" is not a number from 0 to below {most:g}')
    return value


def load_json(path):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except OSError as error:
        raise CostError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # not JSON, or not UTF-8
        raise CostError(f"{path}: {error}") from None


class Prices(dict):
    """Name -> dollars, or the part that a discount takes off; `about` says when, where and how sure."""

    def __init__(self, path):
        super().__init__()
        data = load_json(path)
        if not isinstance(data, dict) or not isinstance(data.get("prices"), dict) or not isinstance(data.get("discounts"), dict):
            raise CostError(f'{path}: no objects "prices" and "discounts"')
        entries = []
        for part, key, most, names in (("prices", "usd", math.inf, PRICES), ("discounts", "off", 1, DISCOUNTS)):
            for name, entry in data[part].items():
                self[name] = check_entry(f"{path}: {name}", entry, key, most)
                entries.append(entry)
            for name in names:
                if name not in data[part]:
                    raise CostError(f'{path}: "{part}" lacks {name}')
        dates = sorted({e["noted"] for e in entries})
        states = {s: sum(e["state"] == s for e in entries) for s in sorted({e["state"] for e in entries})}
        self.about = {"file": path, "regions": sorted({e["region"] for e in entries}), "noted": [dates[0], dates[-1]], "states": states}


# ---- what is asked

@dataclass
class Tool:
    """Who resizes: CPU ms of an image on a core of x86_64, KB of one output, and the memory below which it does not run."""

    name: str
    cpu_ms: float
    output_kb: float
    least_mb: int


@dataclass
class Case:
    images: float = 1_000_000  # a month
    variants: int = 3  # outputs of an image
    views: float = 10  # of an image, each of one output, in all
    upload_mb: float = 3.0
    months: int = 1  # that an image and its outputs are kept
    memory_mb: int = VCPU_MB
    io_ms: float = 170  # an invocation waits for S3
    miss: float = 0.05  # part of the views that CloudFront asks S3 for
    utilisation: float = 0.6  # of a worker's vCPUs, mean over the month, so that peaks are in it
    thread: float = 0.6  # of a core is a hyper-thread, when both are busy
    arm_ratio: dict = field(default_factory=lambda: {"all": 1.0})
    arm_error: float = 0.25
    originals: str = "standard"
    outputs: str = "standard"


@dataclass(frozen=True)
class Worker:
    """A machine that runs `scantling worker`, or sharp's like."""

    name: str
    kind: str  # ec2 or fargate
    arch: str
    vcpus: int
    threads: bool  # a vCPU is a hyper-thread, not a core


WORKERS = (
    Worker("c6g.large", "ec2", "arm64", 2, False), Worker("c7g.large", "ec2", "arm64", 2, False),
    Worker("c8g.large", "ec2", "arm64", 2, False), Worker("c7i.large", "ec2", "x86_64", 2, True),
    Worker("c7a.large", "ec2", "x86_64", 2, False), Worker("Fargate arm64", "fargate", "arm64", 1, False),
    Worker("Fargate x86_64", "fargate", "x86_64", 1, True),
)  # fmt: skip


def core_ms(case, tool, arch, machine):
    """CPU ms of an image; `machine` is the key of --arm-ratio: lambda, fargate, c6g, c7g, c8g."""
    return tool.cpu_ms * (case.arm_ratio.get(machine, case.arm_ratio["all"]) if arch == "arm64" else 1)


# ---- Lambda

def share_of_vcpu(memory_mb):
    """What one thread can have of a core: never more than one."""
    return min(1.0, memory_mb / VCPU_MB)


def memory_of(case, tool):
    """What is asked for, or the least that the tool runs with."""
    return max(case.memory_mb, tool.least_mb)


def lambda_ms(cpu_ms, memory_mb, io_ms):
    """What is billed for an invocation."""
    return max(1, math.ceil(round(cpu_ms / share_of_vcpu(memory_mb) + io_ms, 6)))


def lambda_gb_s(cpu_ms, memory_mb, io_ms):
    return lambda_ms(cpu_ms, memory_mb, io_ms) / 1000 * memory_mb / 1024


def lambda_run(price, case, tool, arch, memory_mb=None):
    """(dollars of CPU, of waiting, for a million images; ms billed)"""
    memory_mb = memory_mb or memory_of(case, tool)
    cpu_ms = core_ms(case, tool, arch, "lambda")
    dollars = MILLION * lambda_gb_s(cpu_ms, memory_mb, case.io_ms) * price[f"lambda_{arch}_gb_s"]
    busy = cpu_ms / share_of_vcpu(memory_mb)
    cpu = dollars * busy / (busy + case.io_ms)
    return cpu, dollars - cpu, lambda_ms(cpu_ms, memory_mb, case.io_ms)


def lambda_memories(price, case, tool, arch):
    """[{memory, share, ms, dollars for a million}], and which of them is cheapest and which fastest, the smaller of equals."""
    rows = []
    for mb in MEMORIES_MB:
        if mb >= tool.least_mb:
            cpu, wait, ms = lambda_run(price, case, tool, arch, mb)
            rows.append({"memory_mb": mb, "share": mb / VCPU_MB, "ms": ms, "usd": cpu + wait + MILLION * price["lambda_request"]})
    if not rows:
        raise CostError(f"{tool.name}: no memory of the table is {tool.least_mb} MB or more")
    return rows, min(rows, key=lambda r: r["usd"])["memory_mb"], min(rows, key=lambda r: r["ms"])["memory_mb"]


def lambda_month(price, case, tool, arch, plan="on demand"):
    off = price["savings_plan_lambda"] if plan == "savings plan" else 0
    cpu, wait, _ = lambda_run(price, case, tool, arch)
    return case.images * ((cpu + wait) / MILLION * (1 - off) + price["lambda_request"])


def kept_ready(price, case, tool, arch):
    """Provisioned concurrency: (instances, dollars a month, utilisation from which it is cheaper than on demand, or None)."""
    cpu_ms, memory_mb = core_ms(case, tool, arch, "lambda"), memory_of(case, tool)
    seconds = lambda_ms(cpu_ms, memory_mb, case.io_ms) / 1000
    n = max(1, math.ceil(round(case.images / (HOURS * 3600) * ASSUMED["peak"] * seconds, 9)))
    kept, run, usual = (price[f"lambda_{arch}_{what}"] for what in ("provisioned_gb_s", "provisioned_run_gb_s", "gb_s"))
    dollars = n * memory_mb / 1024 * HOURS * 3600 * kept
    dollars += case.images * (lambda_gb_s(cpu_ms, memory_mb, case.io_ms) * run + price["lambda_request"])
    return n, dollars, kept / (usual - run) if usual > run else None


# ---- workers

def worker_hour(price, worker, plan):
    """Dollars, with its address and disk."""
    if worker.kind == "ec2":
        hour = price[worker.name.replace(".", "_") + "_h"]
        rest = price["ipv4_h"] + ASSUMED["disk_gb"] * price["gp3_gb_month"] / HOURS
    else:
        hour = worker.vcpus * (price[f"fargate_{worker.arch}_vcpu_h"] + 2 * price[f"fargate_{worker.arch}_gb_h"])
        rest = price["ipv4_h"]
    off = {"on demand": 0, "savings plan": price["savings_plan_" + worker.kind], "spot": price["spot_" + worker.kind]}[plan]
    return hour * (1 - off) + rest


def images_an_hour(case, tool, worker, utilisation=None):
    machine = "fargate" if worker.kind == "fargate" else worker.name.split(".")[0]
    cores = worker.vcpus * (case.thread if worker.threads else 1) * (utilisation or case.utilisation)
    return cores * 3_600_000 / core_ms(case, tool, worker.arch, machine)


def worker_million(price, case, tool, worker, plan, utilisation=None):
    """Dollars of a million images, of machines that are that busy."""
    return MILLION / images_an_hour(case, tool, worker, utilisation) * worker_hour(price, worker, plan)


def workers_wanted(case, tool, worker):
    return max(1, math.ceil(round(case.images / (images_an_hour(case, tool, worker) * HOURS), 9)))


def worker_month(price, case, tool, worker, plan):
    polls = ASSUMED["worker_polls"] * price["sqs_request"]
    return workers_wanted(case, tool, worker) * (HOURS * worker_hour(price, worker, plan) + polls)


def batch_month(price, case, tool, worker):
    starts = HOURS * 60 / ASSUMED["batch_minutes"] * ASSUMED["batch_start_s"] / 3600
    return (case.images / images_an_hour(case, tool, worker) + starts) * worker_hour(price, worker, "spot")


# ---- everything else

def gb(kb):
    return kb / 1024 / 1024


def class_puts(price, name):
    return price[{"standard": "s3_put", "ia": "s3_ia_put", "tiering": "s3_it_put"}[name]]


def class_reads(price, name, kb, n_get, n_head):
    """Requests that read, and what is paid for the bytes."""
    each = price[{"standard": "s3_get", "ia": "s3_ia_get", "tiering": "s3_it_get"}[name]]
    return (n_get + n_head) * each + (n_get * gb(kb) * price["s3_ia_retrieval_gb"] if name == "ia" else 0)


def class_keeps(price, name, kb, months, is_read):
    """Dollars of keeping an object; `is_read`: at least once in 30 days."""
    if name == "standard":
        return gb(kb) * price["s3_gb_month"] * months
    if name == "ia":
        return gb(max(kb, LEAST_KB)) * price["s3_ia_gb_month"] * months
    if kb < LEAST_KB:  # never moved, never looked at
        return gb(kb) * price["s3_it_frequent_gb_month"] * months
    tiers = ["frequent"] * months if is_read else (["frequent", "infrequent", "infrequent"] + ["archive"] * months)[:months]
    return sum(gb(kb) * price[f"s3_it_{tier}_gb_month"] for tier in tiers) + months * price["s3_it_object_month"]


def class_table(price, case, tool):
    """[(what, KB, {class: dollars of a million objects: written, read as in `components`, kept})]"""
    misses = case.views * case.miss
    originals = {c: MILLION * (class_puts(price, c) + class_reads(price, c, case.upload_mb * 1024, 1, 1)
                               + class_keeps(price, c, case.upload_mb * 1024, case.months, False)) for c in CLASSES}  # fmt: skip
    outputs = {c: MILLION * (class_puts(price, c) + class_reads(price, c, tool.output_kb, misses / case.variants, 1)
                             + class_keeps(price, c, tool.output_kb, case.months, misses > 0)) for c in CLASSES}  # fmt: skip
    return [("originals", case.upload_mb * 1024, originals), ("outputs", tool.output_kb, outputs)]


def components(price, case, tool, arch):
    """[(what, group, dollars for a million images)] of Lambda and all around it; groups are what can dominate."""
    cpu, wait, _ = lambda_run(price, case, tool, arch)
    n, upload_kb, misses = case.variants, case.upload_mb * 1024, case.views * case.miss
    each = [
        ("S3 writes", "requests", class_puts(price, case.originals) + n * class_puts(price, case.outputs)),
        ("S3 reads", "requests", class_reads(price, case.originals, upload_kb, 1, 1)
         + class_reads(price, case.outputs, tool.output_kb, misses, n)),
        ("S3 storage, originals", "storage", class_keeps(price, case.originals, upload_kb, case.months, False)),
        ("S3 storage, outputs", "storage", n * class_keeps(price, case.outputs, tool.output_kb, case.months, misses > 0)),
        ("Lambda requests", "requests", price["lambda_request"]),
        ("SQS", "requests", ASSUMED["sqs_requests"] * price["sqs_request"]),
        ("DynamoDB", "requests", ASSUMED["failed"] * price["dynamodb_write"]),
        ("logs", "logs", gb(ASSUMED["log_kb"]) * price["logs_gb"]),
        ("CDN requests", "requests", case.views * price["cloudfront_request"]),
        ("CDN egress", "egress", case.views * gb(tool.output_kb) * price["cloudfront_gb"]),
    ]  # fmt: skip
    return [("Lambda, CPU", "CPU", cpu), ("Lambda, waiting", "waiting", wait), *((w, g, MILLION * usd) for w, g, usd in each)]


def groups_of(rows):
    """[(group, dollars, part of all)], the largest first."""
    sums = {}
    for _, group, usd in rows:
        sums[group] = sums.get(group, 0) + usd
    total = sum(sums.values())
    return [(g, usd, usd / total if total else 0) for g, usd in sorted(sums.items(), key=lambda kv: -kv[1])]


def shared_million(price, case, tool):
    """What a million images costs whatever resizes them."""
    return sum(usd for what, _, usd in components(price, case, tool, "x86_64") if not what.startswith("Lambda"))


def watched_month(price):
    """Metrics, alarms, dashboard."""
    return N_METRICS * price["metric_month"] + N_ALARMED * price["alarm_month"] + N_DASHBOARDS * price["dashboard_month"]


def fixed_month(price, n_lambda_queues):
    """What is paid without any image: what watches, and polls of queues by Lambda."""
    return watched_month(price) + n_lambda_queues * POLLS * price["sqs_request"]


# ---- what to use

@dataclass
class Choice:
    name: str
    arch: str
    plan: str
    usd: float  # a month: what resizes, and fixed costs
    wait_s: float  # until a picture is begun, about
    n: int = 0  # workers

    def allowed(self, commit, spot, patience_s):
        """None, or why not."""
        why_not = []
        if self.plan == "savings plan" and not commit:
            why_not.append("a year's commitment (--commit)")
        if self.plan == "spot" and not spot:
            why_not.append("assumed discount, can be interrupted (--spot)")
        if self.wait_s > patience_s:
            why_not.append(f"waits {self.wait_s:g} s (--patience)")
        return "; ".join(why_not) or None


def choices(price, case, tool):
    """All of them, the cheapest first."""
    found = []
    on_lambda, on_workers = fixed_month(price, 2), fixed_month(price, 1)  # the failures' queue stays Lambda's
    for arch in ARCHS:
        for plan in PLANS[:2]:
            usd = lambda_month(price, case, tool, arch, plan)
            found.append(Choice(f"Lambda {arch}, {memory_of(case, tool):,} MB", arch, plan, usd + on_lambda, 0))
        n, usd, _ = kept_ready(price, case, tool, arch)
        found.append(Choice(f"Lambda {arch}, kept ready", arch, "on demand", usd + on_lambda, 0, n))
    for worker in WORKERS:
        n = workers_wanted(case, tool, worker)
        for plan in PLANS:
            usd = worker_month(price, case, tool, worker, plan)
            found.append(Choice(worker.name, worker.arch, plan, usd + on_workers, ASSUMED["worker_wait_s"], n))
        if worker.kind == "fargate":
            usd = batch_month(price, case, tool, worker)
            found.append(Choice("Batch on " + worker.name, worker.arch, "spot", usd + on_workers, 60 * ASSUMED["batch_minutes"]))
    return sorted(found, key=lambda c: c.usd)


def break_even(per_image, start, step, capacity):
    """Where workers become cheaper than what is paid by the image: (from, for good from) images a month, None for never.

    per_image * N + start against step dollars for each `capacity` images begun. Between the two, a worker that has just been
    added can be the dearer.
    """

    def crossing(k):
        return (k * step - start) / per_image

    if per_image <= 0:
        return None, None
    full = per_image * capacity  # what a full worker's images cost the other way
    first = max(0.0, crossing(1))
    if full <= step:  # no worker wins back what another loses
        return (first if first < capacity else None), None
    # With the k-th just added workers are dearer where (k - 1) * capacity < crossing(k).
    last = math.ceil((full - start) / (full - step)) - 1
    return first, crossing(last) if last >= 1 else first


def lambda_break_even(price, case, tool, arch, worker):
    """Of Lambda on demand and workers on demand, polls of the work queue included."""
    cpu, wait, _ = lambda_run(price, case, tool, arch)
    each = (cpu + wait) / MILLION + price["lambda_request"]
    step = HOURS * worker_hour(price, worker, "on demand") + ASSUMED["worker_polls"] * price["sqs_request"]
    return break_even(each, POLLS * price["sqs_request"], step, images_an_hour(case, tool, worker) * HOURS)


def worker_break_even(price, case, tool, small, large):
    """From how many images a month so many of `small` cost more than one of `large`; None where one of `large` is full before."""
    polls = ASSUMED["worker_polls"] * price["sqs_request"]
    a, b = (HOURS * worker_hour(price, w, "on demand") + polls for w in (small, large))
    n = math.floor(b / a) * images_an_hour(case, tool, small) * HOURS
    return n if n < images_an_hour(case, tool, large) * HOURS else None


def least_memory_as_fast(case, tool, peer):
    """The smallest memory of the table at which `tool` takes no longer than `peer` with memory_of, x86_64; None for none."""
    limit = lambda_ms(peer.cpu_ms, memory_of(case, peer), case.io_ms)
    fits = (mb for mb in MEMORIES_MB if mb >= tool.least_mb and lambda_ms(tool.cpu_ms, mb, case.io_ms) <= limit)
    return next(fits, None)


def even_ratio(price, case, tool):
    """The arm ratio at which Lambda on arm64 costs as much as on x86_64, where ms are not rounded."""
    busy = tool.cpu_ms / share_of_vcpu(memory_of(case, tool))
    return ((busy + case.io_ms) * price["lambda_x86_64_gb_s"] / price["lambda_arm64_gb_s"] - case.io_ms) / busy


def assumptions(case, tools, price):
    """Everything that is assumed, in sentences."""
    a = ASSUMED
    ratios = ", ".join(f"{v:g} ({k})" for k, v in case.arm_ratio.items())
    return [
        f"CPU time is that of a core of x86_64 with nothing beside it; Lambda's vCPU, and a core of c7a and c7i, are taken to be as fast (model). "
        f"A vCPU of c7i and of Fargate x86_64 is a hyper-thread: {case.thread:g} of a core when both are busy; of c6g, c7g, c8g, c7a and "
        f"Fargate arm64 a core. Lambda x86_64 is taken to have its core alone, in its favour.",
        f"arm64 takes {ratios} times the CPU time, +-{case.arm_error:.0%}, by model: --arm-ratio, which nobody has measured, and which is the same "
        f"for all tools. Machines with one ratio are ranked by their prices alone.",
        f"Lambda: {VCPU_MB:,} MB for a vCPU; one thread, never faster than that; {case.io_ms:g} ms of waiting whatever the memory, though "
        f"networks are slower in small functions; one image an invocation; cold starts and their billing are not counted.",
        f"Workers: busy {case.utilisation:.0%} of the time as a mean of the month; waiting costs nothing, others work meanwhile; at least one "
        f"runs, with a public IPv4 address, EC2 also with {a['disk_gb']} GB of disk; Fargate: 1 vCPU, 2 GB.",
        f"Batch: a job every {a['batch_minutes']} min on Fargate Spot, {a['batch_start_s']} s before each works.",
        f"Spot is {price['spot_ec2']:.0%} (EC2) and {price['spot_fargate']:.0%} (Fargate) off: assumed. Savings plans, 1 year, nothing upfront: "
        f"EC2 {price['savings_plan_ec2']:.0%}, Fargate {price['savings_plan_fargate']:.0%}, Lambda {price['savings_plan_lambda']:.0%}, "
        f"of durations only.",
        f"Kept ready: for {a['peak']} times the mean rate.",
        f"An image: {case.upload_mb:g} MB up, {case.variants} outputs of " + ", ".join(f"{t.output_kb:.0f} KB ({t.name})" for t in tools)
        + f", as they come out at the same quality setting, kept {case.months} month{'s' * (case.months > 1)}; (1 + {case.variants}) PUT, 1 GET, (1 + {case.variants}) HEAD; "
        f"{a['sqs_requests']} requests of SQS; {a['failed']:.0%} fail; {a['log_kb']:g} KB of log.",
        f"Views: {case.views:g} an image, of one output each, through CloudFront; {case.miss:.0%} of them reach S3.",
        "Storage: written straight into its class. Originals are read once, outputs whenever a view misses.",
        "Memory that it takes: " + ", ".join(f"{t.name} {t.least_mb} MB" for t in tools) + " at least. No free tier, no volume discounts, no taxes.",
    ]  # fmt: skip
