//! The one way by which panes put text on the screen: through the allow-list of [`crate::model::remote_text`], measured,
//! and cut where the room ends, so that no text can leave its place or do anything but be read.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::{Buffer, CellDiffOption, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::model::remote_text::{Attributes, Colour, Emphasis, Glyph, Glyphs};
use crate::tui::pane::Context;
use crate::tui::theme::Theme;

/// How much of a text is looked at for each column of the screen, in bytes, before it is cut.
const BYTES_A_COLUMN: usize = 16;
/// And for any text.
const BYTES_AT_LEAST: usize = 4096;

/// How one text is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look<'a> {
    /// Its style; a host's own colours go over it.
    pub style: Style,
    /// So many columns are left out at its beginning.
    pub skip: usize,
    /// Parts that stand out, in bytes of [`crate::model::remote_text::plain`], sorted.
    pub hits: &'a [Range<usize>],
    /// The style of these.
    pub hit: Style,
    /// It goes on in another row: nothing is said where it is cut.
    pub goes_on: bool,
}

impl From<Style> for Look<'_> {
    fn from(style: Style) -> Self {
        Self { style, ..Self::default() }
    }
}

/// Writes along one row of an area, from left to right.
#[derive(Debug)]
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
    theme: &'a Theme,
    more: &'static str,
}

impl<'a> Pen<'a> {
    /// At the beginning of row `row` of the area, counted from 0. Where there is no such row, nothing is written.
    pub fn new(cx: &Context<'a>, area: Rect, row: u16, buf: &'a mut Buffer) -> Self {
        let y = area.y.saturating_add(row);
        let area = area.intersection(buf.area);
        let end = if (area.top()..area.bottom()).contains(&y) { area.right() } else { area.x };
        Self { buf, x: area.x, y, end, theme: cx.theme, more: cx.glyphs.more }
    }

    /// How many columns are left.
    pub fn room(&self) -> usize {
        usize::from(self.end - self.x)
    }

    /// Writes a text as far as there is room.
    pub fn write<'l>(&mut self, text: &str, look: impl Into<Look<'l>>) -> &mut Self {
        let look = look.into();
        let room = self.room();
        if room == 0 {
            return self;
        }
        let budget = BYTES_AT_LEAST.max((look.skip + room).saturating_mul(BYTES_A_COLUMN));
        let (mut skip, mut at) = (look.skip, 0);
        for glyph in Glyphs::new(text).within(budget) {
            let start = at;
            at += glyph.text.len();
            if skip >= glyph.width {
                skip -= glyph.width;
                continue;
            }
            let glyph = without(glyph, std::mem::take(&mut skip));
            let own = dress(glyph.attributes, glyph.stand_in);
            let style = look.style.patch(self.theme.degrade(own));
            let from = at - glyph.text.len().min(at - start);
            if !self.put(&glyph, style, |byte| is_hit(look.hits, from + byte).then_some(look.hit)) {
                if !look.goes_on {
                    self.cut(style);
                }
                break;
            }
        }
        self
    }

    /// Writes a text into a column of `width`, which is filled up with blanks.
    pub fn column<'l>(&mut self, text: &str, width: usize, look: impl Into<Look<'l>>) -> &mut Self {
        let end = self.end;
        self.end = self.x + width.min(self.room()) as u16;
        self.write(text, look);
        self.x = self.end;
        self.end = end;
        self
    }

    /// The same, at the right side of the column.
    pub fn column_right<'l>(&mut self, text: &str, width: usize, look: impl Into<Look<'l>>) -> &mut Self {
        let width = width.min(self.room());
        let blank = width - measure(text, width);
        self.skip(blank);
        self.column(text, width - blank, look)
    }

    /// Leaves columns as they are.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        self.x += columns.min(self.room()) as u16;
        self
    }

    /// Goes to where `columns` are left to the end of the row, if that lies ahead.
    pub fn leave(&mut self, columns: usize) -> &mut Self {
        let ahead = self.room().saturating_sub(columns);
        self.skip(ahead)
    }

    /// Gives a style to the whole row, from where the pen is to the end.
    pub fn wash(&mut self, style: Style) -> &mut Self {
        let row = Rect { x: self.x, y: self.y, width: self.end - self.x, height: 1 };
        self.buf.set_style(row, style);
        self
    }

    /// Puts one piece down; false where it was cut.
    fn put(&mut self, glyph: &Glyph<'_>, style: Style, hit: impl Fn(usize) -> Option<Style>) -> bool {
        let style_at = |byte| hit(byte).map_or(style, |hit| style.patch(hit));
        if glyph.text.is_ascii() {
            for (at, byte) in glyph.text.bytes().enumerate() {
                if self.x == self.end {
                    return false;
                }
                self.buf[(self.x, self.y)].set_char(char::from(byte)).set_style(style_at(at));
                self.x += 1;
            }
            return true;
        }
        if glyph.width > self.room() {
            return false;
        }
        let cell = &mut self.buf[(self.x, self.y)];
        cell.set_symbol(&glyph.text).set_style(style_at(0));
        if let Some(width) = std::num::NonZeroU16::new(glyph.width as u16)
            && cell.cell_width() != width.get()
        {
            cell.set_diff_option(CellDiffOption::ForcedWidth(width));
        }
        for x in self.x + 1..self.x + glyph.width as u16 {
            self.buf[(x, self.y)].reset();
        }
        self.x += glyph.width as u16;
        true
    }

    /// There is more than fits: says so in the last column.
    fn cut(&mut self, style: Style) {
        while self.x < self.end {
            self.buf[(self.x, self.y)].set_char(' ');
            self.x += 1;
        }
        let last = self.end - 1;
        if last > self.buf.area.x && self.buf[(last - 1, self.y)].cell_width() > 1 {
            self.buf[(last - 1, self.y)].set_char(' ').set_diff_option(CellDiffOption::None);
        }
        self.buf[(last, self.y)].set_symbol(self.more).set_style(style.add_modifier(Modifier::DIM));
    }
}

