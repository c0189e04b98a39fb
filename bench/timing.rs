//! Whether the time of an answer tells a secret, measured in the way of dudect (Reparaz, Balasch and Verbauwhede, "Dude,
//! is my code constant time?", DATE 2017). `make timing` runs it.
//!
//! Two classes of inputs run in random order, and Welch's t test compares their times: all of them, and again without the
//! slowest, at a hundred thresholds, since whatever else the machine does shows as slow outliers. The largest |t| counts,
//! and 4.5 or more is a difference. The first row compares in a way that leaks, which has to be found, or the run says
//! nothing.

use std::hint::black_box;
use std::time::Instant;

use strongroom::password::Hasher;
use strongroom::vault::{Unlock, Vault};
use strongroom::{Error, Kdf, Key, Secret};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const PASSWORD: &str = "correct horse";
const DIFFERENT: f64 = 4.5;
/// Of one class, for a t test to mean something.
const ENOUGH: f64 = 200.0;

fn main() -> Outcome<()> {
    // Left to itself, the library asks the operating system for the number of cores before each derivation.
    strongroom::set_max_concurrent(1);
    println!("{:62}{:>8}{:>9}{:>15}{:>15}  verdict", "", "runs", "t", "difference", "detectable");
    let mut as_expected = report("control: a loop that ends at the first difference", &control()?, true);
    as_expected &= secrets()? & vaults()? & hashes()?;
    for (kdf, runs) in [(Kdf::argon2id(19_456, 2, 1)?, 1_000), (Kdf::pbkdf2(600_000)?, 500)] {
        let classes = unknown_user(kdf, runs)?;
        as_expected &= report(&format!("{kdf}: no such user, or a wrong password"), &classes, false);
        let [unknown, known] = classes.clone().map(median);
        println!("{:62}{:>8}", "    the same, ratio of the medians", format!("{:.4}", unknown / known));
    }
    if as_expected { Ok(()) } else { Err("not as it has to be: see the verdicts above".into()) }
}

// ---- what is compared ----

fn control() -> Outcome<[Vec<f64>; 2]> {
    let (hasher, right) = (Hasher::default(), LDAP.right()?);
    measure(400_000, [LDAP.wrong_first(&right), LDAP.wrong_last(&right)], |stored| {
        let right = hasher.hash_like(PASSWORD, &stored)?;
        Ok(right.bytes().zip(stored.bytes()).all(|(a, b)| black_box(a == b)))
    })
}

fn secrets() -> Outcome<bool> {
    let right = Secret::new(vec![0; 64]);
    let wrong = [[1, 0], [0, 1]].map(|[first, last]| Secret::new([&[first][..], &[0; 62], &[last]].concat()));
    // One comparison is about as short as what the clock can tell.
    let classes = measure(200_000, wrong, |other| Ok((0..16).fold(true, |all, _| all & black_box(right == other))))?;
    Ok(report("16 times a secret: wrong in the first byte or the last", &classes, false))
}

/// The vault of an owner alone, broken at two places that FORMAT.md, section 2.2, gives.
fn vaults() -> Outcome<bool> {
    let unlock = Unlock::key(Key::generate()?);
    let vault = Vault::create(&unlock, Kdf::default())?.seal()?;
    let keyring_len = vault.get(44..48).and_then(|len| len.try_into().ok()).ok_or("no keyring")?;
    let commit = 48 + u32::from_be_bytes(keyring_len) as usize + 54;
    let mut as_expected = true;
    for (what, at) in [("slot commitment", commit), ("root MAC", vault.len() - 32)] {
        let classes = [at, at + 31].map(|at| {
            let mut bytes = vault.to_vec();
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
            bytes
        });
        let classes = measure(50_000, classes, |bytes| match Vault::open(bytes, &unlock) {
            Err(Error::Decrypt) => Ok(false),
            _ => Err("a broken vault opened".into()),
        })?;
        as_expected &= report(&format!("a vault's {what}: wrong in the first byte or the last"), &classes, false);
    }
    Ok(as_expected)
}

