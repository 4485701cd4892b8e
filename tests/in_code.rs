//! Scenarios made in code: they say what files say, have the same defaults and the same faults.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use sqsim::kernel::time::Span;
use sqsim::scenario::fault::Fault;
use sqsim::scenario::file::{
    CapacityFile, CrashFile, FailuresFile, LedgerFile, NamedFile, NodesFile, OutageFile, Price,
    Probability, RedriveFile, RoutingFile, Size, SplitFile,
};
use sqsim::{
    ArrivalFile, ConsumerFile, DistFile, Faults, Length, Loaded, ProducerFile, QueueFile, Rate,
    ScenarioFile, load,
};

/// The scenarios below a directory.
fn files(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it is readable").path());
    let models = paths.filter(|path| path.extension().is_some_and(|of| of == "ron"));
    let mut files: Vec<String> =
        models.map(|path| path.to_string_lossy().replace('\\', "/")).collect();
    files.sort();
    files
}

/// What checking a scenario in code says, with its data files in `directory`.
fn checked(file: &ScenarioFile, directory: &Path) -> Result<Loaded, Faults> {
    file.check_with(&|path| sqsim::scenario::reading::bytes(&directory.join(path), 1 << 30))
}

/// What is told of each fault but for its place in a text that code has not. `Profile([…])` is
/// `Profile(points: […])`.
fn told(faults: &Faults) -> Vec<(String, String, Vec<String>)> {
    let told =
        |fault: &Fault| (fault.path.replace(".points", ""), fault.what.clone(), fault.help.clone());
    let mut all: Vec<_> = faults.iter().map(told).collect();
    all.sort();
    all
}

/// The first consumer, a fleet of workers.
fn workers(file: &mut ScenarioFile) -> &mut ConsumerFile {
    file.consumers.0[0].1.workers_mut().expect("it is one")
}

#[test]
fn a_scenario_is_written_as_it_is_read() {
    let models = ["models", "models/classroom", "tests/good", "src/scenario/templates"];
    let models: Vec<String> = models.iter().flat_map(|directory| files(directory)).collect();
    assert!(models.len() > 70, "{} models", models.len());
    for path in models {
        let file: ScenarioFile = fs::read_to_string(&path).unwrap().parse().expect("it is one");
        let again: ScenarioFile = file.to_string().parse().expect("it is read");
        assert_eq!(file, again, "{path}");
        let from_file = load(Path::new(&path), &[]).expect("it has no fault");
        let mut in_code = checked(&file, Path::new(&path).parent().unwrap()).expect("nor this");
        assert_eq!(told(&from_file.warnings), told(&in_code.warnings), "{path}");
        in_code.scenario.name.clone_from(&from_file.scenario.name);
        assert_eq!(format!("{:?}", from_file.scenario), format!("{:?}", in_code.scenario));
    }
}

/// All files in `tests/bad` whose mistake is a value of the right kind.
#[test]
fn a_wrong_value_in_code_has_the_fault_of_a_file() {
    let mut compared = Vec::new();
    for path in files("tests/bad") {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Ok(file) = text.parse::<ScenarioFile>() else { continue };
        let in_file = load(Path::new(&path), &[]).expect_err(&path);
        let in_code = checked(&file, Path::new("tests/bad")).expect_err(&path);
        assert_eq!(told(&in_file), told(&in_code), "{path}");
        let placed = in_code.iter().filter_map(|fault| in_code.position(fault));
        assert!(placed.into_iter().all(|(name, ..)| name != "scenario"), "{path}: {in_code}");
        assert!(in_code.iter().all(|fault| !fault.path.is_empty()), "{path}: {in_code}");
        compared.push(path);
    }
    println!("{} files: {compared:?}", compared.len());
    assert!(compared.len() > 60, "{} files: {compared:?}", compared.len());
}

/// What is read from a text in code is told as it is in a file.
#[test]
fn a_wrong_text_in_code_has_the_fault_of_a_file() {
    fn fault<T: FromStr<Err = Faults>>(text: &str) -> Faults {
        text.parse::<T>().err().unwrap_or_else(|| panic!("`{text}` is read"))
    }
    let cases = [
        ("duration-unknown-unit", fault::<Length>("20min")),
        ("duration-without-unit-in-quotes", fault::<Length>("1200")),
        ("duration-too-long", fault::<Length>("80000d")),
        ("negative-rate", fault::<Rate>("-40/s")),
        ("rate-unknown-unit", fault::<Rate>("40/minute")),
        ("probability-120-percent", fault::<Probability>("120%")),
        ("message-size-unit", fault::<Size>("64KB")),
        ("misspelt-distribution", fault::<DistFile>("Exponentail(\"20ms\")")),
        ("misspelt-arrivals", fault::<ArrivalFile>("Poison(\"40/s\")")),
        ("split-misspelt", fault::<SplitFile>("Reservior()")),
        ("receive-rule-misspelt", fault::<RoutingFile>("PowerOfTow")),
        ("unlimited-misspelt", fault::<CapacityFile>("Unlimted")),
    ];
    for (name, in_code) in cases {
        let in_file = load(Path::new(&format!("tests/bad/{name}.ron")), &[]).expect_err(name);
        let (in_file, in_code) = (in_file.iter().next().unwrap(), in_code.iter().next().unwrap());
        assert_eq!((&in_file.what, &in_file.help), (&in_code.what, &in_code.help), "{name}");
    }
}

