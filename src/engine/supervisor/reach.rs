//! Code on a host that reaches others: hosts opened for it by way of its own, calls passed on to them.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::Supervisor;
use crate::engine::event::TargetChange;
use crate::engine::passages::Answer;
use crate::engine::target::{LinkState, Origin, Target, TargetId};
use crate::engine::wish::Wish;
use crate::inventory::Found;
use crate::tunnel::address::{Address, Hop};
use crate::wire::encode::encode;
use crate::wire::frame::close;
use crate::wire::part::Part;
use crate::wire::value::Value;

/// How many hosts the code of one may have open at once.
const OPENED: usize = 10_000;

/// What code asked for so far.
#[derive(Debug, Default)]
pub(super) struct Reaches {
    /// Who waits for which link, and on behalf of whose code.
    opening: HashMap<TargetId, Vec<Waiting>>,
    /// What each host's code opened, and how many times over: it may call these, and no others.
    opened: HashMap<TargetId, HashMap<TargetId, usize>>,
    /// The names on the way to what code opened, and how often code did so on that way.
    paths: HashMap<TargetId, (Vec<String>, usize)>,
}

/// Whose code waits for a link, and where the answer goes.
type Waiting = (TargetId, oneshot::Sender<Vec<Part>>);

impl Supervisor {
    /// Code on this target asks for something.
    pub(super) fn reach(&mut self, asking: TargetId, request: &[u8], answer: Answer) {
        let parts = match Wish::read(request) {
            Ok(Wish::Open { through, hop, label }) => {
                return self.reach_out(asking, through, *hop, label, answer);
            }
            Ok(Wish::Call { target, name, source }) if self.may(asking, target) => {
                return self.pass_on(target, name, source, answer);
            }
            Ok(Wish::Close { target }) => return self.let_go(asking, target, answer),
            Ok(Wish::Call { .. }) => Part::refusal("this host has opened no target of that number"),
            Err(why) => Part::refusal(why),
        };
        tell(answer, parts);
    }

    fn may(&self, asking: TargetId, target: TargetId) -> bool {
        self.reaches.opened.get(&asking).is_some_and(|opened| opened.contains_key(&target))
    }

    fn reach_out(
        &mut self,
        asking: TargetId,
        through: Option<TargetId>,
        hop: Hop,
        label: String,
        answer: Answer,
    ) {
        let from = match through {
            Some(through) if !self.may(asking, through) => {
                return tell(answer, Part::refusal("this host has opened no target of that number"));
            }
            through => through.unwrap_or(asking),
        };
        let (mut path, depth) = (self.path(from).0, self.path(asking).1 + 1);
        path.push(label);
        if depth > self.config.depth_limit {
            let why = format!("Depth limit of {} exceeded at {}", self.config.depth_limit, path.join(" -> "));
            return tell(answer, value(&Value::tuple(["depth", why.as_str()].map(Value::from))));
        }
        if self.reaches.opened.get(&asking).is_some_and(|opened| opened.len() >= OPENED) {
            let why = format!("code of one host may have {OPENED} others open at once, and no more");
            return tell(answer, Part::refusal(why));
        }
        let Some(found) = self.found_from(from, hop) else {
            return tell(answer, Part::refusal("the host it is to be reached from is not known"));
        };
        let known = self.registry.named(&found.name);
        let own = |id: &TargetId| self.registry.get(*id).is_some_and(|target| target.origin != Origin::Code);
        let target = match known.filter(own) {
            Some(persons) => persons,
            // What it is reached from on this machine has its own rules; else it is the very host whose code asks.
            None if self.registry.address(from).is_some_and(Address::is_here) => self.found(found),
            None => {
                let target = self.register(found);
                self.put_behind(target, Some(from));
                target
            }
        };
        *self.reaches.opened.entry(asking).or_default().entry(target).or_default() += 1;
        self.reaches.paths.insert(target, (path, depth));
        if let Some(LinkState::Ready(_)) = self.states.get(&target) {
            let parts = self.opened(target);
            return tell(answer, parts);
        }
        let (reply, parts) = oneshot::channel();
        self.reaches.opening.entry(target).or_default().push((asking, reply));
        tokio::spawn(when_open(answer, parts));
        self.connect(target);
    }

    /// A host that is reached from another.
    fn found_from(&self, from: TargetId, hop: Hop) -> Option<Found> {
        let mut address = self.registry.address(from)?.clone();
        address.hops.push(hop);
        // What code on this machine opens is what a person would type.
        if address.outer().is_none() {
            address = Address { hops: address.hops.split_off(1) };
        }
        Some(Found { origin: Origin::Code, ..Found::on_the_way(address) })
    }

    /// The names on the way to a target, and how many of its steps count against the limit. What a person opened is one
    /// step; from this machine itself the first one is still to come.
    fn path(&self, target: TargetId) -> (Vec<String>, usize) {
        if let Some(path) = self.reaches.paths.get(&target) {
            return path.clone();
        }
        let far = self.registry.address(target).is_some_and(|address| !address.is_here());
        let target = self.registry.get(target).filter(|_| far);
        let path: Vec<String> = target.map(|target| target.name.clone()).into_iter().collect();
        let depth = path.len();
        (path, depth)
    }

