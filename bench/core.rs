//! What the crate costs without Python. Prints one JSON object per line for `run.py`; `cargo bench` prints the same.
//!
//! Every time is the median of many runs, in seconds. Jobs that are compared run alternately.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use serde_json::json;
use strongroom::vault::{Entry, Unlock, Vault, VaultFile};
use strongroom::{Error, Kdf, Key};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// In this many entries, 1,000 and 8,000 tell whether opening grows linearly, and 65,535 is the most there can be.
const SIZES: [usize; 3] = [1_000, 8_000, 65_535];

fn main() -> Outcome<()> {
    let arguments: Vec<_> = env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == "--memory-of-open"
    {
        return memory_of_open(Path::new(path));
    }
    let folder = tempfile::tempdir()?;
    let key = Key::generate()?;
    for entries in SIZES {
        let path = folder.path().join(format!("{entries}.vault"));
        fs::write(&path, vault(entries, &Unlock::key(key.clone()))?.seal()?)?;
        fs::write(path.with_extension("key"), key.to_text().as_bytes())?;
        open(entries, &path, &key)?;
    }
    let path = folder.path().join("1000.vault");
    let unlock = Unlock::key(key);
    save(&path, &unlock)?;
    reveal(&Vault::open(fs::read(&path)?, &unlock)?)?;
    passphrase_open()
}

/// A vault as a bot's owner has it: a public key and a secret, both of 64 characters as exchanges give them.
fn vault(entries: usize, unlock: &Unlock) -> Outcome<Vault> {
    let mut vault = Vault::create(unlock, Kdf::default())?;
    for number in 0..entries {
        vault.put(&name(number), entry(number))?;
    }
    Ok(vault)
}

fn name(number: usize) -> String {
    format!("binance/account-{number:05}")
}

fn entry(number: usize) -> Entry {
    Entry::new().with("secret", format!("{number:064x}").as_str()).with_info("api_key", &format!("{number:064X}"))
}

fn open(entries: usize, path: &Path, key: &Key) -> Outcome<()> {
    let unlock = Unlock::key(key.clone());
    let runs = (200_000 / entries).clamp(15, 101);
    let [seconds] = alternate(runs, [&mut || Ok(VaultFile::open(path, &unlock).map(drop)?)])?;
    // A process of its own, so that the peak is of one open alone.
    let child = process::Command::new(env::current_exe()?).arg("--memory-of-open").arg(path).output()?;
    let peak: u64 = String::from_utf8(child.stdout)?.trim().parse()?;
    report("open", json!({ "entries": entries, "seconds": seconds, "file": fs::metadata(path)?.len(), "peak": peak }));
    Ok(())
}

/// Prints by how many bytes reading and opening a vault raises the most memory that this process ever had.
fn memory_of_open(path: &Path) -> Outcome<()> {
    let unlock = Unlock::key(Key::parse(&fs::read_to_string(path.with_extension("key"))?)?);
    let before = peak_memory()?;
    let vault = VaultFile::open(path, &unlock)?;
    println!("{}", peak_memory()? - before);
    drop(vault);
    Ok(())
}

fn peak_memory() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM: this needs Linux")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

/// One entry changed in a vault of 1,000: as far as that is work in memory, and through the disk with its fsyncs.
fn save(path: &Path, unlock: &Unlock) -> Outcome<()> {
    let mut vault = Vault::open(fs::read(path)?, unlock)?;
    let mut file = VaultFile::open(path, unlock)?;
    let [memory, disk] = alternate(
        101,
        [
            &mut || {
                vault.put(&name(0), entry(0))?;
                let bytes = vault.splice(vault.base_bytes()?)?;
                Ok(vault.saved(bytes)?)
            },
            &mut || Ok(file.edit(|vault| vault.put(&name(0), entry(0)).map(drop))?),
        ],
    )?;
    report("save", json!({ "seconds": memory, "with_disk": disk }));
    Ok(())
}

fn reveal(vault: &Vault) -> Outcome<()> {
    const ROUNDS: usize = 1_000;
    let names: Vec<_> = (0..ROUNDS).map(name).collect();
    let mut all = || -> Outcome<()> {
        for name in &names {
            black_box(vault.entry(name)?.reveal("secret")?);
        }
        Ok(())
    };
    let [seconds] = alternate(101, [&mut all])?;
    report("reveal", json!({ "seconds": seconds / ROUNDS as f64 }));
    Ok(())
}

/// A wrong passphrase costs the KDF and nothing else; the right one opens 1,000 entries too.
fn passphrase_open() -> Outcome<()> {
    let (right, wrong) = (Unlock::passphrase("correct horse battery"), Unlock::passphrase("incorrect horse"));
    let bytes = vault(1_000, &right)?.seal()?;
    let [kdf, open] = alternate(
        31,
        [
            &mut || match Vault::open(bytes.clone(), &wrong) {
                Err(Error::Decrypt) => Ok(()),
                _ => Err("a wrong passphrase opened the vault".into()),
            },
            &mut || Ok(Vault::open(bytes.clone(), &right).map(drop)?),
        ],
    )?;
    report("passphrase", json!({ "kdf": kdf, "seconds": open }));
    Ok(())
}

/// Runs the jobs in turn, `runs` times, and gives each one's median seconds.
fn alternate<const N: usize>(runs: usize, mut jobs: [&mut dyn FnMut() -> Outcome<()>; N]) -> Outcome<[f64; N]> {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..runs {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            times.push(timed(*job)?);
        }
    }
    Ok(times.map(median))
}

fn timed(job: &mut dyn FnMut() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    job()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

fn report(row: &str, figures: serde_json::Value) {
    println!("{}", json!({ "row": row, "figures": figures }));
}
