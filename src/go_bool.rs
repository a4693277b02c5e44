//! Booleans as Go's `strconv.ParseBool` reads them, in environment variables (REFERENCE.md section 4).

/// `None` for anything else.
pub fn parse(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
