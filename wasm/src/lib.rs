//! The WebAssembly half of the npm package `strongroom`: conversions only.
//!
//! `wasm/js` holds the other half, and is what its users see. Every argument is checked here, since JavaScript may pass
//! anything; the shapes of what is given back are written down in `wasm/js/src/shapes.ts`.
#![cfg(target_family = "wasm")]
#![allow(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, in whichever module")]
#![allow(clippy::too_many_arguments, reason = "they are the properties of an object")]

mod accounts;
mod arguments;
mod fernet;
mod guard;
mod otp;
mod password;
mod sealed;
mod shapes;
mod signing;
mod vault;

/// Wipes whatever is freed. Our own secrets are wiped without it; the `rsa` crate frees some of a key's numbers as they are.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Wipes what calls have left on the stack, such as a key that was moved from one place of it to another. Between two calls from
/// JavaScript nothing there is in use, and none goes deeper.
#[wasm_bindgen::prelude::wasm_bindgen(js_name = "wipeStack")]
pub fn wipe_stack() {
    zeroize::zeroize_stack::<{ 128 * 1024 }>();
}
