//! A cursor over the pickle: every length is checked against what is left before anything is made of it.

/// Why something could not be done: a sentence without its full stop.
pub(super) type Sentence<T> = Result<T, String>;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    pub(super) fn left(&self) -> usize {
        self.rest().len()
    }

    pub(super) fn byte(&mut self) -> Sentence<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Sentence<[u8; N]> {
        let array = *self.rest().first_chunk::<N>().ok_or("the pickle ends in the middle of an operation")?;
        self.offset += N;
        Ok(array)
    }

    pub(super) fn u32(&mut self) -> Sentence<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: u64) -> Sentence<&'a [u8]> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest().get(..length));
        let taken = taken.ok_or_else(|| format!("{length} bytes are announced, {} are left", self.left()))?;
        self.offset += taken.len();
        Ok(taken)
    }

    pub(super) fn take_u8(&mut self) -> Sentence<&'a [u8]> {
        let length = self.byte()?;
        self.take(u64::from(length))
    }

    pub(super) fn take_u32(&mut self) -> Sentence<&'a [u8]> {
        let length = self.u32()?;
        self.take(u64::from(length))
    }

    pub(super) fn take_u64(&mut self) -> Sentence<&'a [u8]> {
        let length = self.array().map(u64::from_le_bytes)?;
        self.take(length)
    }

    /// Up to the next newline, which is left out.
    pub(super) fn line(&mut self) -> Sentence<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.rest()).ok_or("a line without end")?;
        let line = self.take(end as u64)?;
        self.offset += 1;
        Ok(line)
    }
}

/// Why an operation is not taken.
pub(super) fn refusal(operation: u8) -> String {
    match operation {
        0x80 => "a second protocol number".into(),
        0x82..=0x84 => "it uses copyreg's extension registry, which is not taken".into(),
        b'P' | b'Q' => "it uses persistent ids, which are not taken".into(),
        0x97 | 0x98 => "it uses out-of-band buffers, which are not taken".into(),
        b'F' | b'L' | b'S' | b'V' | b'g' | b'p' | b'i' => {
            format!("operation {:?} is of protocol 0, which is not taken", char::from(operation))
        }
        other => format!("there is no operation {other:#04x}"),
    }
}