fn hashes() -> Outcome<bool> {
    let (hasher, mut as_expected) = (Hasher::default(), true);
    for format in FORMATS {
        let right = format.right()?;
        let (first, last) = (format.wrong_first(&right), format.wrong_last(&right));
        let verify = |stored: &str| hasher.verify(PASSWORD, stored);
        if (verify(&right), verify(&first), verify(&last)) != (Ok(true), Ok(false), Ok(false)) {
            return Err(format!("{}: not a right and two wrong hashes", format.name).into());
        }
        for (what, classes) in
            [("wrong in the first byte or the last", [&first, &last]), ("right or wrong", [&right, &first])]
        {
            let classes = measure(format.runs, classes.map(String::clone), |stored| Ok(verify(&stored)?))?;
            as_expected &= report(&format!("{}: {what}", format.name), &classes, false);
        }
    }
    Ok(as_expected)
}

/// A wrong password for a user who is there, beside `verify_dummy` for one who is not.
fn unknown_user(kdf: Kdf, runs: usize) -> Outcome<[Vec<f64>; 2]> {
    let hasher = Hasher::new(kdf).with_kept_memory(1);
    let stored = hasher.hash(PASSWORD)?;
    measure(runs, [false, true], |known| {
        Ok(if known { hasher.verify("incorrect horse", &stored) } else { hasher.verify_dummy("incorrect horse") }?)
    })
}

/// A format at its lowest cost, so that what is compared is no small part of the time.
struct Format {
    name: &'static str,
    runs: usize,
    /// Up to the digest, what is behind it, and its length in characters and bytes.
    before: &'static str,
    after: &'static str,
    characters: usize,
    bytes: usize,
}

const LDAP: Format = Format {
    name: "LDAP SSHA-512",
    runs: 200_000,
    before: "{SSHA512}",
    after: "AAAAAAAAAAA",
    characters: 85,
    bytes: 64,
};
const FORMATS: [Format; 6] = [
    LDAP,
    Format {
        name: "PBKDF2, 1 iteration",
        runs: 200_000,
        before: "$pbkdf2-sha256$i=1,l=32$c2FsdHNhbHQ$",
        after: "",
        characters: 43,
        bytes: 32,
    },
    Format {
        name: "scrypt, N=2, r=1",
        runs: 200_000,
        before: "$scrypt$ln=1,r=1,p=1$c2FsdHNhbHQ$",
        after: "",
        characters: 43,
        bytes: 32,
    },
    Format {
        name: "Argon2id, 8 KiB",
        runs: 20_000,
        before: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$",
        after: "",
        characters: 43,
        bytes: 32,
    },
    Format {
        name: "SHA-512-crypt, 1,000 rounds",
        runs: 10_000,
        before: "$6$rounds=1000$saltsalt$",
        after: "",
        characters: 86,
        bytes: 64,
    },
    Format {
        name: "bcrypt, cost 4",
        runs: 5_000,
        before: "$2b$04$......................",
        after: "",
        characters: 31,
        bytes: 23,
    },
];

impl Format {
    fn right(&self) -> Outcome<String> {
        // A letter whose bits are all 0, as the last of a digest has to end.
        let zero = if self.before.starts_with("$2") || self.before.starts_with("$6") { "." } else { "A" };
        let template = format!("{}{}{}", self.before, zero.repeat(self.characters), self.after);
        Ok(Hasher::default().hash_like(PASSWORD, &template)?)
    }

    fn wrong_first(&self, right: &str) -> String {
        with_another_letter(right, self.before.len())
    }

    /// The letter that has the first bits of the last byte, and with some lengths the end of the byte before.
    fn wrong_last(&self, right: &str) -> String {
        with_another_letter(right, self.before.len() + (self.bytes - 1) * 8 / 6)
    }
}

