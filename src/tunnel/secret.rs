//! What a person typed unseen.

use std::fmt;
use std::sync::Arc;

use region::LockGuard;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

/// A password, a passphrase, a code. Its memory is kept out of swap where the system allows that, and overwritten when the
/// last copy goes; copies share it. It is never shown, logged or serialised.
#[derive(Clone)]
pub struct Secret(Arc<Kept>);

struct Kept {
    // In this order: the text is overwritten before its memory may be swapped again.
    text: Zeroizing<String>,
    _lock: Option<LockGuard>,
}

impl Secret {
    /// Takes over a text. Give it one whose memory was never moved, such as a string with enough capacity from the start.
    pub fn new(text: String) -> Self {
        let text = Zeroizing::new(text);
        // An empty text has no memory, and a process may be allowed to lock none.
        let lock = region::lock(text.as_ptr(), text.capacity()).ok();
        Self(Arc::new(Kept { text, _lock: lock }))
    }

    /// The text. Do not copy it.
    pub fn reveal(&self) -> &str {
        &self.0.text
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_itself_to_nobody_who_prints_it() {
        let secret = Secret::from("open sesame");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "null");
        assert_eq!(secret.clone().reveal(), "open sesame");
        assert_eq!(Secret::new(String::new()).reveal(), "");
    }
}
