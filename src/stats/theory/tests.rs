//! Every formula against tables computed with 25 to 40 digits by other means, cell by cell.
//! Mean work is 1, load = rate / servers.
#![expect(clippy::unreadable_literal, reason = "the tables read best as they were printed")]

use super::*;
use crate::kernel::num;

/// Equal to the digits printed in the table.
fn assert_near(found: f64, expected: f64, half_digit: f64, what: &str) {
    assert!((found - expected).abs() <= half_digit * 1.001, "{what}: {found}, not {expected}");
}

/// The numbers of a table, row by row.
fn rows(table: &str) -> Vec<Vec<f64>> {
    let number = |word: &str| word.parse().expect("a number");
    let rows = table.lines().filter(|line| !line.trim().is_empty());
    rows.map(|line| line.split_whitespace().map(number).collect()).collect()
}

#[test]
fn run_lengths() {
    // load, variance of the wait, of the number, relaxation, customers for ±1 %, ± at 10⁶ in %.
    let table = [
        (0.5, 29.0, 24.0, 11.657, 1.11e6, 1.06),
        (0.7, 335.568, 293.827, 37.481, 2.37e6, 1.54),
        (0.8, 1_976.0, 1_800.0, 89.721, 4.74e6, 2.18),
        (0.9, 35_901.0, 34_200.0, 379.737, 1.70e7, 4.13),
        (0.95, 607_601.0, 592_800.0, 1_559.744, 6.47e7, 8.04),
        (0.99, 395_990_001.0, 394_020_000.0, 39_799.749, 1.55e9, 39.4),
    ];
    for (load, wait, number, relaxation, customers, relative) in table {
        let found = run_length(load);
        let what = format!("load {load}");
        assert_near(found.wait_variance / wait, 1.0, 2e-6, &what);
        assert_near(found.number_variance / number, 1.0, 2e-6, &what);
        assert_near(found.relaxation, relaxation, 0.0005, &what);
        assert_near(found.customers_for(0.01) / customers, 1.0, 0.005, &what);
        assert_near(100.0 * found.relative_half_width(1e6) / relative, 1.0, 0.005, &what);
    }
}

/// load, L, Lq, W, Wq, T50, T95, T99, Wq95, Wq99.
const ONE_SERVER: &str = "
0.10 0.111111 0.011111 1.111111 0.111111 0.770164 3.328591 5.116856 0.770164 2.558428
0.30 0.428571 0.128571 1.428571 0.428571 0.990210 4.279618 6.578815 2.559656 4.858853
0.50 1.000000 0.500000 2.000000 1.000000 1.386294 5.991465 9.210340 4.605170 7.824046
0.70 2.333333 1.633333 3.333333 2.333333 2.310491 9.985774 15.350567 8.796858 14.161651
0.80 4.000000 3.200000 5.000000 4.000000 3.465736 14.978661 23.025851 13.862944 21.910133
0.90 9.000000 8.100000 10.000000 9.000000 6.931472 29.957323 46.051702 28.903718 44.998097
0.95 19.000000 18.050000 20.000000 19.000000 13.862944 59.914645 92.103404 58.888780 91.077538
0.99 99.000000 98.010000 100.000000 99.000000 69.314718 299.573227 460.517019 298.568194 459.511985
";

#[test]
fn one_exponential_server() {
    for row in rows(ONE_SERVER) {
        let queue = Mmc::new(row[0], 1.0, 1).expect("stable");
        let time = |p| queue.time_quantile(p).expect("one server");
        let found = [
            queue.load(),
            queue.mean_number(),
            queue.mean_waiting(),
            queue.mean_time(),
            queue.mean_wait(),
            time(0.5),
            time(0.95),
            time(0.99),
            queue.wait_quantile(0.95),
            queue.wait_quantile(0.99),
        ];
        assert_eq!(found.len(), row.len());
        for (column, (found, expected)) in found.into_iter().zip(&row).enumerate() {
            assert_near(found, *expected, 5e-7, &format!("load {}, column {column}", row[0]));
        }
    }
}

