//! What the README repeats of the program is what the program has.
#![allow(clippy::expect_used)]

use std::fs;
use std::path::Path;

use hailer::tui::action;

/// The text between `<!-- name -->` and `<!-- /name -->`, without the blank lines at its ends.
fn block<'a>(readme: &'a str, name: &str) -> &'a str {
    let (_, rest) = readme.split_once(&format!("<!-- {name} -->")).expect("the block's begin");
    let (block, _) = rest.split_once(&format!("<!-- /{name} -->")).expect("the block's end");
    block.trim()
}

/// With `UPDATE_README` set, the block is written anew.
#[test]
fn the_keys_are_those_of_the_action_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let keys = action::markdown();
    if std::env::var_os("UPDATE_README").is_some() {
        let stale = block(&readme, "keys");
        let fresh = if stale.is_empty() {
            readme
                .replace("<!-- keys -->\n<!-- /keys -->", &format!("<!-- keys -->\n\n{keys}\n<!-- /keys -->"))
        } else {
            readme.replace(stale, keys.trim())
        };
        fs::write(&path, fresh).expect("the README");
        return;
    }
    assert_eq!(block(&readme, "keys"), keys.trim(), "run UPDATE_README=1 cargo test --test readme");
}
