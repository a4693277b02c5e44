//! Calls that have no safe interface. All of this crate's unsafe code is here.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void};
use std::fs::File;
use std::os::fd::{BorrowedFd, RawFd};
use std::{io, ptr};

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl_sys::{
    EVP_MD, EVP_default_properties_enable_fips, EVP_default_properties_is_fips_enabled, OSSL_LIB_CTX,
    OSSL_PROVIDER,
};

/// `OSSL_PARAM` of OpenSSL's `core.h`.
#[repr(C)]
struct Param {
    key: *const c_char,
    data_type: c_uint,
    data: *mut c_void,
    data_size: usize,
    return_size: usize,
}

/// `OSSL_PARAM_UTF8_PTR`: the provider lends a string.
const UTF8_PTR: c_uint = 6;

unsafe extern "C" {
    fn PKCS12_key_gen_utf8(
        passphrase: *const c_char,
        passphrase_length: c_int,
        salt: *mut c_uchar,
        salt_length: c_int,
        purpose: c_int,
        iterations: c_int,
        length: c_int,
        key: *mut c_uchar,
        digest: *const EVP_MD,
    ) -> c_int;
    fn OSSL_PROVIDER_available(context: *mut OSSL_LIB_CTX, name: *const c_char) -> c_int;
    fn OSSL_PROVIDER_do_all(
        context: *mut OSSL_LIB_CTX,
        callback: unsafe extern "C" fn(*mut OSSL_PROVIDER, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
    fn OSSL_PROVIDER_get0_name(provider: *const OSSL_PROVIDER) -> *const c_char;
    fn OSSL_PROVIDER_get_params(provider: *const OSSL_PROVIDER, params: *mut Param) -> c_int;
}

/// The name and version of each provider that is active in the default library context.
pub fn active_providers() -> Vec<(String, Option<String>)> {
    unsafe extern "C" fn collect(provider: *mut OSSL_PROVIDER, providers: *mut c_void) -> c_int {
        let mut version: *const c_char = ptr::null();
        let data = ptr::from_mut(&mut version).cast();
        let no_more =
            Param { key: ptr::null(), data_type: 0, data: ptr::null_mut(), data_size: 0, return_size: 0 };
        let mut params = [
            Param { key: c"version".as_ptr(), data_type: UTF8_PTR, data, data_size: 0, return_size: 0 },
            no_more,
        ];
        // SAFETY: `provider` is valid during the call, and so are the strings it lends; `params` ends with an
        // empty element; `providers` is the vector below, which nobody else refers to during the call.
        unsafe {
            OSSL_PROVIDER_get_params(provider, params.as_mut_ptr());
            let text = |c: *const c_char| CStr::from_ptr(c).to_string_lossy().into_owned();
            let version = (!version.is_null()).then(|| text(version));
            let providers = &mut *providers.cast::<Vec<(String, Option<String>)>>();
            providers.push((text(OSSL_PROVIDER_get0_name(provider)), version));
        }
        1
    }
    let mut providers = Vec::<(String, Option<String>)>::new();
    // SAFETY: a null context is the default one; `collect` runs during this call only.
    unsafe { OSSL_PROVIDER_do_all(ptr::null_mut(), collect, ptr::from_mut(&mut providers).cast()) };
    providers
}

/// Is the FIPS provider active?
pub fn fips_provider_is_active() -> bool {
    // SAFETY: a null context is the default one.
    unsafe { OSSL_PROVIDER_available(ptr::null_mut(), c"fips".as_ptr()) == 1 }
}

/// Does every fetch ask for `fips=yes`?
pub fn fips_is_default() -> bool {
    // SAFETY: a null context is the default one.
    unsafe { EVP_default_properties_is_fips_enabled(ptr::null_mut()) == 1 }
}

/// Makes every fetch ask for `fips=yes` from now on; returns whether OpenSSL agrees.
pub fn make_fips_default() -> bool {
    // SAFETY: a null context is the default one.
    unsafe { EVP_default_properties_enable_fips(ptr::null_mut(), 1) == 1 }
}

/// Fills `key` by the key derivation of PKCS#12 (RFC 7292 appendix B), for the purpose with this number.
///
/// # Errors
/// OpenSSL's, if its providers lack it, as FIPS providers do.
pub fn pkcs12_key(
    passphrase: &str,
    salt: &[u8],
    purpose: u8,
    iterations: u32,
    digest: MessageDigest,
    key: &mut [u8],
) -> Result<(), ErrorStack> {
    let length = |length: usize| c_int::try_from(length).unwrap_or(c_int::MAX);
    assert!(passphrase.len() < 1 << 16 && salt.len() < 1 << 16 && key.len() < 1 << 16);
    // OpenSSL only reads the salt, but its declaration does not say so.
    let mut salt = salt.to_vec();
    // SAFETY: the three buffers are valid during the call, and as long as their lengths say; the digest is
    // static.
    let done = unsafe {
        PKCS12_key_gen_utf8(
            passphrase.as_ptr().cast(),
            length(passphrase.len()),
            salt.as_mut_ptr(),
            length(salt.len()),
            c_int::from(purpose),
            c_int::try_from(iterations).unwrap_or(c_int::MAX),
            length(key.len()),
            key.as_mut_ptr(),
            digest.as_ptr(),
        )
    };
    if done == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}

/// A file descriptor that was handed down to this process, as a file of its own.
///
/// # Errors
/// If no open descriptor has this number.
pub fn inherited(number: RawFd) -> io::Result<File> {
    // -1 is the one number that must never be borrowed.
    let number = if number < 0 { RawFd::MAX } else { number };
    // SAFETY: the descriptor is borrowed for the time of the call only, which fails if it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    // What is in it is for this process, not for a command that it runs.
    rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC)?;
    borrowed.try_clone_to_owned().map(File::from)
}