/// servers, then probability of waiting and mean wait at loads 0.5, 0.7, 0.8.
const SERVERS_TO_0_8: &str = "
1 0.500000 1.000000 0.700000 2.333333 0.800000 4.000000
2 0.333333 0.333333 0.576471 0.960784 0.711111 1.777778
3 0.236842 0.157895 0.492344 0.547049 0.647191 1.078652
4 0.173913 0.086957 0.428654 0.357212 0.596432 0.745541
5 0.130371 0.052149 0.377838 0.251892 0.554113 0.554113
8 0.059044 0.014761 0.270603 0.112751 0.457645 0.286028
10 0.036105 0.007221 0.221731 0.073910 0.409180 0.204590
20 0.003731 0.000373 0.093561 0.015594 0.256078 0.064019
50 0.000007 0.000000 0.011025 0.000735 0.086953 0.008695
100 0.000000 0.000000 0.000459 0.000015 0.019646 0.000982
";

/// servers, then the same at loads 0.9, 0.95, 0.99.
const SERVERS_FROM_0_9: &str = "
1 0.900000 9.000000 0.950000 19.000000 0.990000 99.000000
2 0.852632 4.263158 0.925641 9.256410 0.985025 49.251256
3 0.817061 2.723537 0.907009 6.046723 0.981168 32.705605
4 0.787753 1.969383 0.891419 4.457095 0.977905 24.447629
5 0.762493 1.524986 0.877799 3.511196 0.975027 19.500534
8 0.701533 0.876916 0.844169 2.110422 0.967804 12.097545
10 0.668732 0.668732 0.825586 1.651171 0.963738 9.637384
20 0.550769 0.275385 0.755401 0.755401 0.947867 4.739334
50 0.363864 0.072773 0.629095 0.251638 0.916859 1.833718
100 0.216940 0.021694 0.506457 0.101291 0.882768 0.882768
";

#[test]
fn several_exponential_servers() {
    for (table, loads) in [(SERVERS_TO_0_8, [0.5, 0.7, 0.8]), (SERVERS_FROM_0_9, [0.9, 0.95, 0.99])]
    {
        for row in rows(table) {
            let servers = row[0];
            assert_eq!(row.len(), 7);
            for (load, cell) in loads.into_iter().zip(row[1..].chunks(2)) {
                let count = format!("{servers}").parse().expect("a whole number");
                let queue = Mmc::new(load * servers, 1.0, count).expect("stable");
                let what = format!("{servers} servers at {load}");
                assert_near(queue.wait_probability(), cell[0], 5e-7, &what);
                assert_near(queue.mean_wait(), cell[1], 5e-7, &what);
            }
        }
    }
}

#[test]
fn quantiles_of_the_wait_with_several_servers() {
    let table = [
        (2, 0.8, [0.880552, 4.904146, 6.637014, 10.66061]),
        (5, 0.9, [0.843971, 4.062847, 5.449141, 8.668017]),
        (10, 0.8, [0.0, 0.704493, 1.051066, 1.855785]),
        (10, 0.9, [0.290775, 1.900212, 2.593360, 4.202798]),
        (20, 0.95, [0.412641, 2.022079, 2.715226, 4.324664]),
    ];
    for (servers, load, expected) in table {
        let queue = Mmc::new(load * f64::from(servers), 1.0, servers).expect("stable");
        for (p, expected) in [0.5, 0.9, 0.95, 0.99].into_iter().zip(expected) {
            let what = format!("{servers} servers at {load}, quantile {p}");
            assert_near(queue.wait_quantile(p), expected, 5e-6, &what);
        }
    }
}

