#!/usr/bin/env python3
# ctest: cost=120 timeout=1800
"""Killed at every statement, the window ends entirely old or entirely new, whatever was in hand.

A swap (and an undo) is killed with SIGKILL instead of its N-th statement, for each N from the first
change on; then healing runs (in part killed as well, at a random statement). What the server and
the `mysql` client then see must be one of the two states, the one that the journal's place tells,
and doing the same again must work.
"""

import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint
from support.server import Server
from support.swap_world import World

# 1: at every statement. The default run takes every eleventh, with a random start.
STRIDE = int(os.environ.get('DBOMSBAK_CRASH_STRIDE', '11'))
SEED = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 32)))


def state_of(world, states):
    """The name of the one state that is live; fails with what is amiss when it is none."""
    now = world.print()
    for name, print_of in states.items():
        if not fingerprint.differences(print_of, now):
            return name
    texts = [f'--- against {name}:\n' + '\n'.join(fingerprint.differences(print_of, now)[:40])
             for name, print_of in states.items()]
    raise AssertionError('neither old nor new:\n' + '\n'.join(texts))


def heal(world, dice, about):
    """Heals; in every third case the healing is killed as well, up to three times."""
    for _ in range(3):
        if dice.random() > 1 / 3:
            break
        at = dice.randrange(1, 120)
        world.run('heal', die_at=at)
        if not world.killed:
            break
        about.append(f'heal killed at {at}')
    world.run('heal')
    world.run('heal')
    if world.output.strip().startswith('the '):
        raise AssertionError(f'a healed window was healed again: {world.output}')


def main():
    print(f'seed {SEED}, stride {STRIDE}', flush=True)
    dice = random.Random(SEED)
    with Server() as server:
        world = World(server)
        good, ruined = world.prepare()
        states = {'old': ruined, 'new': good}
        seen = {'old': 0, 'new': 0}

        # From old to new by the swap, again and again until a kill comes behind the RENAME; then an
        # undo is killed in its turn, and so back and forth. Staging stays until it has gone live.
        swaps, undos = dice.randrange(1, STRIDE + 1), dice.randrange(1, STRIDE + 1)
        swapped_once = False
        while True:
            about = []
            if not swapped_once:
                at, words = swaps, ('swap', world.file, '00000001')
                swaps += STRIDE
            else:
                at, words = undos, ('undo',)
                undos += STRIDE
            before = state_of(world, states)
            world.run(*words, die_at=at)
            killed = world.killed
            about.append(f'{words[0]} killed at {at}' if killed else f'{words[0]} done')
            try:
                heal(world, dice, about)
                after = state_of(world, states)
            except AssertionError as error:
                raise AssertionError(f'{", ".join(about)}: {error}') from error
            if not killed and after == before:
                raise AssertionError(f'{words[0]} said it is done, but {after} is live')
            seen[after] += 1
            if after != before:
                swapped_once = True
            # Two staging databases until the swap, two displaced copies for ever after.
            if len(world.ours()) != 2:
                raise AssertionError(f'{", ".join(about)}: left on the server: {world.ours()}')
            if swapped_once and not killed and words[0] == 'undo':
                break
        print(f'{sum(seen.values())} kills: {seen["old"]} times old, {seen["new"]} times new')
        # Whatever happened to it, the copy can be purged.
        world.run('purge', 0)
        if world.ours():
            raise AssertionError(f'purge left {world.ours()}')
        world.close()


if __name__ == '__main__':
    main()