    fn pass_on(&mut self, target: TargetId, name: String, source: String, answer: Answer) {
        let (Some(LinkState::Ready(_)), Some(link)) = (self.states.get(&target), self.links.get(target))
        else {
            return tell(answer, Part::refusal("its link is not open any more"));
        };
        let outer = link.outer.clone();
        tokio::spawn(async move {
            match outer.eval(name, source).await {
                Some(channel) => answer.pass(channel, outer).await,
                None => drop(answer.send(Part::refusal("the link to it ended")).await),
            }
        });
    }

    /// What a link's state means for code that waits for it, or that opened others.
    pub(super) fn reached(&mut self, target: TargetId, state: &LinkState) {
        let parts = match state {
            LinkState::Ready(_) => self.opened(target),
            LinkState::Unreachable(failure) => {
                let words = ["failed", failure.stage.name(), &failure.why, &failure.said];
                value(&Value::tuple(words.map(Value::from)))
            }
            LinkState::Lost { why } => value(&Value::tuple(["failed", "connect", why, ""].map(Value::from))),
            LinkState::Closed => {
                value(&Value::tuple(["failed", "connect", "its link was closed", ""].map(Value::from)))
            }
            LinkState::Idle
            | LinkState::Queued
            | LinkState::Connecting
            | LinkState::Booting
            | LinkState::Retrying { .. } => return,
        };
        let ready = matches!(state, LinkState::Ready(_));
        for (asking, waiting) in self.reaches.opening.remove(&target).unwrap_or_default() {
            // What failed, or whoever wanted it has given up, is not open: nobody will close it.
            if waiting.send(parts.clone()).is_err() || !ready {
                self.close_once(asking, target);
            }
        }
        if !ready {
            for opened in self.reaches.opened.remove(&target).unwrap_or_default().into_keys() {
                self.drop_opened(opened);
            }
        }
    }

    /// Code closes a target; told once all of the tunnel is gone, so that what had its name can be made again.
    fn let_go(&mut self, asking: TargetId, target: TargetId, answer: Answer) {
        let outer = self.links.get(target).map(|link| link.outer.clone());
        self.close_once(asking, target);
        let ending = outer.filter(|_| self.links.get(target).is_none());
        tokio::spawn(async move {
            if let Some(outer) = ending {
                outer.ended().await;
            }
            answer.send(value(&Value::from(()))).await;
        });
    }

    /// Code closes what it opened. Opened twice, it is there until it is closed twice.
    fn close_once(&mut self, asking: TargetId, target: TargetId) {
        let Some(opened) = self.reaches.opened.get_mut(&asking) else { return };
        let Some(times) = opened.get_mut(&target) else { return };
        *times -= 1;
        if *times == 0 {
            opened.remove(&target);
            self.drop_opened(target);
        }
    }

    /// Code needs a host no more, unless that of another does. One that a person knows by name stays.
    fn drop_opened(&mut self, target: TargetId) {
        if self.reaches.opened.values().any(|opened| opened.contains_key(&target)) {
            return;
        }
        self.reaches.paths.remove(&target);
        let is_code_s = |target: &Target| target.origin == Origin::Code;
        if !self.registry.get(target).is_some_and(is_code_s) {
            return;
        }
        self.sever(target);
        // It may have been forgotten meanwhile, or opened anew.
        if self.links.get(target).is_none() && self.registry.get(target).is_some_and(is_code_s) {
            self.tell(target, TargetChange::Gone);
            self.registry.forget(target);
            self.states.remove(&target);
        }
    }

    /// The answer for a link that is up.
    fn opened(&self, target: TargetId) -> Vec<Part> {
        let Some(LinkState::Ready(info)) = self.states.get(&target) else {
            return Part::refusal("it is not open");
        };
        let path = self.path(target).0.into_iter().map(|name| Value::from(name.as_str()));
        let fields = [
            ("target", Value::from(i64::from(target.0))),
            ("path", Value::list(path)),
            ("python", Value::from(info.version().as_str())),
            ("executable", Value::from(info.executable.as_str())),
            ("host", Value::from(info.host.as_str())),
        ];
        let fields = Value::dict(fields.map(|(name, value)| (Value::from(name), value)));
        value(&Value::tuple([Value::from("ok"), fields]))
    }
}

/// An answer with a value that we made ourselves.
fn value(value: &Value) -> Vec<Part> {
    match encode(value) {
        Ok(message) => Part::close(close::VALUE, message),
        Err(error) => Part::refusal(error.to_string()),
    }
}

/// Answers once the link is up or has failed, or at once when nobody wants that any more.
async fn when_open(mut answer: Answer, mut parts: oneshot::Receiver<Vec<Part>>) {
    let parts = tokio::select! {
        biased;
        parts = &mut parts => parts.unwrap_or_else(|_| Part::refusal("it was let go of")),
        () = answer.stopped() => {
            // What is there already counts as open: whoever asked closes it.
            parts.close();
            parts.try_recv().unwrap_or_else(|_| Part::close(close::CANCELLED, &b"\x80\x02N."[..]))
        }
    };
    answer.send(parts).await;
}

fn tell(answer: Answer, parts: Vec<Part>) {
    // It may have to wait for credit; whoever asked may be gone by then.
    tokio::spawn(async move { answer.send(parts).await });
}

#[cfg(test)]
#[path = "reach_test.rs"]
mod tests;
