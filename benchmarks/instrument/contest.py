"""Several ways to do one thing, in rounds of alternating order, as min, median and max.

    contest = Contest('dump', {'dbomsbak': ours, 'mysqldump': theirs})     # functions that return a Sample
    contest.hold(5)
    contest.ratio('dbomsbak', 'mysqldump')     # of the two times of a round: (min, median, max)
"""

import statistics

HEAD = (f'{"":34} {"min":>8} {"median":>8} {"max":>8} s   {"client":>7} {"server":>7} s   {"peak":>6} MiB'
        f' {"bytes":>9} MB')


def spread(values):
    return min(values), statistics.median(values), max(values)


class Contest:
    def __init__(self, what, contestants):
        self.what = what
        self.contestants = contestants
        self.samples = {name: [] for name in contestants}

    def hold(self, rounds):
        """The first round goes from first to last, the next one back: no side is always the warm one."""
        names = list(self.contestants)
        for number in range(rounds):
            for name in names if number % 2 == 0 else reversed(names):
                self.samples[name].append(self.contestants[name]())
        return self

    def values(self, name, field='seconds'):
        return [getattr(sample, field) for sample in self.samples[name]]

    def ratio(self, ours, theirs, field='seconds'):
        pairs = zip(self.values(ours, field), self.values(theirs, field))
        return spread([mine / other for mine, other in pairs])

    def fastest(self, names):
        """Of those of `names` that took part; nothing when none did."""
        there = [name for name in names if name in self.samples]
        return min(there, key=lambda name: statistics.median(self.values(name)), default=None)

    def show(self):
        print(f'\n{self.what} ({len(next(iter(self.samples.values())))} rounds)\n{HEAD}')
        for name in self.samples:
            low, middle, high = spread(self.values(name))
            client, server, peak, size = (statistics.median(self.values(name, field))
                                          for field in ('client_cpu', 'server_cpu', 'peak_kib', 'bytes'))
            print(f'{name:34} {low:8.3f} {middle:8.3f} {high:8.3f}     {client:7.2f} {server:7.2f}     '
                  f'{peak / 1024:6.1f}     {size / 1e6:9.1f}', flush=True)
        return self

    def as_json(self):
        rows = []
        for name in self.samples:
            row = {'what': self.what, 'who': name, 'rounds': len(self.samples[name])}
            for field in ('seconds', 'client_cpu', 'server_cpu', 'peak_kib', 'bytes'):
                row[field] = dict(zip(('min', 'median', 'max'), spread(self.values(name, field))))
            rows.append(row)
        return rows