/// second and third moment of the work, then mean wait and its deviation at five loads; the
/// rows are constant, Erlang-4, exponential, log-normal with cv² = 2 and H2 with cv² = 4.
const ANY_WORK: &str = "
1 1 0.500000 0.763763 1.166667 1.462494 2.000000 2.309401 4.500000 4.821825 9.500000 9.827682
1.25 1.875 0.625 1.007782 1.458333 1.893428 2.500000 2.958040 5.625000 6.104558 11.875000 12.364895
2 6 1.000000 1.732051 2.333333 3.179797 4.000000 4.898979 9.000000 9.949874 19.000000 19.974984
3 27 1.500000 3.354102 3.500000 5.766281 6.000000 8.485281 13.500000 16.224981 28.500000 31.356817
5 60 2.500000 5.123475 5.833333 8.983009 10.000000 13.416408 22.500000 26.196374 47.500000 51.344425
";

#[test]
fn one_server_with_any_work() {
    for row in rows(ANY_WORK) {
        assert_eq!(row.len(), 12);
        for (load, cell) in [0.5, 0.7, 0.8, 0.9, 0.95].into_iter().zip(row[2..].chunks(2)) {
            let queue = Mg1::new(load, 1.0, row[0]).expect("stable");
            let what = format!("second moment {} at {load}", row[0]);
            assert_near(queue.mean_wait(), cell[0], 5e-7, &what);
            assert_near(queue.wait_variance(row[1]).sqrt(), cell[1], 5e-7, &what);
        }
    }
}

#[test]
fn the_variance_of_the_exponential_wait_agrees_in_both_theories() {
    for load in [0.1, 0.5, 0.9] {
        let markov = Mmc::new(load, 1.0, 1).expect("stable").wait_variance();
        let general = Mg1::new(load, 1.0, 2.0).expect("stable").wait_variance(6.0);
        assert_near(markov, general, 1e-9, &format!("load {load}"));
    }
}

#[test]
fn distribution_of_the_wait_for_constant_work() {
    let table = [
        (0.5, [0.500000, 0.642013, 0.824361, 0.946961, 0.998764, 0.999998]),
        (0.8, [0.200000, 0.298365, 0.445108, 0.634520, 0.899503, 0.988343]),
        (0.9, [0.100000, 0.156831, 0.245960, 0.383600, 0.668709, 0.882403]),
    ];
    for (load, expected) in table {
        for (wait, expected) in [0.0, 0.5, 1.0, 2.0, 5.0, 10.0].into_iter().zip(expected) {
            let what = format!("load {load}, wait {wait}");
            assert_near(md1_wait_cdf(load, wait), expected, 5e-7, &what);
        }
    }
}

#[test]
fn redelivery_by_nack_with_a_delay() {
    // rate, servers, failure, delay, limit; receives, load, wait, time, ready, in flight,
    // delayed, dead.
    type Row = (f64, u32, f64, f64, Option<u32>, [f64; 8]);
    let table: [Row; 6] = [
        (0.5, 1, 0.2, 30.0, None, [1.25, 0.625, 1.666667, 10.833333, 1.041667, 0.625, 3.75, 0.0]),
        (0.5, 1, 0.2, 30.0, Some(3), [1.24, 0.62, 1.631579, 10.463158, 1.011579, 0.62, 3.6, 0.008]),
        (0.7, 1, 0.1, 0.0, None, [1.111111, 0.777778, 3.5, 5.0, 2.722222, 0.777778, 0.0, 0.0]),
        (
            4.0,
            8,
            0.1,
            30.0,
            None,
            [1.111111, 0.555556, 0.027573, 4.475081, 0.122546, 4.444444, 13.333333, 0.0],
        ),
        (7.0, 10, 0.2, 60.0, None, [1.25, 0.875, 0.477624, 16.847030, 4.179208, 8.75, 105.0, 0.0]),
        (
            7.0,
            10,
            0.2,
            60.0,
            Some(3),
            [1.24, 0.868, 0.437700, 16.182749, 3.799240, 8.68, 100.8, 0.008],
        ),
    ];
    for (rate, servers, failure, delay, limit, expected) in table {
        let nack = Nack::new(rate, 1.0, servers, failure, delay, limit).expect("stable");
        let found = [
            nack.receives,
            nack.load,
            nack.wait,
            nack.time,
            nack.ready,
            nack.in_flight,
            nack.delayed,
            nack.dead,
        ];
        for (column, (found, expected)) in found.into_iter().zip(expected).enumerate() {
            let what = format!("rate {rate}, {servers} servers, limit {limit:?}, column {column}");
            assert_near(found, expected, 5e-7, &what);
        }
    }
    // Without a delay it is plain feedback: 1/(μ(1 − p) − λ).
    let feedback = Nack::new(0.7, 1.0, 1, 0.1, 0.0, None).expect("stable").time;
    assert_near(feedback, 1.0 / (0.9 - 0.7), 1e-9, "feedback");
}

