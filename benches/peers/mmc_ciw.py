"""M/M/10 in Ciw: mmc_ciw.py plain|lean MESSAGES SEED

Prints the messages served, the seconds of the run alone, and the mean wait in milliseconds.

plain is the network of Ciw's README. lean switches Python's collector of cycles off: Ciw keeps
every individual to the end, and the collector looks through all of them again and again.
"""

import gc
import sys
import time

import ciw

ARRIVALS_PER_S = 1000.0
SERVED_PER_S = 125.0
WORKERS = 10


def main():
    form, messages, seed = sys.argv[1:]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVALS_PER_S)],
        service_distributions=[ciw.dists.Exponential(rate=SERVED_PER_S)],
        number_of_servers=[WORKERS],
    )
    ciw.seed(int(seed))
    simulation = ciw.Simulation(network)
    if {"plain": False, "lean": True}[form]:
        gc.disable()
    began = time.perf_counter()
    # By time, not by customers: counting customers costs Ciw a call for each event.
    simulation.simulate_until_max_time(int(messages) / ARRIVALS_PER_S)
    seconds = time.perf_counter() - began
    # Ciw writes the records as it runs; only that they are collected is not timed.
    waits = [record.waiting_time for record in simulation.get_all_records()]
    print(len(waits), seconds, 1000 * sum(waits) / len(waits))


main()
