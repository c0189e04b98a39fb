#![no_main]

#[allow(dead_code)]
#[path = "../../rust/forge/mod.rs"]
mod forge;
#[allow(dead_code)]
#[path = "../../rust/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::fernet(data));
