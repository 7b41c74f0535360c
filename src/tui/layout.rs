//! Where things are on the screen. Pure: an area and the person's wishes give rectangles.
//!
//! ```text
//! wide                              narrow: one pane with tabs       tiny: one line
//! ┌fleet┐┌editor───────────┐        tabs
//! │     ││                 │        ┌─────────────────┐
//! │     │└─────────────────┘        │                 │
//! │     │┌grid─────────────┐        └─────────────────┘
//! │     │└─────────────────┘        status
//! │     │┌lines────────────┐        footer
//! └─────┘└─────────────────┘
//! status
//! footer
//! ```

use ratatui::layout::Rect;

use crate::tui::action::Place;

/// From this width on there is room for wide fleet rows.
const WIDE: u16 = 120;
/// Below this size one pane is shown at a time.
const SINGLE: (u16, u16) = (80, 16);
/// Below this size nothing but a line is shown.
const TINY: (u16, u16) = (20, 5);

/// One of the panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the pane of its name")]
pub enum PaneId {
    Fleet,
    Editor,
    Grid,
    Lines,
}

impl PaneId {
    /// In the order in which Tab goes.
    pub const ALL: [Self; 4] = [Self::Fleet, Self::Editor, Self::Grid, Self::Lines];

    /// Whose keys hold in it.
    pub fn place(self) -> Place {
        match self {
            Self::Fleet => Place::Fleet,
            Self::Editor => Place::Editor,
            Self::Grid => Place::Grid,
            Self::Lines => Place::Lines,
        }
    }

    /// The pane that is `by` further on.
    pub fn after(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// How much room the person gives to which pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratios {
    /// Percent of the width for the fleet.
    pub fleet: u16,
    /// Rows for the editor, its border included.
    pub editor: u16,
    /// Percent for the grid of what the editor leaves.
    pub grid: u16,
}

impl Default for Ratios {
    fn default() -> Self {
        Self { fleet: 28, editor: 7, grid: 55 }
    }
}

impl Ratios {
    /// With more or less room for this pane.
    pub fn resized(self, pane: PaneId, more: bool) -> Self {
        let step = |value: u16, by: u16, more: bool, low: u16, high: u16| {
            let stepped = if more { value.saturating_add(by) } else { value.saturating_sub(by) };
            stepped.clamp(low, high)
        };
        match pane {
            PaneId::Fleet => Self { fleet: step(self.fleet, 4, more, 12, 60), ..self },
            PaneId::Editor => Self { editor: step(self.editor, 2, more, 3, 60), ..self },
            PaneId::Grid => Self { grid: step(self.grid, 8, more, 15, 85), ..self },
            PaneId::Lines => Self { grid: step(self.grid, 8, !more, 15, 85), ..self },
        }
    }
}

/// The rectangles. What is not shown is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    panes: [Rect; 4],
    /// The names of the panes, where only one is shown.
    pub tabs: Rect,
    /// What goes on.
    pub status: Rect,
    /// Key hints.
    pub footer: Rect,
    /// All panes together: where overlays lie.
    pub body: Rect,
    /// There is room for nothing but this line.
    pub tiny: Rect,
}

impl Areas {
    /// Where this pane is.
    pub fn pane(&self, pane: PaneId) -> Rect {
        self.panes[pane as usize]
    }

    /// The pane at this place.
    pub fn at(&self, column: u16, row: u16) -> Option<PaneId> {
        PaneId::ALL.into_iter().find(|pane| self.pane(*pane).contains((column, row).into()))
    }
}