/// An hour of one queue, with what `change` makes of it.
fn an_hour(change: impl FnOnce(&mut ScenarioFile)) -> ScenarioFile {
    let work = DistFile::Constant(Length(Span::from_millis(9)));
    let mut file = ScenarioFile {
        duration: Length(Span::from_secs(3_600)),
        queues: [("jobs", QueueFile::default())].into(),
        producers: [("site", ProducerFile::new("jobs", ArrivalFile::Poisson(Rate(8.0))))].into(),
        consumers: [("workers", ConsumerFile::new("jobs", work))].into(),
        ..ScenarioFile::default()
    };
    change(&mut file);
    file
}

/// Values that no text has, or only one that is refused while it is read.
#[test]
fn what_a_file_cannot_say_is_a_fault_in_code() {
    type Change = fn(&mut ScenarioFile);
    let cases: [(Change, &str, &str); 10] = [
        (|of| of.duration = Length(Span::MAX), "duration", "longer than 100 years"),
        (|of| of.producers.0[0].1.scale = f64::NAN, "scale", "found the word `NaN`"),
        (|of| of.producers.0[0].1.scale = f64::INFINITY, "scale", "found the word `inf`"),
        (|of| of.producers.0[0].1.scale = 1e300, "scale", "is outside 0.000001 to 1000000"),
        (
            |of| of.producers.0[0].1.arrivals = ArrivalFile::Poisson(Rate(-1.0)),
            "arrivals",
            "negative",
        ),
        (
            |of| of.producers.0[0].1.arrivals = ArrivalFile::Poisson(Rate(f64::NAN)),
            "arrivals",
            "is not a rate",
        ),
        (|of| of.queues.0[0].1.duplicates = Probability(1.5), "duplicates", "not between 0 and 1"),
        (
            |of| workers(of).price_per_hour = Some(Price(u64::MAX)),
            "price_per_hour",
            "more than $1000000",
        ),
        (|of| of.queues.0.push(("jobs".into(), QueueFile::default())), "jobs", "given twice"),
        (|of| of.queues = NamedFile::default(), "queues", "at least one is needed"),
    ];
    for (change, end, what) in cases {
        let faults = an_hour(change).check().expect_err(what);
        let is_told = |fault: &Fault| fault.path.ends_with(end) && fault.what.contains(what);
        assert!(faults.iter().any(is_told), "{end}: {what}:\n{faults}");
    }
    let nothing = ScenarioFile::default().check().expect_err("nothing is said").to_string();
    assert!(nothing.contains("error at duration: a run of no length shows nothing"), "{nothing}");
}

/// What has its default is left out, so that nothing of a default is a second opinion.
#[test]
fn defaults_are_those_of_files() {
    let file = an_hour(|file| file.queues.0[0].1.redrive = Some(RedriveFile::new("dead")));
    assert_eq!(
        file.to_string(),
        "(\n    duration: \"1h\",\n    queues: {\"jobs\": (redrive: (to: \"dead\"))},\n    \
         producers: {\"site\": (queue: \"jobs\", arrivals: Poisson(\"8/s\"))},\n    \
         consumers: {\"workers\": (queue: \"jobs\", processing: Constant(\"9ms\"))},\n)\n"
    );
    let minute: Length = "1m".parse().unwrap();
    let nodes = NodesFile {
        outages: vec![OutageFile { node: Some(0), ..OutageFile::new(minute) }],
        failures: Some(FailuresFile::new(minute)),
        ..NodesFile::new(3)
    };
    let ledger = LedgerFile { nodes: Some(nodes), ..LedgerFile::default() };
    let file = an_hour(|file| {
        file.queues.0[0].1.ledger = ledger;
        workers(file).crash = Some(CrashFile::new(minute));
    });
    let text = file.to_string();
    for part in [
        "(count: 3, outages: [(at: \"1m\", node: 0)], failures: (mean_time_between: \"1m\"))",
        "crash: (mean_time_between: \"1m\")",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

/// Whatever a value is, it is read as what it was.
#[test]
fn every_value_is_read_as_it_was_written() {
    let odd = [0.0, 0.07, 0.125, 1.0 / 3.0, 0.29, 1.0, f64::MIN_POSITIVE];
    for value in odd {
        let file = an_hour(|file| {
            file.about = "\"quoted\"\n\t\\ \u{0} ä \u{202e}".into();
            file.queues.0[0].1.lost_deletes = Probability(value);
            file.producers.0[0].1.scale = 1e17 * value;
            file.producers.0[0].1.arrivals = ArrivalFile::Poisson(Rate(1e300 * value));
            file.producers.0[0].1.linger = Length(Span::from_nanos(1_234_567_890_123));
            workers(file).price_per_hour = Some(Price(40_000_001));
            file.queues.0[0].1.message_size = DistFile::Constant(Size(65_537));
            file.limits.memory = Size(0);
        });
        assert_eq!(file.to_string().parse::<ScenarioFile>().expect("it is read"), file);
    }
}
