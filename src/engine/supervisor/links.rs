//! Which targets have a link, and which wait for that of another: those on the way come first.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{self, JoinError};

use super::Supervisor;
use crate::engine::credentials;
use crate::engine::event::{Level, TargetChange};
use crate::engine::pace::Pace;
use crate::engine::runs::Runs;
use crate::engine::target::{Kind, LinkState, Origin, TargetId};
use crate::engine::worker::{Request, Worker};
use crate::inventory::Found;
use crate::link::opening::Route;
use crate::tunnel::address::{Address, Hop, Way};
use crate::tunnel::askpass;
use crate::tunnel::prompt::{Asker, Helper, Patience};
use crate::tunnel::relay::Outer;
use crate::tunnel::{Failure, Stage};

/// A link's worker, as the supervisor sees it.
#[derive(Debug)]
pub(super) struct Link {
    epoch: u32,
    task: task::Id,
    requests: mpsc::UnboundedSender<Request>,
    /// For those that lie beyond it.
    pub(super) outer: Outer,
    /// For those that are reached from it.
    pace: Pace,
    applicant: credentials::Applicant,
}

/// All links, and those that are yet to be opened.
#[derive(Debug, Default)]
pub(super) struct Links {
    open: HashMap<TargetId, Link>,
    /// Those that wait for the link of another, by that other.
    waiting: HashMap<TargetId, Vec<TargetId>>,
    epoch: u32,
}

impl Links {
    pub(super) fn get(&self, target: TargetId) -> Option<&Link> {
        self.open.get(&target)
    }

    pub(super) fn epoch(&self, target: TargetId) -> Option<u32> {
        self.open.get(&target).map(|link| link.epoch)
    }

    pub(super) fn request(&self, target: TargetId, request: Request) {
        if let Some(link) = self.open.get(&target) {
            let _ = link.requests.send(request);
        }
    }

    /// The one who asks on a link's behalf.
    pub(super) fn applicant(&self, target: TargetId) -> Option<&credentials::Applicant> {
        self.open.get(&target).map(|link| &link.applicant)
    }

    /// The one who asks on behalf of the link with this number.
    pub(super) fn applicant_numbered(&self, epoch: u32) -> Option<&credentials::Applicant> {
        self.open.values().find(|link| link.epoch == epoch).map(|link| &link.applicant)
    }