fn with_another_letter(text: &str, position: usize) -> String {
    let other = |(at, letter)| match letter {
        letter if at != position => letter,
        'B' => 'C',
        _ => 'B',
    };
    text.chars().enumerate().map(other).collect()
}

// ---- measuring ----

/// The nanoseconds of each of `runs` runs, by class. All inputs are made before, so that which address and which part of a
/// cache an input has says nothing of its class.
fn measure<T: Clone>(runs: usize, classes: [T; 2], mut job: impl FnMut(T) -> Outcome<bool>) -> Outcome<[Vec<f64>; 2]> {
    let warm_up = runs / 20;
    let mut choices = vec![0; warm_up + runs];
    getrandom::fill(&mut choices)?;
    let [one, other] = classes;
    let inputs = choices.into_iter().map(|choice| if choice & 1 == 0 { (0, one.clone()) } else { (1, other.clone()) });
    let mut times = [Vec::new(), Vec::new()];
    for (run, (class, input)) in inputs.collect::<Vec<_>>().into_iter().enumerate() {
        let start = Instant::now();
        black_box(job(black_box(input))?);
        let nanoseconds = start.elapsed().as_nanos() as f64;
        if run >= warm_up {
            times.iter_mut().skip(class).take(1).for_each(|times| times.push(nanoseconds));
        }
    }
    Ok(times)
}

struct Difference {
    t: f64,
    /// Of the means, in nanoseconds.
    nanoseconds: f64,
    /// The least that would have counted.
    least: f64,
}

/// The largest |t| over all thresholds, which are dudect's: closer together towards the slowest. The nanoseconds are those
/// of the threshold at which they are known best.
fn difference(classes: &[Vec<f64>; 2]) -> Difference {
    let mut all = classes.concat();
    all.sort_unstable_by(f64::total_cmp);
    let fastest = |part: f64| all.get((all.len() as f64 * part) as usize).copied().unwrap_or(f64::INFINITY);
    let thresholds = (1..=100).map(|n| fastest(1.0 - 0.5_f64.powf(f64::from(n) / 10.0))).chain([f64::INFINITY]);
    let larger = |one: Difference, other: Difference| {
        let t = if one.t.abs() >= other.t.abs() { one.t } else { other.t };
        Difference { t, ..if one.least <= other.least { one } else { other } }
    };
    let tests = thresholds.filter_map(|most| welch(classes, most));
    tests.reduce(larger).unwrap_or(Difference { t: f64::NAN, nanoseconds: f64::NAN, least: f64::NAN })
}

fn welch(classes: &[Vec<f64>; 2], most: f64) -> Option<Difference> {
    let [one, other] = classes.each_ref().map(|times| {
        let kept = || times.iter().filter(|&&time| time <= most);
        let count = kept().count() as f64;
        let mean = kept().sum::<f64>() / count;
        let variance = kept().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (count, mean, variance / count)
    });
    if one.0.min(other.0) < ENOUGH {
        return None;
    }
    let (nanoseconds, error) = (one.1 - other.1, (one.2 + other.2).sqrt());
    let t = nanoseconds / error;
    // Without any variation there is no t: all that is left was as fast as the clock can tell.
    (!t.is_nan()).then_some(Difference { t, nanoseconds, least: DIFFERENT * error })
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints a row, and tells whether it is as it has to be.
fn report(what: &str, classes: &[Vec<f64>; 2], leaks: bool) -> bool {
    let Difference { t, nanoseconds, least } = difference(classes);
    let as_expected = if leaks { t.abs() >= DIFFERENT } else { t.abs() < DIFFERENT };
    let verdict = match (leaks, as_expected) {
        (false, true) => "no difference",
        (false, false) => "DIFFERENT",
        (true, true) => "different, as it has to be",
        (true, false) => "NOT FOUND: this run says nothing",
    };
    let runs: usize = classes.iter().map(Vec::len).sum();
    println!("{what:62}{runs:>8}{t:>9.2}{nanoseconds:>12.1} ns{least:>12.1} ns  {verdict}");
    as_expected
}
