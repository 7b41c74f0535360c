//! Leaves as Python writes them: strings, bytes, floats, ints of any size.

use std::fmt::{self, Write};

use super::text::{Point, Text};

/// Ints with more digits than this are abbreviated: Python's own default limit for turning an int into text.
pub(super) const MAX_DIGITS: usize = 4300;

/// A str with quotes, as `repr()` has it. Stops at the first error of `out` (a full one).
pub(super) fn write_str(out: &mut impl Write, text: &Text) -> fmt::Result {
    let quote = quote_for(&text.0);
    out.write_char(quote)?;
    for point in text.points() {
        match point {
            Point::Surrogate(unit) => write!(out, "\\u{unit:04x}")?,
            Point::Char(char) => write_char(out, char, quote)?,
        }
    }
    out.write_char(quote)
}

/// Bytes as `b'…'`.
pub(super) fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    let quote = quote_for(bytes);
    out.write_char('b')?;
    out.write_char(quote)?;
    for &byte in bytes {
        match byte {
            0x20..=0x7e | b'\t' | b'\n' | b'\r' => write_char(out, char::from(byte), quote)?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_char(quote)
}

/// Python prefers single quotes, and takes double ones where only single ones are inside.
fn quote_for(bytes: &[u8]) -> char {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' }
}

fn write_char(out: &mut impl Write, char: char, quote: char) -> fmt::Result {
    match char {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\\' => out.write_str("\\\\"),
        _ if char == quote => write!(out, "\\{char}"),
        ' '..='~' => out.write_char(char),
        _ if is_printable(char) => out.write_char(char),
        '\0'..='\u{ff}' => write!(out, "\\x{:02x}", u32::from(char)),
        '\u{100}'..='\u{ffff}' => write!(out, "\\u{:04x}", u32::from(char)),
        _ => write!(out, "\\U{:08x}", u32::from(char)),
    }
}

/// Nearly `str.isprintable`: controls, separators, invisible formatting and what has no character are escaped.
fn is_printable(char: char) -> bool {
    !char.is_control()
        && !char.is_whitespace()
        && !matches!(u32::from(char),
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xe0000..=0x10_ffff)
        && u32::from(char) & 0xfffe != 0xfffe
}

/// A float as `repr()` has it: `1.0`, `1e+16`, `1e-05`, `inf`, `nan`.
pub(super) fn float(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..=15 => format!("{float:?}"),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
    }
}

/// An int of any size (two's complement, little-endian): exact up to [`MAX_DIGITS`], beyond that its first and last
/// digits and how many there are.
pub(super) fn big(bytes: &[u8]) -> String {
    let (negative, magnitude) = magnitude(bytes);
    let sign = if negative { "-" } else { "" };
    if digits(&magnitude) <= MAX_DIGITS {
        return format!("{sign}{}", decimal(magnitude));
    }
    let count = digits(&magnitude);
    format!("{sign}{}…{:010} ({count} digits)", first_digits(&magnitude), last_digits(&magnitude))
}

/// An int of any size in decimal, or in hexadecimal (`-0xff`) where it has more than [`MAX_DIGITS`] digits: exact always.
pub(super) fn big_exact(bytes: &[u8]) -> String {
    let (negative, magnitude) = magnitude(bytes);
    let sign = if negative { "-" } else { "" };
    if digits(&magnitude) <= MAX_DIGITS {
        return format!("{sign}{}", decimal(magnitude));
    }
    let mut text = format!("{sign}0x");
    for (place, limb) in magnitude.iter().rev().enumerate() {
        let _ = if place == 0 { write!(text, "{limb:x}") } else { write!(text, "{limb:08x}") };
    }
    text
}

/// The nearest float.
pub(super) fn big_to_f64(bytes: &[u8]) -> f64 {
    let (negative, magnitude) = magnitude(bytes);
    let (top, exponent) = top(&magnitude);
    let float = top * 2f64.powi(i32::try_from(exponent).unwrap_or(i32::MAX));
    if negative { -float } else { float }
}

/// Sign and magnitude: 32-bit limbs, the lowest first, no zero at the end.
fn magnitude(bytes: &[u8]) -> (bool, Vec<u32>) {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let mut limbs: Vec<u32> = bytes
        .chunks(4)
        .map(|chunk| {
            let mut limb = [fill; 4];
            limb.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            u32::from_le_bytes(limb)
        })
        .collect();
    if negative {
        let mut carry = true;
        for limb in &mut limbs {
            (*limb, carry) = (!*limb).overflowing_add(u32::from(carry));
        }
        if carry {
            limbs.push(1);
        }
    }
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    (negative, limbs)
}

/// The value as `top * 2^exponent`, from its highest 96 bits.
fn top(limbs: &[u32]) -> (f64, usize) {
    let below = limbs.len().saturating_sub(3);
    let top = limbs.iter().skip(below).rev().fold(0.0, |sum, limb| sum * 4_294_967_296.0 + f64::from(*limb));
    (top, below * 32)
}

fn log10(limbs: &[u32]) -> f64 {
    let (top, exponent) = top(limbs);
    top.max(1.0).log10() + exponent as f64 * std::f64::consts::LOG10_2
}

#[allow(clippy::cast_sign_loss)] // a logarithm of something from 1 up
fn digits(limbs: &[u32]) -> usize {
    log10(limbs) as usize + 1
}

/// The first ten digits (from the logarithm: right but for the last one or two of very long ints, hence ten of fifteen).
#[allow(clippy::cast_sign_loss)] // a power
fn first_digits(limbs: &[u32]) -> u64 {
    10f64.powf(log10(limbs).fract() + 9.0) as u64
}

fn last_digits(limbs: &[u32]) -> u64 {
    limbs
        .iter()
        .rev()
        .fold(0u64, |rest, limb| ((u128::from(rest) << 32 | u128::from(*limb)) % 10_000_000_000) as u64)
}

fn decimal(mut limbs: Vec<u32>) -> String {
    const CHUNK: u64 = 1_000_000_000;
    let mut chunks = Vec::new();
    while !limbs.is_empty() {
        let mut rest = 0u64;
        for limb in limbs.iter_mut().rev() {
            let whole = rest << 32 | u64::from(*limb);
            *limb = (whole / CHUNK) as u32;
            rest = whole % CHUNK;
        }
        chunks.push(rest);
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
    }
    let mut text = chunks.pop().unwrap_or(0).to_string();
    for chunk in chunks.iter().rev() {
        let _ = write!(text, "{chunk:09}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_does() {
        let table = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e300, "1e+300"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (number, text) in table {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn ints_of_any_size_are_exact_or_say_that_they_are_cut() {
        let mut power = vec![0; 25];
        power.push(1); // 2**200
        assert_eq!(big(&power), "1606938044258990275541962092341162602522202993782792835301376");
        assert_eq!(big(&[0, 0, 0, 0, 0, 0, 0, 0, 0xff]), "-18446744073709551616");
        let mut long = vec![0; 12_500];
        long.push(1); // 2**100000
        assert_eq!(big(&long), "9990020930…9883109376 (30103 digits)");
        assert!(big_exact(&long).starts_with("0x1000"));
        assert!((big_to_f64(&power) - 2f64.powi(200)).abs() < f64::EPSILON);
        assert!(big_to_f64(&long).is_infinite());
    }
}
