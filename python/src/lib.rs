//! The compiled half of the `strongroom` Python package: conversions only.
//!
//! Two rules keep threads apart from each other. The interpreter lock is let go before anything slow and before waiting
//! for a vault, with every argument copied out of Python beforehand; and while a vault is held, no Python code runs. So
//! nobody waits for the interpreter who holds a vault. A guard holds nothing while it asks a state that is Python code.

mod accounts;
mod arguments;
mod edit;
mod entry;
mod env_file;
mod error;
mod fernet;
mod fork;
mod guard;
mod kdf;
mod key;
mod otp;
mod password;
mod reports;
mod sealed;
mod sealed_file;
mod secret;
mod signing;
mod vault;

#[pyo3::pymodule(gil_used = false)]
mod _strongroom {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::accounts::{
        Account, DeliveredCodes, generate_recovery_codes, qr_svg, qr_terminal, read_migration, verify_recovery_code,
        write_migration,
    };
    #[pymodule_export]
    use crate::edit::Edit;
    #[pymodule_export]
    use crate::entry::Entry;
    #[pymodule_export]
    use crate::env_file::{EnvPlan, EnvVariable, plan_env, variables_of};
    #[pymodule_export]
    use crate::fernet::Fernet;
    #[pymodule_export]
    use crate::fork::after_fork_in_child;
    #[pymodule_export]
    use crate::guard::{Guard, MemoryState, Verdict, raise_to};
    #[pymodule_export]
    use crate::kdf::Kdf;
    #[pymodule_export]
    use crate::key::{Key, generate_key};
    #[pymodule_export]
    use crate::otp::{Hotp, SealedTotp, Totp};
    #[pymodule_export]
    use crate::password::{
        PasswordHasher, calibrate, hash_password, identify_hash, needs_rehash, verify_and_update, verify_dummy,
        verify_password,
    };
    #[pymodule_export]
    use crate::reports::{Compartment, Damage, OpenedBy, Rekeyed, Revoked, Slot};
    #[pymodule_export]
    use crate::sealed::{seal, unseal};
    #[pymodule_export]
    use crate::sealed_file::{read_sealed, replace_sealed};
    #[pymodule_export]
    use crate::secret::Secret;
    #[pymodule_export]
    use crate::signing::{Recipe, SignedRequest, Signer, exchanges};
    #[pymodule_export]
    use crate::vault::{Vault, create_vault, open_vault};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let abc = module.py().import("_collections_abc")?; // what collections.abc shows, and always loaded
        abc.getattr("Mapping")?.call_method1("register", (module.getattr("Vault")?,))?;
        abc.getattr("Sequence")?.call_method1("register", (module.getattr("Revoked")?,))?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("ERROR_CODES", pyo3::types::PyTuple::new(module.py(), strongroom::Error::CODES)?)?;
        module.delattr("__all__") // the public names are those of `strongroom`
    }
}
