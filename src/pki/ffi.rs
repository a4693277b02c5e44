//! The calls the `openssl` crate lacks. All of this crate's unsafe code is here.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use openssl_sys::{OSSL_LIB_CTX, OSSL_PROVIDER};

unsafe extern "C" {
    fn OSSL_PROVIDER_do_all(
        context: *mut OSSL_LIB_CTX,
        callback: unsafe extern "C" fn(*mut OSSL_PROVIDER, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
    fn OSSL_PROVIDER_get0_name(provider: *const OSSL_PROVIDER) -> *const c_char;
}

/// The names of the providers that are active in the default library context.
pub fn active_providers() -> Vec<String> {
    unsafe extern "C" fn collect(provider: *mut OSSL_PROVIDER, names: *mut c_void) -> c_int {
        // SAFETY: `names` is the vector below, which nobody else refers to during the call; `provider` is valid during
        // the call, and its name is a C string that lives as long as it.
        unsafe {
            let name = CStr::from_ptr(OSSL_PROVIDER_get0_name(provider));
            (*names.cast::<Vec<String>>()).push(name.to_string_lossy().into_owned());
        }
        1
    }
    let mut names = Vec::<String>::new();
    // SAFETY: a null context is the default one; `collect` runs during this call only.
    unsafe { OSSL_PROVIDER_do_all(ptr::null_mut(), collect, ptr::from_mut(&mut names).cast()) };
    names
}
