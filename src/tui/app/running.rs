//! Starting runs, stopping them, and leaving.

use super::App;
use crate::engine::code::{Code, Script};
use crate::engine::command::{Command, Interrupt, RunId, RunSpec};
use crate::engine::event::Level;
use crate::engine::files::Files;
use crate::engine::rollout::Steps;
use crate::engine::target::TargetId;
use crate::model::run::Run;
use crate::tui::action::{Action, Place};
use crate::tui::care::{Consent, Intent};
use crate::tui::msg::{Effect, Outcome};
use crate::tui::overlay::confirm::Confirm;
use crate::tui::pane::editor::Ready;
use crate::tui::ui::{Armed, Overlay};

impl App {
    /// Runs the editor's code on the selection, in these steps.
    pub(super) fn run(&mut self, steps: Option<Steps>) -> Vec<Effect> {
        let targets = self.selection.targets(&self.model.fleet);
        if targets.is_empty() {
            self.tell(Level::Warning, "no host is selected: in the fleet, space selects one, a selects all");
            return Vec::new();
        }
        if let Some(files) = Files::read(&self.panes.editor.code()) {
            match files {
                Ok(files) => {
                    let code = Code::Files(Box::new(files));
                    return self.run_or_ask(self.intent(code, targets, steps));
                }
                Err(why) => self.tell(Level::Warning, format!("nothing was carried: {why}")),
            }
            return Vec::new();
        }
        match self.panes.editor.ready() {
            Ready::Yes(code) => return self.run_or_ask(self.intent(code.into(), targets, steps)),
            Ready::Empty => self.tell(Level::Info, "there is no code to run yet"),
            Ready::Doubtful(why) => {
                let again = "run again to send it as it is, for an older Python";
                self.tell(Level::Warning, format!("nothing was sent: {why}; {again}"));
            }
        }
        Vec::new()
    }

    /// Starts a run, or asks first where it would hit many, or protected ones.
    pub(super) fn run_or_ask(&mut self, intent: Intent) -> Vec<Effect> {
        match self.setup.care.consent(&intent) {
            Consent::Yes | Consent::Count(_) if self.setup.care.read_only => self.refuse(),
            Consent::Given => return self.start(intent),
            needed => self.ui.overlays.push(Overlay::Confirm(Confirm::new(intent, needed))),
        }
        Vec::new()
    }

    /// A run as the person wants runs to be now.
    pub(super) fn intent(&self, code: Code, targets: Vec<TargetId>, steps: Option<Steps>) -> Intent {
        Intent { code, targets, steps, guard: self.setup.care.guard, here: false }
    }

    pub(super) fn start(&mut self, intent: Intent) -> Vec<Effect> {
        let Intent { code, targets, steps, guard, here } = intent;
        let spec = RunSpec { steps, guard, ..RunSpec::new(self.next_run(), code, targets) };
        // Files take as long as they take.
        let timeout = self.setup.timeout.filter(|_| spec.code.files().is_none());
        let fanout = self.setup.fanout;
        let run =
            if here { Command::RunHere(spec) } else { Command::Run(RunSpec { timeout, fanout, ..spec }) };
        vec![Effect::Engine(run)]
    }

    /// The one gate that nothing passes which would run, while the console is read-only.
    pub(super) fn let_pass(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        if self.setup.care.read_only {
            let before = effects.len();
            effects.retain(|effect| !matches!(effect, Effect::Engine(command) if command.runs()));
            if effects.len() < before {
                self.refuse();
            }
        }
        effects
    }

    fn refuse(&mut self) {
        self.tell(Level::Warning, "nothing was run: this console is read-only");
    }

    /// Whether the last run is run again when a module is saved, from now on.
    pub(super) fn arm_run_on_save(&mut self) {
        self.setup.care.on_save = !self.setup.care.on_save;
        let text = if self.setup.care.on_save {
            "from now on the last run is run again when a module is saved that its hosts have"
        } else {
            "what is saved is used by the next run, and runs nothing by itself"
        };
        self.tell(Level::Info, text);
    }

    /// These hosts have an older text than was saved just now: what ran there last is run again, if that is armed and it
    /// is over. A script is not: it is a program of its own.
    pub(super) fn run_on_save(&mut self, saved: &[TargetId]) -> Vec<Effect> {
        let last = self.model.runs.iter().next_back().map(|(_, run)| run);
        let Some(last) = last.filter(|run| self.setup.care.on_save && !run.is_active()) else {
            return Vec::new();
        };
        let spec = &last.spec;
        if spec.code.script().is_some() || !saved.iter().any(|id| spec.targets.contains(id)) {
            return Vec::new();
        }
        let (code, targets, steps) = (spec.code.clone(), spec.targets.clone(), spec.steps);
        let intent = Intent { guard: spec.guard, ..self.intent(code, targets, steps) };
        // A question that comes up by itself would be given keys that were meant for something else.
        if self.setup.care.consent(&intent) != Consent::Given {
            self.tell(
                Level::Warning,
                "saved, but a run on so many hosts, or protected ones, is begun by hand",
            );
            return Vec::new();
        }
        self.start(intent)
    }

    /// The newest run that waits between two steps.
    fn held(&self) -> Option<&Run> {
        self.model.runs.iter().rev().map(|(_, run)| run).find(|run| run.is_held())
    }

    /// Lets the newest run that waits begin its next step.
    pub(super) fn go_on(&mut self) -> Vec<Effect> {
        match self.held().map(|run| run.spec.id) {
            Some(run) => return vec![Effect::Engine(Command::GoOn { run, yes: true })],
            None => self.tell(Level::Info, "no run waits between two steps"),
        }
        Vec::new()
    }

    /// `run 3 waits after step 1 of 2: Alt-g goes on`, for the status bar.
    pub(super) fn holds(&self) -> Option<String> {
        let run = self.held()?;
        let phase = run.phase?;
        let key = self.setup.keymap.chord(Place::Editor, Action::GoOn);
        let key = key.map(|chord| format!(": {chord} goes on")).unwrap_or_default();
        Some(format!("run {} waits after step {} of {}{key}", run.spec.id.0, phase.step, phase.steps))
    }

    /// Whether saving runs something, for the status bar.
    pub(super) fn watches(&self) -> Option<String> {
        let key = self.setup.keymap.chord(Place::Editor, Action::RunOnSave);
        let key = key.map(|chord| format!(": {chord} ends that")).unwrap_or_default();
        self.setup.care.on_save.then(|| format!("saving a module runs the last run again{key}"))
    }

    /// Cuts the runs to come into steps.
    pub(super) fn cut_into(&mut self, steps: Option<Steps>) {
        self.setup.care.steps = steps;
        let text = match steps {
            Some(steps) => format!("from now on runs go in steps: {steps}; `steps off` ends that"),
            None => "from now on runs begin on all hosts at once".to_owned(),
        };
        self.tell(Level::Info, text);
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
        // The guard rail would keep it from the hosts that it is for.
        let intent = self.intent(Code::Script(script), Vec::new(), None);
        self.run_or_ask(Intent { here: true, guard: false, ..intent })
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
            let undo = self.setup.keymap.chord(Place::Editor, Action::Undo);
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