#[test]
fn visibility_timeouts_shorter_than_the_work() {
    // timeout, expected receives, expected time to the first finish.
    let table = [
        (0.1, 4.013180, 0.347990),
        (0.25, 2.586197, 0.508246),
        (0.5, 1.886767, 0.655041),
        (1.0, 1.420191, 0.807554),
        (1.5, 1.234363, 0.886573),
        (2.0, 1.137820, 0.931919),
        (3.0, 1.049910, 0.975086),
        (4.0, 1.018322, 0.990841),
        (5.0, 1.006738, 0.996631),
        (6.0, 1.002479, 0.998761),
        (10.0, 1.000045, 0.999977),
    ];
    for (timeout, receives, finish) in table {
        let what = format!("timeout {timeout}");
        assert_near(expected_receives(timeout, |t| num::exp(-t)), receives, 5e-7, &what);
        assert_near(exponential_first_finish(timeout), finish, 5e-7, &what);
    }
    // Log-normal work with cv² = 2 and a timeout of five means: 2 % extra receives.
    let sigma = num::ln(3.0).sqrt();
    let tail = |t: f64| num::normal_cdf(-(num::ln(t) + sigma * sigma / 2.0) / sigma);
    assert_near(expected_receives(5.0, tail), 1.02, 0.005, "log-normal");
}

/// most per batch, load, ratio, busy, wait.
const BATCHES: &str = "
2 0.5 0.618034 0.723607 1.170820
2 0.8 0.860147 0.919618 3.534993
2 0.9 0.931782 0.963485 7.311198
2 0.95 0.966288 0.982566 14.822722
10 0.5 0.868822 0.974435 1.290778
10 0.8 0.958980 0.994899 2.907362
10 0.9 0.980748 0.997865 5.648194
10 0.95 0.990652 0.999017 11.143982
";

#[test]
fn batches_of_one_worker() {
    for row in rows(BATCHES) {
        let batch = format!("{}", row[0]).parse().expect("a whole number");
        let bulk = Bulk::new(row[1] * row[0], batch).expect("stable");
        let what = format!("batch {batch} at {}", row[1]);
        assert_near(bulk.ratio, row[2], 5e-7, &what);
        assert_near(bulk.busy, row[3], 5e-7, &what);
        assert_near(bulk.wait, row[4], 5e-7, &what);
    }
    // Batches of one are M/M/1.
    let single = Bulk::new(0.8, 1).expect("stable");
    assert_near(single.wait, 4.0, 1e-9, "batch 1");
    assert_near(single.busy, 0.8, 1e-9, "batch 1");
}

#[test]
fn short_polls() {
    for (load, sleep, expected) in [(0.5, 2.0, 2.0), (0.8, 4.0, 6.0), (0.9, 20.0, 19.0)] {
        let wait = Mmc::new(load, 1.0, 1).expect("stable").mean_wait();
        assert_near(short_poll_wait(wait, sleep, sleep * sleep), expected, 1e-9, "constant sleep");
        let exponential = short_poll_wait(wait, sleep, 2.0 * sleep * sleep);
        assert_near(exponential, wait + sleep, 1e-9, "exponential sleep");
        assert_near(short_poll_wait(wait, 0.0, 0.0), wait, 0.0, "no sleep");
    }
}