    /// Forgets a link. Its requests' sender goes, and with it the worker lets go of it.
    pub(super) fn remove(&mut self, target: TargetId) -> bool {
        self.open.remove(&target).is_some()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether others wait for the link of this one.
    pub(super) fn is_waited_for(&self, target: TargetId) -> bool {
        self.waiting.get(&target).is_some_and(|waiting| !waiting.is_empty())
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// A link whose worker is this task.
    #[cfg(test)]
    pub(super) fn pretend(&mut self, target: TargetId, task: task::Id) {
        let applicant = credentials::Applicant {
            link: 1,
            target,
            name: String::new(),
            apart: None,
            patience: Patience::default(),
        };
        let (requests, outer) = (mpsc::unbounded_channel().0, Outer::new().0);
        self.open.insert(target, Link { epoch: 1, task, requests, outer, pace: Pace::new(1), applicant });
    }

    fn is_waiting(&self, target: TargetId) -> bool {
        self.waiting.values().any(|waiting| waiting.contains(&target))
    }

    fn wait_no_more(&mut self, target: TargetId) -> bool {
        let before = self.is_waiting(target);
        self.waiting.values_mut().for_each(|waiting| waiting.retain(|other| *other != target));
        before
    }
}

impl Supervisor {
    /// A target is known now, and so are those on the way to it.
    pub(super) fn found(&mut self, found: Found) -> TargetId {
        let id = self.register(found);
        self.place(id);
        id
    }

    pub(super) fn register(&mut self, found: Found) -> TargetId {
        let (target, new) = self.registry.found(found);
        let id = target.id;
        if new {
            self.states.insert(id, LinkState::Idle);
        }
        id
    }

    /// Puts a target behind the one through which it is reached, and tells of both.
    pub(super) fn place(&mut self, id: TargetId) {
        let outer = self.registry.address(id).and_then(Address::outer);
        let through = outer.map(|outer| match self.registry.named(&outer.to_string()) {
            Some(known) => known,
            None => self.found(Found::on_the_way(outer)),
        });
        self.put_behind(id, through);
    }

    pub(super) fn put_behind(&mut self, id: TargetId, through: Option<TargetId>) {
        let persons = self.registry.get(id).is_some_and(|target| target.origin != Origin::Code);
        if let Some(through) = through.filter(|_| persons) {
            self.registry.keep(through);
        }
        if let Some(target) = self.registry.put_behind(id, through) {
            let change = TargetChange::Found(target.clone());
            self.tell(id, change);
        }
    }

    pub(super) fn connect(&mut self, target: TargetId) {
        let under_way = self.links.get(target).is_some() || self.links.is_waiting(target);
        if under_way || self.seats.is_waiting(target) {
            return;
        }
        match self.registry.get(target).and_then(|target| target.through) {
            None => self.open(target, None),
            Some(through) => {
                self.connect(through);
                self.approach(target, through);
            }
        }
    }

    /// Opens a link through another, once that one is ready.
    fn approach(&mut self, target: TargetId, through: TargetId) {
        match (self.states.get(&through), self.links.get(through)) {
            (Some(LinkState::Ready(_)), Some(link)) => {
                let from = (link.outer.clone(), link.pace.clone());
                self.open(target, Some(from));
            }
            (_, Some(_)) => self.wait(target, through),
            (_, None) if self.links.is_waiting(through) => self.wait(target, through),
            // The one on the way has failed already.
            (_, None) => {}
        }
    }

    fn wait(&mut self, target: TargetId, through: TargetId) {
        self.links.waiting.entry(through).or_default().push(target);
        self.state(target, LinkState::Queued);
    }

    fn open(&mut self, target: TargetId, from: Option<(Outer, Pace)>) {
        let Some(address) = self.registry.address(target) else { return };
        let Some(hop) = address.last().cloned() else { return };
        // Those beyond another take none of this machine's files.
        let seat = if from.is_none() { self.seats.take() } else { None };
        if from.is_none() && seat.is_none() {
            return self.wait_for_a_seat(target);
        }
        let (outer, pace) = from.unzip();
        self.links.epoch += 1;
        let epoch = self.links.epoch;
        let patience = Patience::default();
        let (beyond, wanted) = Outer::new();
        let asker = Asker {
            link: epoch,
            questions: self.questions.0.clone(),
            helper: self.helper(&hop),
            patience: patience.clone(),
        };
        let (sender, requests) = mpsc::unbounded_channel();
        let worker = Worker {
            target,
            epoch,
            route: Route { hop, outer, asker: Some(asker) },
            options: self.config.opening.clone(),
            pace: pace.unwrap_or_else(|| self.pace.clone()),
            room: Arc::clone(&self.room),
            requests,
            beyond: (beyond.clone(), wanted),
            reports: self.reports.0.clone(),
            library: Arc::clone(&self.config.library),
            clock: self.clock,
        };
        let work = async move {
            worker.work().await;
            drop(seat); // its files are closed
        };
        let task = self.workers.spawn(work).id();
        let name = self.registry.get(target).map(|target| target.name.clone()).unwrap_or_default();
        let apart = self.apart(target);
        let pace = Pace::new(self.config.connects_at_once);
        let applicant = credentials::Applicant { link: epoch, target, name, apart, patience };
        self.links
            .open
            .insert(target, Link { epoch, task, requests: sender, outer: beyond, pace, applicant });
        self.state(target, LinkState::Queued);
    }

    /// Where ssh is to ask, which must be there before it starts. Without it nobody can be asked: that is said once.
    fn helper(&mut self, hop: &Hop) -> Option<Helper> {
        let Way::Ssh { .. } = hop.way else { return None };
        if self.askpass.is_none() {
            let server = askpass::listen(self.questions.0.clone(), self.config.program.clone());
            self.askpass = Some(server.map_err(|error| {
                let why = format!("ssh cannot ask for passwords: no socket for that could be made: {error}");
                self.notice(Level::Warning, why);
            }));
        }
        Some(self.askpass.as_ref()?.as_ref().ok()?.helper.clone())
    }

    /// Workers report their own ends. One that broke cannot, and what waits for it must not wait for ever.
    pub(super) fn worker_ended(&mut self, ended: Result<(), JoinError>) {
        let Err(error) = ended else { return };
        let broken = self.links.open.iter().find(|(_, link)| link.task == error.id());
        if let Some(target) = broken.map(|(target, _)| *target) {
            self.forget(target);
            let why = format!("a fault of hailer itself ended the link, please report it: {error}");
            self.state(target, LinkState::Lost { why });
        }
    }

    pub(super) fn sever(&mut self, target: TargetId) {
        let waited = self.links.wait_no_more(target) | self.seats.wait_no_more(target) | self.give_up(target);
        if self.forget(target) || waited {
            self.state(target, LinkState::Closed);
        }
    }

    /// Lets go of a link, and of what it asked.
    fn forget(&mut self, target: TargetId) -> bool {
        if let Some(applicant) = self.links.applicant(target).cloned() {
            self.let_go_of_questions(&applicant);
        }
        self.links.remove(target)
    }

    pub(super) fn state(&mut self, target: TargetId, state: LinkState) {
        self.states.insert(target, state.clone());
        self.tell(target, TargetChange::Link(state.clone()));
        // Those that waited for what has just come up or ended: a run may begin it anew, and others wait for that then.
        let on_its_way = matches!(
            state,
            LinkState::Queued | LinkState::Connecting | LinkState::Booting | LinkState::Retrying { .. }
        );
        let waited = if on_its_way { None } else { self.links.waiting.remove(&target) };
        self.run(|runs: &mut Runs, links, step| runs.link(target, links, step));
        self.beyond(target, &state, waited.unwrap_or_default());
        self.reached(target, &state);
        self.heed_loss(target, &state);
    }

    /// What a link's state means for those beyond it, and for those of them that waited for it.
    fn beyond(&mut self, target: TargetId, state: &LinkState, waited: Vec<TargetId>) {
        let ended = match state {
            LinkState::Ready(_) => None,
            LinkState::Unreachable(failure) => Some(failure.clone()),
            LinkState::Lost { why } => Some(Failure::at(Stage::Connect, why.clone())),
            LinkState::Closed => Some(Failure::at(Stage::Connect, "its link was closed")),
            LinkState::Idle
            | LinkState::Queued
            | LinkState::Connecting
            | LinkState::Booting
            | LinkState::Retrying { .. } => return,
        };
        for one in waited {
            if self.links.get(one).is_some() || self.links.is_waiting(one) {
                continue; // begun anew meanwhile
            }
            match &ended {
                None => self.approach(one, target),
                Some(failure) => {
                    let failure = self.on_the_way(target, failure);
                    self.state(one, LinkState::Unreachable(failure));
                }
            }
        }
        let Some(failure) = ended else { return };
        let why = self.on_the_way(target, &failure).why;
        for behind in self.registry.behind(target) {
            if self.forget(behind) {
                self.state(behind, LinkState::Lost { why: why.clone() });
            }
        }
    }

    /// The failure of one on the way, as those beyond it tell it.
    fn on_the_way(&self, target: TargetId, failure: &Failure) -> Failure {
        let name = self.registry.get(target).map_or("?", |target| target.name.as_str());
        Failure { why: format!("on the way, {name}: {}", failure.why), ..failure.clone() }
    }

    /// What sets the answers for this target apart (see [`credentials::Applicant::apart`]): which program asks, and where
    /// it does, unless it is one that is used with the same password on many hosts. Code on a host gets nothing that was
    /// typed for a person's own links.
    pub(super) fn apart(&self, target: TargetId) -> Option<String> {
        let target = self.registry.get(target)?;
        let through = self.registry.get(target.through?)?;
        let here = self.registry.address(through.id).is_some_and(Address::is_here);
        match target.kind {
            Kind::Sudo | Kind::Su | Kind::Doas if here || target.origin != Origin::Code => {
                Some(format!("{:?}", target.kind))
            }
            kind if target.origin == Origin::Code && !here => {
                Some(format!("{kind:?} from {} for its code", through.name))
            }
            kind => Some(format!("{kind:?} from {}", through.name)),
        }
    }
}
