//! Booleans as Go's `strconv.ParseBool` reads them, in flags and environment variables (REFERENCE.md section
//! 4).

use clap::builder::{PossibleValuesParser, TypedValueParser};

const TRUE: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE: [&str; 6] = ["0", "f", "F", "false", "FALSE", "False"];

/// `None` for anything else.
pub fn parse(text: &str) -> Option<bool> {
    let is_true = TRUE.contains(&text);
    (is_true || FALSE.contains(&text)).then_some(is_true)
}

/// Parses the value of a flag.
pub fn parser() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(TRUE.into_iter().chain(FALSE)).map(|text| TRUE.contains(&text.as_str()))
}