#[test]
fn cold_starts() {
    for (load, rate, expected) in [(0.5, 0.2, 7.0), (0.8, 0.1, 15.0), (0.9, 0.05, 30.0)] {
        let time = set_up_time(load, 1.0 / rate).expect("stable");
        assert_near(time, expected, 1e-9, &format!("load {load}"));
    }
}

#[test]
fn drain_of_a_backlog() {
    let table = [
        (0.5, 100.0, 200.0, 34.641),
        (0.8, 100.0, 500.0, 150.0),
        (0.9, 1_000.0, 10_000.0, 1_378.405),
        (0.95, 1_000.0, 20_000.0, 3_949.684),
    ];
    for (rate, backlog, mean, deviation) in table {
        let found = drain_time(backlog, rate).expect("drains");
        assert_near(found.0, mean, 1e-8, &format!("rate {rate}"));
        assert_near(found.1, deviation, 5e-4, &format!("rate {rate}"));
    }
}

#[test]
fn unlimited_workers_and_shared_servers() {
    assert_near(processor_sharing_time(0.8, 1.0).expect("stable"), 5.0, 1e-9, "W = 1/(1 − ρ)");
    assert_near(processor_sharing_time(0.2, 4.0).expect("stable"), 20.0, 1e-9, "4/(1 − 0.8)");
    // Poisson tails summed term by term.
    for (mean, quota) in [(0.5_f64, 0_u64), (4.0, 6), (40.0, 55)] {
        let mut term = num::exp(-mean);
        let mut below = term;
        for n in 1..=quota {
            term *= mean / n as f64;
            below += term;
        }
        assert_near(poisson_tail(mean, quota), 1.0 - below, 1e-12, &format!("mean {mean}"));
    }
}

#[test]
fn the_power_of_two_choices() {
    let one = [(0.5, 2.0), (0.7, 3.3333), (0.8, 5.0), (0.9, 10.0), (0.95, 20.0), (0.99, 100.0)];
    for (load, expected) in one {
        assert_near(power_of_choices(load, 1).expect("stable"), expected, 5e-5, "one choice");
    }
    let two = [
        (0.5, 1.265686),
        (0.7, 1.614454),
        (0.8, 1.947363),
        (0.9, 2.614057),
        (0.95, 3.383046),
        (0.99, 5.431997),
    ];
    for (load, expected) in two {
        let found = power_of_choices(load, 2).expect("stable");
        assert_near(found, expected, 5e-7, &format!("two choices at {load}"));
    }
    // Of three choices the exponents are 0, 3, 12, 39, 120, …: (3^i − 3)/2.
    let three = 1.0 + [3.0, 12.0, 39.0, 120.0].map(|n| num::pow(0.9, n)).iter().sum::<f64>();
    assert_near(power_of_choices(0.9, 3).expect("stable"), three, 1e-9, "three choices");
}

#[test]
fn unstable_queues_have_no_answer() {
    assert_eq!(Mmc::new(2.0, 1.0, 2), None);
    assert_eq!(Mmc::new(1.0, 1.0, 0), None);
    assert_eq!(Mg1::new(1.0, 1.0, 2.0), None);
    assert_eq!(Bulk::new(2.0, 2), None);
    assert_eq!(drain_time(10.0, 1.0), None);
    assert_eq!(set_up_time(1.0, 1.0), None);
    assert_eq!(processor_sharing_time(1.0, 1.0), None);
    assert_eq!(power_of_choices(1.0, 2), None);
    assert!(Nack::new(0.9, 1.0, 1, 0.2, 0.0, None).is_none());
}
