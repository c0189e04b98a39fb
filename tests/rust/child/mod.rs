//! Runs a test again in a process of its own, which can be killed, traced or kept from something. What that process
//! does is told apart by a job; it finds its files in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const JOB: &str = "STRONGROOM_TEST_JOB";
const FOLDER: &str = "STRONGROOM_TEST_FOLDER";

/// The job and the folder, if this process is such a child.
pub fn job() -> Option<(String, PathBuf)> {
    Some((std::env::var(JOB).ok()?, std::env::var_os(FOLDER)?.into()))
}

/// A child that runs the test `test` of this program, by way of the command `through`.
pub fn command(through: &[&str], test: &str, job: &str, folder: &Path) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match through {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    command.args(["--exact", test, "--nocapture"]).env(JOB, job).env(FOLDER, folder);
    command
}

/// Runs a child that is to end well.
pub fn run(through: &[&str], test: &str, job: &str, folder: &Path) -> Output {
    let output = command(through, test, job, folder).output().unwrap_or_else(|error| {
        panic!("cannot run {through:?}, install it (tools/system lists what is needed): {error}")
    });
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{through:?} {job}: {}\n{out}{err}", output.status);
    // Else a test that was renamed would find nothing to run, and pass.
    assert!(out.contains("1 passed"), "no test is named {test}\n{out}");
    output
}

/// How many rounds: few in `cargo test`, many with `STRONGROOM_SOAK=1`.
pub fn rounds(few: usize, many: usize) -> usize {
    if std::env::var_os("STRONGROOM_SOAK").is_some() { many } else { few }
}

/// The temporary files in a folder.
pub fn temporaries(folder: &Path) -> Vec<PathBuf> {
    let all = folder.read_dir().unwrap().map(|found| found.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|extension| extension == "tmp")).collect()
}

/// Whether this process, or a program that it starts, may pass over the modes of files.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    fs::metadata(folder.path()).unwrap().uid() == 0
}
