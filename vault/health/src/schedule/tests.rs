use super::*;

#[test]
fn the_built_in_pack_is_sound() {
    let rules = Rules::built_in().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rules.data_version(), "jp-2026-11-22");
    assert_eq!(rules.series_count(), 31 + 4);
}
