//! Starting runs, stopping them, and leaving.

use super::App;
use crate::engine::code::{Code, Script};
use crate::engine::command::{Command, Interrupt, RunId, RunSpec};
use crate::engine::event::Level;
use crate::engine::target::TargetId;
use crate::model::run::Run;
use crate::tui::action::Action;
use crate::tui::msg::{Effect, Outcome};
use crate::tui::overlay::confirm::Confirm;
use crate::tui::pane::editor::Ready;
use crate::tui::ui::{Armed, Overlay};

impl App {
    /// Runs the editor's code on the selection.
    pub(super) fn run(&mut self) -> Vec<Effect> {
        let targets = self.selection.targets(&self.model.fleet);
        if targets.is_empty() {
            self.tell(Level::Warning, "no host is selected: in the fleet, space selects one, a selects all");
            return Vec::new();
        }
        match self.panes.editor.ready() {
            Ready::Yes(code) => return self.run_or_ask(code.into(), targets),
            Ready::Empty => self.tell(Level::Info, "there is no code to run yet"),
            Ready::Doubtful(why) => {
                let again = "run again to send it as it is, for an older Python";
                self.tell(Level::Warning, format!("nothing was sent: {why}; {again}"));
            }
        }
        Vec::new()
    }

    /// Starts a run, or asks first where it would hit many.
    pub(super) fn run_or_ask(&mut self, code: Code, targets: Vec<TargetId>) -> Vec<Effect> {
        let many = self.setup.confirm_over;
        if many > 0 && targets.len() > many {
            self.ui.overlays.push(Overlay::Confirm(Confirm::new(code, targets)));
            return Vec::new();
        }
        self.start(code, targets)
    }

    pub(super) fn start(&mut self, code: Code, targets: Vec<TargetId>) -> Vec<Effect> {
        let (timeout, fanout) = (self.setup.timeout, self.setup.fanout);
        let spec = RunSpec { id: self.next_run(), code, targets, timeout, fanout };
        vec![Effect::Engine(Command::Run(spec))]
    }

    fn next_run(&mut self) -> RunId {
        self.last_run = RunId(self.last_run.0 + 1);
        self.last_run
    }

    /// Runs a script that was read, on this machine. It takes as long as a program takes.
    pub(super) fn run_script(&mut self, script: Script) -> Vec<Effect> {
        if let Some(Overlay::Script(line)) = self.ui.overlays.pop_if(|top| matches!(top, Overlay::Script(_)))
        {
            line.text().clone_into(&mut self.ui.script);
        }
        let code = Code::Script(script);
        let spec = RunSpec { id: self.next_run(), code, targets: Vec::new(), timeout: None, fanout: None };
        vec![Effect::Engine(Command::RunHere(spec))]
    }

    /// Says why a script does not run, where it was named.
    pub(super) fn refuse_script(&mut self, why: String) {
        match self.ui.overlays.last_mut() {
            Some(Overlay::Script(line)) => line.refuse(why),
            _ => self.tell(Level::Error, why),
        }
    }

    /// Ctrl-C: cancel what runs, again for hard; else close the overlay; else clear the editor; else quit, asked twice.
    pub(super) fn interrupt(&mut self) -> Vec<Effect> {
        if let Some(effects) = self.stop() {
            return effects;
        }
        if self.ui.overlays.pop().is_some() {
            return Vec::new();
        }
        if !self.panes.editor.is_blank() {
            self.panes.editor.load("");
            let undo = self.setup.keymap.chord(crate::tui::action::Place::Editor, Action::Undo);
            let undo = undo.map(|chord| format!("; {chord} brings it back")).unwrap_or_default();
            self.tell(Level::Info, format!("the editor was cleared{undo}"));
            return Vec::new();
        }
        self.quit_if_again()
    }

    /// Stops the newest run that can be stopped harder than it was; none: there is no such run.
    fn stop(&mut self) -> Option<Vec<Effect>> {
        self.ui.stopping.retain(|run, _| self.model.runs.get(*run).is_some_and(Run::is_active));
        let next = |run: RunId| match self.ui.stopping.get(&run) {
            None => Some(Interrupt::Soft),
            Some(Interrupt::Soft) => Some(Interrupt::Hard),
            Some(Interrupt::Hard) => None,
        };
        let active = self.model.runs.iter().rev().filter(|(_, run)| run.is_active());
        let (run, how) = active.into_iter().find_map(|(run, _)| Some((run, next(run)?)))?;
        self.ui.stopping.insert(run, how);
        let text = match how {
            Interrupt::Soft => format!("run {} is being cancelled; again closes its links", run.0),
            Interrupt::Hard => format!("run {}: its links are being closed", run.0),
        };
        self.tell(Level::Warning, text);
        Some(vec![Effect::Engine(Command::Cancel { run, only: None, how })])
    }

    /// Quits; while a run is under way only when asked twice.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        if self.model.runs.active() == 0 || self.ui.press(Armed::Quit, self.now) {
            return Self::leave();
        }
        Vec::new()
    }

    pub(super) fn leave() -> Vec<Effect> {
        vec![Effect::Engine(Command::Shutdown), Effect::Quit(Outcome::Done)]
    }

    /// Sleeps; the links sleep too, so while a run is under way only when asked twice.
    pub(super) fn suspend(&mut self) -> Vec<Effect> {
        if self.model.runs.active() == 0 || self.ui.press(Armed::Suspend, self.now) {
            return vec![Effect::Suspend];
        }
        Vec::new()
    }
}
