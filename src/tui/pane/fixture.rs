//! What the tests of panes share: a model made from events, and a desk to draw it on.

use std::time::Duration;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;

use crate::engine::command::{RunId, RunSpec};
use crate::engine::event::{
    Cell, Event, Frame, Line, Millis, Raised, Record, RunChange, Stream, TargetChange,
};
use crate::engine::target::{AgentInfo, Kind, LinkState, Origin, Target, TargetId};
use crate::model::Model;
use crate::model::select::Selection;
use crate::tui::action::Action;
use crate::tui::care::Care;
use crate::tui::glyphs::{self, Glyphs};
use crate::tui::msg::Ask;
use crate::tui::pane::{Context, Pane};
use crate::tui::theme::{Depth, Theme};
use crate::tunnel::{Failure, Stage};
use crate::wire::value::Value;

/// Everything around a pane.
pub struct Desk {
    pub model: Model,
    pub selection: Selection,
    pub care: Care,
    pub theme: Theme,
    pub glyphs: Glyphs,
    pub now: Millis,
    pub area: Rect,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            model: Model::new(),
            selection: Selection::default(),
            care: Care::default(),
            theme: Theme::plain(Depth::True),
            glyphs: glyphs::UNICODE,
            now: Millis(60_000),
            area: Rect::new(0, 0, 80, 24),
        }
    }
}

impl Desk {
    pub fn cx(&self, area: Rect) -> Context<'_> {
        let Self { model, selection, care, theme, glyphs, now, .. } = self;
        Context { model, selection, care, theme, glyphs, now: *now, focused: true, area }
    }

    /// Lets the pane act, and does at once what it asks of the selection.
    pub fn act(&mut self, pane: &mut dyn Pane, action: Action) -> Vec<Ask> {
        let asks = pane.act(action, &self.cx(self.area));
        for ask in &asks {
            if let Ask::Select(selection) = ask {
                self.selection = selection.clone();
            }
        }
        asks
    }

    pub fn type_in(&mut self, pane: &mut dyn Pane, text: &str) {
        pane.field().expect("an open field").insert(text);
        pane.typed(&self.cx(self.area));
    }

    pub fn draw(&self, pane: &dyn Pane) -> String {
        self.draw_in(pane, self.area)
    }

    pub fn draw_in(&self, pane: &dyn Pane, area: Rect) -> String {
        text_of(&self.buffer(pane, area))
    }

    pub fn buffer(&self, pane: &dyn Pane, area: Rect) -> Buffer {
        let mut buf = Buffer::empty(area);
        pane.draw(&self.cx(area), &mut buf);
        buf
    }

    pub fn found(&mut self, id: u32, name: &str, origin: Origin) {
        let kind = if origin == Origin::Docker { Kind::Docker } else { Kind::Ssh };
        let about = if origin == Origin::Docker { "redis:7" } else { "" };
        let target =
            Target { id: TargetId(id), name: name.into(), kind, origin, about: about.into(), through: None };
        self.target(id, TargetChange::Found(target));
    }

    /// A target that is reached through another one.
    pub fn under(&mut self, through: u32, id: u32, name: &str, origin: Origin) {
        let (kind, about, through) = (Kind::Ssh, String::new(), Some(TargetId(through)));
        let target = Target { id: TargetId(id), name: name.into(), kind, origin, about, through };
        self.target(id, TargetChange::Found(target));
    }

    pub fn target(&mut self, id: u32, change: TargetChange) {
        self.model.apply(Event::Target { id: TargetId(id), at: self.now, change });
    }

    pub fn link(&mut self, id: u32, link: LinkState) {
        self.target(id, TargetChange::Link(link));
    }

    pub fn ready(&mut self, id: u32, micros: u64) {
        self.link(id, LinkState::Ready(agent()));
        self.target(id, TargetChange::Latency(Duration::from_micros(micros)));
    }

    pub fn start(&mut self, run: u32, targets: impl IntoIterator<Item = u32>) {
        let targets = targets.into_iter().map(TargetId).collect();
        let spec = RunSpec::new(RunId(run), "shutil.disk_usage('/')", targets);
        self.run(run, RunChange::Started(spec));
    }

    pub fn run(&mut self, run: u32, change: RunChange) {
        self.model.apply(Event::Run { id: RunId(run), at: self.now, change });
    }

    pub fn cell(&mut self, run: u32, target: u32, cell: Cell) {
        self.run(run, RunChange::Cell { target: TargetId(target), cell });
    }

    pub fn value(&mut self, run: u32, target: u32, value: Value) {
        self.cell(run, target, Cell::Running);
        self.cell(run, target, Cell::Value { value });
    }

    pub fn lines(&mut self, target: u32, run: Option<u32>, stream: Stream, texts: &[&str]) {
        let line =
            |text: &&str| Line { at: self.now, stream, text: (*text).into(), partial: false, record: None };
        let lines = texts.iter().map(line).collect();
        self.model.apply(Event::Lines { target: TargetId(target), run: run.map(RunId), lines, dropped: 0 });
    }
}

