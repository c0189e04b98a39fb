//! `strongroom-bindgen INPUT.wasm FOLDER`: what wasm-bindgen's own command does, in the version that Cargo.lock has. That
//! command must be of exactly the version of the crate that was compiled in, and is installed apart from it.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, folder] = arguments.as_slice() else {
        eprintln!("expected INPUT.wasm FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("strongroom").typescript(true).remove_name_section(true);
    let made = bindgen.web(true).and_then(|bindgen| bindgen.generate(folder));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
