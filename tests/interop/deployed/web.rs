use super::{Lab, Row};
pub fn rows(_: &Lab) -> Vec<Row> {
    Vec::new()
}
