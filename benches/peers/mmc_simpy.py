"""M/M/10 in SimPy: mmc_simpy.py plain|lean MESSAGES SEED

Prints the messages served, the seconds of the run alone, and the mean wait in milliseconds.

plain is the queue of SimPy's own examples: a process for each message, a Resource of ten.
lean keeps the processes but has only ten of them, the workers, around a deque of its own: more
than half of a run's time falls away with the Resource and the processes' beginnings and ends.
Workers around a Store lie half-way. Callbacks on bare timeouts, without any process, would take
another quarter off, but give up what one takes SimPy for.
"""

import random
import sys
import time
from collections import deque

import simpy

ARRIVALS_PER_S = 1000.0
SERVED_PER_S = 125.0
WORKERS = 10


def plain(env, messages, exponential, waits):
    workers = simpy.Resource(env, capacity=WORKERS)

    def message():
        sent = env.now
        with workers.request() as turn:
            yield turn
            waits.append(env.now - sent)
            yield env.timeout(exponential(SERVED_PER_S))

    def source():
        for _ in range(messages):
            yield env.timeout(exponential(ARRIVALS_PER_S))
            env.process(message())

    env.process(source())


def lean(env, messages, exponential, waits):
    waiting = deque()
    idle = deque()
    # Looked up once, not for each message.
    timeout, event, record = env.timeout, env.event, waits.append

    def worker():
        while True:
            if waiting:
                sent = waiting.popleft()
            else:
                woken = event()
                idle.append(woken)
                sent = yield woken
            record(env.now - sent)
            yield timeout(exponential(SERVED_PER_S))

    def source():
        for _ in range(messages):
            yield timeout(exponential(ARRIVALS_PER_S))
            if idle:
                idle.popleft().succeed(env.now)
            else:
                waiting.append(env.now)

    env.process(source())
    for _ in range(WORKERS):
        env.process(worker())


def main():
    form, messages, seed = sys.argv[1:]
    env = simpy.Environment()
    waits = []
    model = {"plain": plain, "lean": lean}[form]
    model(env, int(messages), random.Random(int(seed)).expovariate, waits)
    began = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - began
    print(len(waits), seconds, 1000 * sum(waits) / len(waits))


main()
