//! What the application begins with, from the configuration.

use std::time::Duration;

use crate::config::Config;
use crate::inventory::protected::Protected;
use crate::model::lines::Caps;
use crate::tui::care::Care;
use crate::tui::glyphs::{self, Glyphs};
use crate::tui::keys::Keymap;
use crate::tui::theme::{Depth, Theme};

/// What the application begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Keys.
    pub keymap: Keymap,
    /// With how much care runs are begun.
    pub care: Care,
    /// The longest a call may take.
    pub timeout: Option<Duration>,
    /// How many targets of one run work at the same time.
    pub fanout: Option<usize>,
    /// What is kept of the lines that hosts write.
    pub lines: Caps,
    /// What is to be told at the start: a broken configuration, a theme that is not there.
    pub notices: Vec<String>,
}

impl Setup {
    /// As the configuration says, as far as the terminal can. What cannot be had is told, and its default taken.
    pub fn of(config: &Config, colour: bool, broken: Option<String>) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let (no_color, colorterm, term) = (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM"));
        let depth = if colour {
            Depth::of(no_color.as_deref(), colorterm.as_deref(), term.as_deref())
        } else {
            Depth::Plain
        };
        let unread = broken.is_some();
        let mut notices = Vec::from_iter(broken);
        let themes = crate::paths::themes();
        let theme = Theme::load(&config.theme, themes.as_deref(), depth).unwrap_or_else(|error| {
            notices.push(format!("the default theme is in force: {error}"));
            Theme::plain(depth)
        });
        let keymap = Keymap::new(&config.keys).unwrap_or_else(|error| {
            notices.push(format!("the default keys are in force: {error}"));
            Keymap::default()
        });
        let protected = Protected::read(&config.protected);
        let care = Care {
            confirm_over: config.confirm_over,
            guard: config.guard,
            read_only: config.read_only,
            unsure: unread || protected.is_err(),
            protected: protected.unwrap_or_else(|why| {
                notices.push(why);
                Protected::default()
            }),
            ..Care::default()
        };
        Self {
            theme,
            glyphs: if config.ascii { glyphs::ASCII } else { glyphs::UNICODE },
            keymap,
            care,
            timeout: config.timeout.limit(),
            fanout: (config.fanout > 0).then_some(config.fanout),
            lines: Caps { lines: config.log.lines, bytes: config.log.bytes, total: config.log.total },
            notices,
        }
    }
}
