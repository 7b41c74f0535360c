//! The whole front end without a terminal: keys and events in, effects and the screen out.

use std::time::Duration;

use hailer::engine::command::{Command, RunId, RunSpec};
use hailer::engine::event::{Cell, Event, Line, Millis, Raised, RunChange, Stream, TargetChange};
use hailer::engine::target::{AgentInfo, Kind, LinkState, Origin, Target, TargetId};
use hailer::tui::app::{App, Setup};
use hailer::tui::care::Care;
use hailer::tui::glyphs::{self, Glyphs};
use hailer::tui::keys::{Keymap, Overrides, macro_keys};
use hailer::tui::msg::{Effect, Msg};
use hailer::tui::theme::{Depth, Theme};
use hailer::wire::value::Value;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::Event as Input;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

/// An application on a screen, and what it wanted done.
#[derive(Debug)]
pub struct Drive {
    app: App,
    area: Rect,
    now: Millis,
    effects: Vec<Effect>,
    names: Vec<String>,
    pub cursor: Option<Position>,
}

impl Drive {
    pub fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, &glyphs::UNICODE, Depth::Ansi)
    }

    pub fn with(width: u16, height: u16, glyphs: &Glyphs, depth: Depth) -> Self {
        Self::all(width, height, glyphs, depth, Care { confirm_over: 50, ..Care::default() })
    }

    /// With as much care.
    pub fn with_care(width: u16, height: u16, care: Care) -> Self {
        Self::all(width, height, &glyphs::UNICODE, Depth::Ansi, care)
    }

    fn all(width: u16, height: u16, glyphs: &Glyphs, depth: Depth, care: Care) -> Self {
        let setup = Setup {
            theme: Theme::plain(depth),
            glyphs: *glyphs,
            keymap: Keymap::new(&Overrides::new()).expect("the defaults"),
            care,
            timeout: None,
            fanout: None,
            lines: hailer::model::lines::Caps::default(),
            notices: Vec::new(),
        };
        let (area, now) = (Rect::new(0, 0, width, height), Millis(1_000_000));
        let app = App::new(setup, area, now);
        Self { app, area, now, effects: Vec::new(), names: Vec::new(), cursor: None }
    }

    /// Hosts that were named at the start, all of them ready.
    pub fn fleet(mut self, names: &[&str]) -> Self {
        for name in names {
            let id = self.found(name, Origin::Named);
            let python =
                AgentInfo { python: (3, 11, 2), implementation: "CPython".into(), ..AgentInfo::default() };
            self.link(id, LinkState::Ready(python));
        }
        self
    }

    pub fn found(&mut self, name: &str, origin: Origin) -> TargetId {
        let id = TargetId(self.names.len() as u32);
        self.names.push(name.to_owned());
        let target =
            Target { id, name: name.into(), kind: Kind::Ssh, origin, about: String::new(), through: None };
        self.target(id, TargetChange::Found(target));
        id
    }

    /// A target that is reached through another one.
    pub fn under(&mut self, through: &str, name: &str, origin: Origin) -> TargetId {
        let (through, id) = (Some(self.id(through)), self.found(name, origin.clone()));
        let target = Target { id, name: name.into(), kind: Kind::Ssh, origin, about: String::new(), through };
        self.target(id, TargetChange::Found(target));
        id
    }

    pub fn link(&mut self, id: TargetId, state: LinkState) {
        self.target(id, TargetChange::Link(state));
    }

    fn target(&mut self, id: TargetId, change: TargetChange) {
        self.event(Event::Target { id, at: self.now, change });
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.msg(Msg::Engine(vec![event]))
    }

    pub fn msg(&mut self, msg: Msg) -> &mut Self {
        let effects = self.app.update(self.now, msg);
        self.effects.extend(effects);
        self
    }

    pub fn input(&mut self, input: Input) -> &mut Self {
        if let Input::Resize(width, height) = input {
            self.area = Rect::new(0, 0, width, height);
        }
        self.msg(Msg::Input(input))
    }

    /// Presses keys: `jj<space>x<f5>`.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for chord in macro_keys(keys).expect("a macro") {
            self.input(Input::Key(chord.event()));
        }
        self
    }

    /// Lets time pass.
    pub fn wait(&mut self, millis: u64) -> &mut Self {
        self.now = Millis(self.now.0 + millis);
        self.msg(Msg::Clock)
    }

    /// What was wanted since it was asked last.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The runs that were started since it was asked last; the engine says that they have begun.
    pub fn runs(&mut self) -> Vec<RunSpec> {
        let specs = self.effects().into_iter().filter_map(|effect| match effect {
            Effect::Engine(Command::Run(spec)) => Some(spec),
            _ => None,
        });
        let specs: Vec<_> = specs.collect();
        for spec in &specs {
            self.run(spec.id, RunChange::Started(spec.clone()));
        }
        specs
    }

    pub fn run(&mut self, id: RunId, change: RunChange) -> &mut Self {
        self.event(Event::Run { id, at: self.now, change })
    }

    pub fn cell(&mut self, run: u32, name: &str, cell: Cell) -> &mut Self {
        let target = self.id(name);
        self.run(RunId(run), RunChange::Cell { target, cell })
    }

    pub fn value(&mut self, run: u32, name: &str, value: i64) -> &mut Self {
        self.cell(run, name, Cell::Value { value: Value::from(value) })
    }

    pub fn raised(&mut self, run: u32, name: &str, kind: &str, message: &str) -> &mut Self {
        let error = Raised { kind: kind.into(), message: message.into(), ..Raised::default() };
        self.cell(run, name, Cell::Raised { error: Box::new(error) })
    }

    pub fn line(&mut self, name: &str, text: &str) -> &mut Self {
        let line =
            Line { at: self.now, stream: Stream::Stderr, text: text.into(), partial: false, record: None };
        let target = self.id(name);
        self.event(Event::Lines { target, run: None, lines: vec![line], dropped: 0 })
    }

    pub fn id(&self, name: &str) -> TargetId {
        let at = self.names.iter().position(|known| known == name).expect(name);
        TargetId(at as u32)
    }

    pub fn next_clock(&self) -> Option<Duration> {
        self.app.next_clock()
    }

    pub fn buffer(&mut self) -> Buffer {
        let mut buf = Buffer::empty(self.area);
        self.cursor = self.app.draw(self.area, &mut buf).cursor;
        buf
    }

    /// The text on the screen.
    pub fn screen(&mut self) -> String {
        let buf = self.buffer();
        rows(&buf)
            .map(|row| row.iter().map(|(_, cell)| cell.symbol()).collect::<String>())
            .fold(String::new(), |screen, row| screen + row.trim_end() + "\n")
    }

    /// The text on the screen with what it looks like, as `{red bold:text}`.
    pub fn painted(&mut self) -> String {
        let buf = self.buffer();
        let mut screen = String::new();
        for row in rows(&buf) {
            let mut line = String::new();
            for run in row.chunk_by(|(_, one), (_, other)| look(one) == look(other)) {
                let text: String = run.iter().map(|(_, cell)| cell.symbol()).collect();
                match look(run[0].1) {
                    look if look.is_empty() || (text.trim().is_empty() && look == "dim") => {
                        line.push_str(&text);
                    }
                    look => line.extend(["{", &look, ":", &text, "}"]),
                }
            }
            screen = screen + line.trim_end() + "\n";
        }
        screen
    }
}

type Row<'a> = Vec<(u16, &'a ratatui::buffer::Cell)>;

fn rows(buf: &Buffer) -> impl Iterator<Item = Row<'_>> {
    let area = buf.area;
    (area.top()..area.bottom()).map(move |y| (area.left()..area.right()).map(|x| (x, &buf[(x, y)])).collect())
}

fn look(cell: &ratatui::buffer::Cell) -> String {
    let style = cell.style();
    let mut words = Vec::new();
    if let Some(fg) = style.fg.filter(|fg| *fg != Color::Reset) {
        words.push(fg.to_string().to_lowercase());
    }
    if let Some(bg) = style.bg.filter(|bg| *bg != Color::Reset) {
        words.push(format!("on {}", bg.to_string().to_lowercase()));
    }
    let names = [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underline"),
        (Modifier::REVERSED, "reverse"),
    ];
    let on = names.iter().filter(|(modifier, _)| style.add_modifier.contains(*modifier));
    words.extend(on.map(|(_, name)| (*name).to_owned()));
    words.join(" ")
}