/// The glyph without its first columns; what is left of a wide one is blank.
fn without(glyph: Glyph<'_>, columns: usize) -> Glyph<'_> {
    if columns == 0 {
        return glyph;
    }
    let text = if glyph.text.is_ascii() {
        glyph.text.get(columns..).unwrap_or_default().to_owned()
    } else {
        " ".repeat(glyph.width - columns)
    };
    Glyph { width: glyph.width - columns, text: text.into(), ..glyph }
}

fn is_hit(hits: &[Range<usize>], byte: usize) -> bool {
    let next = hits.partition_point(|hit| hit.end <= byte);
    hits.get(next).is_some_and(|hit| hit.contains(&byte))
}

/// A name that is to fit into `width` columns. What tells names apart stands at their ends more often than not, so it is
/// the middle that goes; a name with more than ASCII is left for the pen to cut.
pub fn shortened<'n>(name: &'n str, width: usize, more: &str) -> Cow<'n, str> {
    const SHORTEST: usize = 6;
    if !name.is_ascii() || name.len() <= width || width < SHORTEST {
        return Cow::Borrowed(name);
    }
    let end = width / 2;
    format!("{}{more}{}", &name[..width - 1 - end], &name[name.len() - end..]).into()
}

/// How many columns a text takes; at most `limit`, beyond which nothing is read.
pub fn measure(text: &str, limit: usize) -> usize {
    let mut width = 0;
    for glyph in Glyphs::new(text).within(BYTES_AT_LEAST.max(limit.saturating_mul(BYTES_A_COLUMN))) {
        width += glyph.width;
        if width >= limit {
            return limit;
        }
    }
    width
}

/// Where the rows of a text begin, in columns, when it is wrapped at `width`: at least one row, at most `limit`.
pub fn wrap(text: &str, width: usize, limit: usize) -> Vec<usize> {
    let width = width.max(2);
    let mut rows = vec![0];
    let (mut column, mut start) = (0, 0);
    let budget = BYTES_AT_LEAST.max(width.saturating_mul(limit).saturating_mul(BYTES_A_COLUMN));
    for glyph in Glyphs::new(text).within(budget) {
        let unit = if glyph.text.is_ascii() { 1 } else { glyph.width };
        for _ in 0..glyph.width / unit {
            if column + unit - start > width {
                if rows.len() >= limit {
                    return rows;
                }
                start = column;
                rows.push(start);
            }
            column += unit;
        }
    }
    rows
}

/// What a host wants its text to look like.
fn dress(attributes: Attributes, stand_in: bool) -> Style {
    let mut style = Style::new();
    if let Some(colour) = colour(attributes.foreground) {
        style = style.fg(colour);
    }
    if let Some(colour) = colour(attributes.background) {
        style = style.bg(colour);
    }
    for (emphasis, modifier) in [
        (Emphasis::BOLD, Modifier::BOLD),
        (Emphasis::DIM, Modifier::DIM),
        (Emphasis::ITALIC, Modifier::ITALIC),
        (Emphasis::UNDERLINE, Modifier::UNDERLINED),
        (Emphasis::REVERSE, Modifier::REVERSED),
        (Emphasis::STRIKE, Modifier::CROSSED_OUT),
    ] {
        if attributes.emphasis.contains(emphasis) {
            style = style.add_modifier(modifier);
        }
    }
    if stand_in { style.add_modifier(Modifier::DIM) } else { style }
}

/// A host's colour as the terminal's; the first 16 are those of the terminal's own theme.
fn colour(colour: Colour) -> Option<Color> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Colour::Default => None,
        Colour::Indexed(index) => {
            Some(NAMED.get(usize::from(index)).copied().unwrap_or(Color::Indexed(index)))
        }
        Colour::Rgb(red, green, blue) => Some(Color::Rgb(red, green, blue)),
    }
}

#[cfg(test)]
#[path = "pen_test.rs"]
mod tests;