/// A line of a record of `logging`.
pub fn record(desk: &mut Desk, target: u32, severity: i64, level: &str, text: &str) {
    let (level, logger) = (level.into(), "app.db".into());
    let record = Some(Box::new(Record { severity, level, logger, ..Record::default() }));
    let line = Line { at: desk.now, stream: Stream::Log, text: text.into(), partial: false, record };
    desk.model.apply(Event::Lines { target: TargetId(target), run: None, lines: vec![line], dropped: 0 });
}

pub fn agent() -> AgentInfo {
    AgentInfo {
        python: (3, 11, 2),
        implementation: "CPython".into(),
        executable: "/usr/bin/python3".into(),
        pid: 4711,
        host: "web1.example".into(),
        user: "root".into(),
        platform: "linux".into(),
        zlib: true,
    }
}

pub fn refused() -> Failure {
    Failure {
        stage: Stage::Connect,
        why: "nobody listens there; is sshd running?".into(),
        said: "ssh: connect to host db1 port 22: \x1b[31mConnection refused\x1b[0m".into(),
    }
}

pub fn disk(total: i64, free: i64) -> Value {
    Value::dict([(Value::from("total"), Value::from(total)), (Value::from("free"), Value::from(free))])
}

pub fn division() -> Cell {
    let frame = Frame { file: "<run 1>".into(), line: 1, function: "<module>".into(), source: "1/0".into() };
    let traceback = "Traceback (most recent call last):\n  File \"<run 1>\", line 1, in <module>\n    1/0\n\
                     ZeroDivisionError: division by zero\n";
    let error = Raised {
        kind: "ZeroDivisionError".into(),
        message: "division by zero".into(),
        frames: vec![frame],
        traceback: traceback.into(),
        ..Raised::default()
    };
    Cell::Raised { error: Box::new(error) }
}

/// Twelve hosts and two containers in many states.
pub fn fleet() -> Desk {
    let mut desk = Desk::default();
    for id in 1..=10 {
        desk.found(id, &format!("web{id}"), Origin::Named);
        desk.ready(id, 400 + u64::from(id) * 1_300);
    }
    desk.found(11, "db1", Origin::Named);
    desk.link(11, LinkState::Unreachable(refused()));
    desk.found(12, "größe-大小", Origin::SshConfig);
    desk.link(12, LinkState::Connecting);
    desk.found(13, "docker:cache", Origin::Docker);
    desk.ready(13, 90);
    desk.found(14, "docker:shop/web", Origin::Docker);
    desk.link(14, LinkState::Lost { why: "the container stopped".into() });
    desk.found(15, "bastion", Origin::SshConfig);
    desk.selection.set((1..=3).map(TargetId));
    desk
}

/// That fleet, and a run on it: equal answers, two outliers, a failure, some under way.
pub fn ran() -> Desk {
    let mut desk = fleet();
    desk.start(1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
    desk.now = Millis(61_250);
    for id in 1..=5 {
        desk.value(1, id, disk(64_424_509_440, 21_474_836_480));
    }
    desk.value(1, 6, disk(64_424_509_440, 1_073_741));
    desk.value(1, 7, disk(32_212_254_720, 21_474_836_480));
    desk.cell(1, 8, Cell::Running);
    desk.cell(1, 8, division());
    desk.cell(1, 9, Cell::Running);
    let target = TargetId(9);
    desk.run(1, RunChange::Progress { target, done: 3.0, total: Some(10.0), text: Some("unpacking".into()) });
    desk.cell(1, 10, Cell::Running);
    for item in 0..3 {
        desk.run(1, RunChange::Item { target: TargetId(10), value: Value::from(item) });
    }
    desk.cell(1, 11, Cell::Unreachable { failure: refused() });
    desk.run(1, RunChange::Warning { target: TargetId(13), text: "disk is \x1b[2Jalmost full".into() });
    desk.now = Millis(64_000);
    desk
}

/// The text of a buffer, row by row.
pub fn text_of(buf: &Buffer) -> String {
    let row = |y: u16| {
        let (mut text, mut x) = (String::new(), buf.area.left());
        while x < buf.area.right() {
            text.push_str(buf[(x, y)].symbol());
            x += buf[(x, y)].cell_width().max(1);
        }
        text
    };
    (buf.area.top()..buf.area.bottom()).map(row).collect::<Vec<_>>().join("\n")
}
