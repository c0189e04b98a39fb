//! Everything that fuzzing has found worth keeping, run again.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

#[allow(dead_code, unreachable_pub)]
mod forge;
#[allow(unreachable_pub)]
mod targets;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(target);
    let mut count = 0;
    for file in folder.read_dir().unwrap() {
        run(&std::fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
    println!("{target}: {count} files");
}

#[test]
fn parse() {
    replay("parse", targets::parse);
}

#[test]
fn open() {
    replay("open", targets::open);
}

#[test]
fn key_text() {
    replay("key_text", targets::key_text);
}

#[test]
fn env_file() {
    replay("env_file", targets::env_file);
}

#[test]
fn otpauth() {
    replay("otpauth", targets::otpauth);
}

#[test]
fn migration() {
    replay("migration", targets::migration);
}

#[test]
fn fernet() {
    replay("fernet", targets::fernet);
}

#[test]
fn stored_hash() {
    replay("stored_hash", targets::stored_hash);
}

#[test]
fn signing_key() {
    replay("signing_key", targets::signing_key);
}

#[test]
fn recipe() {
    replay("recipe", targets::recipe);
}
