"""`make bench`: how fast, how soon, how much; each beside a plain loop measured in the same run, and beside its aim.

Rates are articles a second of one core's processor time, so that they do not depend on what else the machine does;
times to be seen are by the clock, and do.
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path

from tests.bench import runs
from tests.bench.references import references
from tests.bench.stages import FUNCTIONS, each_stage, hottest
from tests.e2e.road import Folders

AIM_RATE, AIM_SECONDS, AIM_MEMORY, AIM_DISK = 400, 0.5, 400 * runs.MIB, 8000
AIM_READING = 0.002  # seconds an article, tagger and detector together


def main() -> None:
    """Prints as it goes."""
    options = _options()
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, {cores} cores, load {load:.1f} before the start")
    if load > 0.5:
        print("The machine is not idle: times by the clock are longer than they would be, and rates somewhat lower.")
    with tempfile.TemporaryDirectory(prefix="clashwatch-bench-") as name:
        folder = Path(name)
        if options.profile:
            _profile(folder, options.articles)
            return
        plain = _references(folder, options.articles)
        _stages(folder, options.articles)
        wall_rate = _end_to_end(folder, options.articles, cores, plain)
        _latency(folder, wall_rate / 2, options.seconds, cores)
        _memory(folder, options.waiting, options.seconds, cores)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer articles, a shorter while: a minute or two")
    parser.add_argument("--articles", type=int, help="to work off [5000]")
    parser.add_argument("--waiting", type=int, help="files that wait while memory is looked at [100000]")
    parser.add_argument("--seconds", type=float, help="how long to drop articles, and to look at memory [30]")
    parser.add_argument("--profile", action="store_true", help="only list the hottest functions, end to end")
    options = parser.parse_args()
    options.articles = options.articles or (1500 if options.quick else 5000)
    options.waiting = options.waiting or (5_000 if options.quick else 100_000)
    options.seconds = options.seconds or (8 if options.quick else 30)
    return options


def _profile(folder: Path, articles: int) -> None:
    folders = Folders.under(folder)
    runs.fill(folders.inbox, articles)
    print(f"\nThe hottest functions of {articles} articles, share of processor time in the function itself")
    for function, share in hottest(folders.settings()):
        print(f"  {share:6.1%}  {function}")


def _references(folder: Path, articles: int) -> dict[str, float]:
    print(f"\nPlain loops over {articles} articles: articles a second and core")
    found = {}
    for name, rate in references([runs.text(number) for number in range(articles)], folder / "references"):
        print(f"  {name:<24}{'not installed here' if rate is None else f'{rate:10.0f}'}")
        if rate is not None:
            found[name] = rate
    return found


def _stages(folder: Path, articles: int) -> None:
    folders = Folders.under(folder / "stages")
    runs.fill(folders.inbox, articles)
    spent = list(each_stage(folders.settings(alerts_file=folder / "stages" / "alerts.jsonl")))
    functions = spent.pop(next(at for at, one in enumerate(spent) if one.stage == FUNCTIONS))
    total = sum(one.seconds for one in spent)
    print("\nEach stage by itself: articles a second and core, its share, messages it read")
    for one in spent:
        rate = articles / max(one.seconds, 1e-6)
        print(f"  {one.stage:<24}{rate:10.0f}   {one.seconds / total:6.1%} {one.messages:10}")
    most = max(spent, key=lambda one: one.seconds)
    print(f"  all stages in a row     {articles / total:10.0f}   most of it: {most.stage}")
    stages = sum(one.seconds for one in spent if one.stage in ("tagger", "detector"))
    print("\nTagger and detector: milliseconds an article")
    for name, seconds in (("the two functions", functions.seconds), ("with their messages", stages)):
        aim = _against(seconds / articles, AIM_READING, low=True)
        print(f"  {name:<24}{1000 * seconds / articles:10.2f}   {aim}")


def _end_to_end(folder: Path, articles: int, cores: int, plain: dict[str, float]) -> float:
    """Articles a second by the clock with all cores."""
    alone = runs.drain(folder / "one", articles, 1)
    whole = runs.drain(folder / "all", articles, cores)
    rate, wall_rate = articles / alone.processor, articles / whole.wall
    print(f"\nEnd to end, `clashwatch run --once` without its start ({articles} articles)")
    print(f"  one process             {rate:10.0f}   articles a second and core; {_against(rate, AIM_RATE)}")
    print(f"  {cores} workers, by the clock {wall_rate:10.0f}   articles a second, {wall_rate / cores:.0f} a core")
    for name, other in plain.items():
        print(f"  {name:<24}{other / rate:10.1f}   times as fast")
    disk = alone.disk / articles
    print(f"  disk                    {disk:10.0f}   bytes an article; {_against(disk, AIM_DISK, low=True)}")
    return wall_rate


def _latency(folder: Path, rate: float, seconds: float, cores: int) -> None:
    found = runs.latency(folder / "latency", rate, seconds, cores)
    print(f"\nFrom the drop, at half load ({rate:.0f} articles a second): 50th and 99th percentile, milliseconds")
    for name, values in (("searchable", found.searchable), ("alert", found.alerted)):
        middle, late = (1000 * seconds for seconds in runs.percentiles(values))
        aim = _against(late / 1000, AIM_SECONDS, low=True)
        print(f"  {name:<24}{middle:10.0f} {late:8.0f}   of {len(values)}; p99 {aim}")


def _memory(folder: Path, files: int, seconds: float, cores: int) -> None:
    peak, left = runs.memory(folder / "memory", files, seconds, cores)
    print(f"\nMemory at its peak, all processes; of {files} files {left} were waiting still after {seconds:.0f} s")
    aim = _against(peak.shared_once, AIM_MEMORY, low=True)
    print(f"  shared pages once       {peak.shared_once / runs.MIB:10.0f}   MB; {aim}")
    print(f"  shared pages in each    {peak.rss / runs.MIB:10.0f}   MB")


def _against(value: float, aim: float, *, low: bool = False) -> str:
    reached = value <= aim if low else value >= aim
    return f"{value / aim:.2f} of the aim: {'reached' if reached else 'not reached'}"


if __name__ == "__main__":
    main()
