//! The start of a link, without I/O: a login shell's banner, stage 0's line, our nonce (see [`crate::wire::frame`]).

use memchr::memmem;

use crate::wire::frame::NONCE_LEN;

/// How much of a banner is kept, in bytes; of a longer one, the end.
const BANNER: usize = 64 * 1024;
/// The longest line stage 0 may write, in bytes.
const LINE: usize = 4096;
/// What its line begins with. Stage 0 puts it together at run time.
const MARK: &[u8] = b"\nhailer0 ";

/// How far the far side came with these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An interpreter runs our stage 0: its version and path, as it wrote them.
    Interpreter {
        /// `3.11.2`
        version: String,
        /// `/usr/bin/python3`
        executable: String,
    },
    /// It has no zlib: start again, with a core that is not compressed.
    NoZlib,
    /// The agent runs. What follows the nonce are frames.
    Agent {
        /// The bytes after the nonce.
        rest: Vec<u8>,
    },
}

/// Looks for the marks in what comes from standard output.
#[derive(Debug)]
pub struct Handshake {
    nonce: [u8; NONCE_LEN],
    seen: Vec<u8>,
    banner: Vec<u8>,
    interpreter: bool,
}

impl Handshake {
    /// Waits for this nonce.
    pub fn new(nonce: [u8; NONCE_LEN]) -> Self {
        // The mark begins with a newline; the first line may come without one before it.
        Self { nonce, seen: b"\n".to_vec(), banner: Vec::new(), interpreter: false }
    }

    /// Takes in bytes. At most one step at a time: call again with no bytes until there is none.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<Step> {
        self.seen.extend_from_slice(bytes);
        if self.interpreter { self.agent() } else { self.stage_zero() }
    }

    /// What was printed before stage 0 spoke (the end of it, if it was long). Remote text.
    pub fn banner(&self) -> String {
        // What may be a mark's beginning is the banner's end, as long as no mark came.
        let held: &[u8] = if self.interpreter { &[] } else { &self.seen };
        String::from_utf8_lossy(&[&self.banner, held].concat()).trim().to_owned()
    }

    fn stage_zero(&mut self) -> Option<Step> {
        let Some(start) = memmem::find(&self.seen, MARK) else {
            // A mark cut in two is found with the next bytes.
            self.set_aside(self.seen.len().saturating_sub(MARK.len() - 1));
            return None;
        };
        self.set_aside(start);
        let line = &self.seen[MARK.len()..];
        let end = memchr::memchr(b'\n', line);
        if end.unwrap_or(line.len()) > LINE {
            self.set_aside(MARK.len());
            return None;
        }
        let end = end?;
        let line = String::from_utf8_lossy(&line[..end]).into_owned();
        self.seen.drain(..MARK.len() + end);
        let (version, executable) = line.split_once(' ').unwrap_or((&line, ""));
        if version == "nozlib" {
            return Some(Step::NoZlib);
        }
        // Another line follows where zlib is missing: it begins with the newline that was left in `seen`.
        self.interpreter = true;
        Some(Step::Interpreter { version: version.to_owned(), executable: executable.to_owned() })
    }

    fn agent(&mut self) -> Option<Step> {
        if let Some(at) = memmem::find(&self.seen, &self.nonce) {
            let rest = self.seen.split_off(at + NONCE_LEN);
            self.seen = Vec::new();
            return Some(Step::Agent { rest });
        }
        if memmem::find(&self.seen, b"hailer0 nozlib\n").is_some() {
            return Some(Step::NoZlib);
        }
        let keep = self.seen.len().saturating_sub(LINE);
        self.seen.drain(..keep);
        None
    }

    /// Moves the first `count` bytes to the banner.
    fn set_aside(&mut self, count: usize) {
        self.banner.extend(self.seen.drain(..count));
        let over = self.banner.len().saturating_sub(BANNER);
        self.banner.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONCE: [u8; NONCE_LEN] = *b"0123456789abcdef";

    fn steps(chunks: &[&[u8]]) -> (Vec<Step>, String) {
        let mut handshake = Handshake::new(NONCE);
        let mut steps = Vec::new();
        for chunk in chunks {
            let mut step = handshake.receive(chunk);
            while let Some(found) = step {
                let last = matches!(found, Step::Agent { .. } | Step::NoZlib);
                steps.push(found);
                step = if last { None } else { handshake.receive(b"") };
            }
        }
        (steps, handshake.banner())
    }

    fn interpreter() -> Step {
        Step::Interpreter { version: "3.11.2".into(), executable: "/usr/bin/python3".into() }
    }

    #[test]
    fn a_banner_with_and_without_newline_is_a_banner() {
        for banner in ["", "Welcome\n", "no newline", "binary \u{0} \u{7f}\n\n", "says hailer0 x"] {
            let text = format!("{banner}\nhailer0 3.11.2 /usr/bin/python3\n0123456789abcdefREST");
            let (steps, said) = steps(&[text.as_bytes()]);
            assert_eq!(steps, [interpreter(), Step::Agent { rest: b"REST".to_vec() }], "{banner:?}");
            assert_eq!(said, banner.trim());
        }
    }

    #[test]
    fn an_endless_banner_is_bounded() {
        let mut handshake = Handshake::new(NONCE);
        for _ in 0..100 {
            assert_eq!(handshake.receive(&[b'x'; 10_000]), None);
        }
        assert!(handshake.banner.len() <= BANNER && handshake.seen.len() < 100);
    }

    #[test]
    fn a_start_of_a_line_without_its_end_is_bounded() {
        let mut handshake = Handshake::new(NONCE);
        handshake.receive(b"\nhailer0 ");
        for _ in 0..100 {
            assert_eq!(handshake.receive(&[b'x'; 10_000]), None);
        }
        assert!(handshake.seen.len() < 2 * LINE, "{} bytes are kept", handshake.seen.len());
    }

    #[test]
    fn without_zlib_it_says_so() {
        let (steps, _) = steps(&[b"\nhailer0 3.8.1 /p\nhailer0 nozlib\n"]);
        assert_eq!(steps.last(), Some(&Step::NoZlib));
    }

    proptest! {
        #[test]
        fn the_cut_makes_no_difference(banner in "[ -~\n]{0,80}", cut in 0_usize..150) {
            prop_assume!(!banner.contains("hailer0"));
            let text = format!("{banner}\nhailer0 3.11.2 /usr/bin/python3\n0123456789abcdefREST");
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let (found, said) = steps(&[head, tail]);
            let mut rest = Vec::new();
            let mut others = Vec::new();
            for step in found {
                match step { Step::Agent { rest: r } => rest.extend(r), other => others.push(other) }
            }
            prop_assert_eq!(others, [interpreter()]);
            prop_assert!(b"REST".starts_with(&rest));
            prop_assert_eq!(said, banner.trim());
        }
    }
}
