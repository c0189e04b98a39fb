//! `strongroom-bindgen INPUT.wasm FOLDER`: what wasm-bindgen's own command does, in the version that Cargo.lock has. That
//! command must be of exactly the version of the crate that was compiled in, and is installed apart from it. What it makes is
//! then cut into parts.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::Bindgen;

mod parts;

use parts::Part;

/// What a page fetches when it first uses it, each from a file of its own. All else is there from the start: opening a vault
/// and reading what is in it.
const PARTS: [Part; 6] = [
    // The changing of vaults.
    Part {
        name: "change",
        exports: &[
            "vaultCreate",
            "vault_changePassphrase",
            "vault_copy",
            "vault_generatePrfInput",
            "vault_grant",
            "vault_pinFor",
            "vault_promote",
            "vault_put",
            "vault_rekey",
            "vault_remove",
            "vault_rename",
            "vault_retire",
            "vault_revoke",
            "vault_saved",
            "vault_seal",
            "vault_splice",
            "vault_stage",
            "vault_strengthen",
            "vault_update",
        ],
        functions: &[],
    },
    Part {
        name: "signing",
        exports: &["__wbg_signer_", "exchanges", "readRecipe", "signer_", "vault_signer"],
        functions: &[],
    },
    // The signing keys that are no secrets of an HMAC.
    Part { name: "keys", exports: &[], functions: &["::signing::key_text::read", "::private_key::PrivateKey::sign"] },
    // One-time codes that are in no vault, and what else is about logins with them.
    Part {
        name: "otp",
        exports: &[
            "__wbg_account_",
            "__wbg_deliveredcodes_",
            "__wbg_guard_",
            "__wbg_hotp_",
            "__wbg_totp_",
            "account_",
            "deliveredCodes",
            "deliveredcodes_",
            "generateRecoveryCodes",
            "guard",
            "hotp",
            "qr",
            "readAccount",
            "readMigration",
            "totp",
            "verifyRecoveryCode",
            "writeMigration",
        ],
        functions: &[],
    },
    Part {
        name: "password",
        exports: &[
            "__wbg_passwordhasher_",
            "calibrate",
            "hashPassword",
            "identifyHash",
            "needsRehash",
            "passwordHasher",
            "passwordhasher_",
            "verifyAndUpdate",
            "verifyDummy",
            "verifyPassword",
        ],
        functions: &[],
    },
    Part { name: "sealed", exports: &["__wbg_fernet_", "fernet", "seal", "unseal"], functions: &[] },
];

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [input, folder] = arguments.as_slice() else { bail!("expected INPUT.wasm FOLDER") };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("strongroom").typescript(true);
    bindgen.web(true)?.generate(folder)?;

    let folder = Path::new(folder);
    let base = folder.join("strongroom_bg.wasm");
    let cut = parts::cut(&fs::read(&base)?, &PARTS)?;
    fs::write(base, cut.base)?;
    for (Part { name, .. }, part) in PARTS.iter().zip(cut.parts) {
        fs::write(folder.join(format!("strongroom_{name}.wasm")), part)?;
    }
    let exports: String = cut.exports.iter().map(|(export, part)| format!("  {export}: \"{part}\",\n")).collect();
    let parts = format!(
        "/** Which part of the WebAssembly has an export. */\nexport const PART_OF = {{\n{exports}}} as const;\n"
    );
    fs::write(folder.join("parts.ts"), parts)?;
    Ok(())
}