/// Divides the screen.
pub fn divide(screen: Rect, focus: PaneId, zoom: bool, ratios: Ratios) -> Areas {
    if screen.width < TINY.0 || screen.height < TINY.1 {
        let tiny = Rect { height: screen.height.min(1), ..screen };
        return Areas { tiny, ..Areas::default() };
    }
    let (rest, footer) = split_bottom(screen, 1);
    let (body, status) = split_bottom(rest, 1);
    let single = screen.width < SINGLE.0 || screen.height < SINGLE.1;
    let mut areas = Areas { status, footer, body, ..Areas::default() };
    if single {
        (areas.tabs, areas.body) = split_top(body, 1);
    }
    if single || zoom {
        areas.panes[focus as usize] = areas.body;
        return areas;
    }
    let least = if screen.width >= WIDE { 34 } else { 24 };
    let fleet = (screen.width * ratios.fleet.min(100) / 100).clamp(least, screen.width / 2);
    let (fleet, right) = split_left(body, fleet);
    let editor = ratios.editor.clamp(3, right.height.saturating_sub(8).max(3));
    let (editor, answers) = split_top(right, editor);
    let grid = (u32::from(answers.height) * u32::from(ratios.grid.min(100)) / 100) as u16;
    let (grid, lines) = split_top(answers, grid.clamp(3, answers.height.saturating_sub(3).max(3)));
    areas.panes = [fleet, editor, grid, lines];
    areas
}

/// A box in the middle that takes this much, but leaves a margin where there is room for one.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Rect { x, y, width, height }
}

/// A box at the bottom, in the middle, that takes this much.
pub fn at_the_bottom(area: Rect, width: u16, height: u16) -> Rect {
    let (_, below) = split_bottom(area, height.min(area.height));
    centred(below, width, below.height)
}

fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let rest = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, rest)
}

fn split_bottom(area: Rect, height: u16) -> (Rect, Rect) {
    split_top(area, area.height.saturating_sub(height))
}

fn split_left(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let rest = Rect { x: area.x + width, width: area.width - width, ..area };
    (Rect { width, ..area }, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(areas: &Areas) -> Vec<Rect> {
        let panes = PaneId::ALL.map(|pane| areas.pane(pane));
        let all = panes.into_iter().chain([areas.tabs, areas.status, areas.footer, areas.tiny]);
        all.filter(|area| !area.is_empty()).collect()
    }

    #[test]
    fn the_usual_sizes_show_every_pane_with_room_for_a_row() {
        for (width, height) in [(80, 24), (80, 16), (120, 40), (200, 50)] {
            let areas = divide(Rect::new(0, 0, width, height), PaneId::Editor, false, Ratios::default());
            for pane in PaneId::ALL {
                let area = areas.pane(pane);
                assert!(area.height >= 3 && area.width >= 24, "{pane:?} at {width}×{height}: {area}");
            }
        }
    }

    #[test]
    fn a_small_or_zoomed_screen_shows_the_focus_alone() {
        let small = divide(Rect::new(0, 0, 60, 20), PaneId::Grid, false, Ratios::default());
        assert_eq!(small.pane(PaneId::Grid), Rect::new(0, 1, 60, 17));
        assert!(small.pane(PaneId::Fleet).is_empty());
        let zoomed = divide(Rect::new(0, 0, 120, 40), PaneId::Lines, true, Ratios::default());
        assert_eq!(zoomed.pane(PaneId::Lines), Rect::new(0, 0, 120, 38));
        assert!(zoomed.tabs.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_overlaps_or_leaves_the_screen(
            width in 0u16..300, height in 0u16..120, focus in 0usize..4, zoom: bool, fleet: u16, editor: u16, grid: u16,
        ) {
            let screen = Rect::new(0, 0, width, height);
            let areas = divide(screen, PaneId::Fleet.after(focus), zoom, Ratios { fleet, editor, grid });
            let shown = shown(&areas);
            for (index, area) in shown.iter().enumerate() {
                prop_assert_eq!(area.intersection(screen), *area);
                for other in &shown[index + 1..] {
                    prop_assert!(!area.intersects(*other), "{} and {}", area, other);
                }
            }
            let covered: u32 = shown.iter().map(|area| area.area()).sum();
            prop_assert!(!areas.tiny.is_empty() || covered == screen.area());
        }
    }
}
