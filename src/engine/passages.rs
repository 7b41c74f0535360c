//! The channels of a link that others use: programs relayed for hosts beyond it, calls passed on, answers to its own code.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::link::mux::Mux;
use crate::tunnel::relay::{Channel, Outer, Request};
use crate::wire::frame::WINDOW;
use crate::wire::part::Part;

/// More credit than this is of no use to anybody, in bytes.
const MOST_CREDIT: usize = 1 << 30;

/// All passages of one link, by channel.
#[derive(Debug, Default)]
pub struct Passages {
    ours: HashMap<u32, Passage>,
    theirs: HashMap<u32, Asking>,
}

/// A channel that we opened for somebody.
#[derive(Debug)]
struct Passage {
    parts: mpsc::UnboundedSender<Part>,
    credit: Arc<Semaphore>,
}

/// A channel on which code of the host asked for something.
#[derive(Debug)]
struct Asking {
    credit: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
}

/// Where an answer to code of a host goes.
#[derive(Debug)]
pub struct Answer {
    outer: Outer,
    channel: u32,
    credit: Arc<Semaphore>,
    stopped: oneshot::Receiver<()>,
}

impl Passages {
    /// Does what somebody beyond this link asks for. The channel of a call that was begun for them.
    pub fn ask(&mut self, request: Request, mux: &mut Mux) -> Option<u32> {
        match request {
            Request::Spawn { words, reply } => self.open(mux.spawn(&words.argv, words.terminal), reply, mux),
            Request::Eval { name, code, reply } => {
                let channel = mux.eval_for_another(&name, &code);
                self.open(channel, reply, mux);
                return Some(channel);
            }
            Request::Taken { channel, bytes } => mux.taken(channel, bytes),
            Request::Stop { channel } => mux.cancel(channel, false),
            Request::Send { channel, part } => {
                mux.send(channel, &part);
                if part.ends() {
                    self.theirs.remove(&channel);
                }
            }
        }
        None
    }

    fn open(&mut self, number: u32, reply: oneshot::Sender<Channel>, mux: &mut Mux) {
        let (parts, coming) = mpsc::unbounded_channel();
        let credit = Arc::new(Semaphore::new(WINDOW as usize));
        let channel = Channel { number, parts: coming, credit: Arc::clone(&credit) };
        match reply.send(channel) {
            Ok(()) => drop(self.ours.insert(number, Passage { parts, credit })),
            // Nobody waits for it any more.
            Err(_) => mux.cancel(number, false),
        }
    }

    /// Passes a part on.
    pub fn part(&mut self, channel: u32, part: Part, mux: &mut Mux) {
        let (bytes, ends) = (part.bytes.len(), part.ends());
        let passed = self.ours.get(&channel).is_some_and(|passage| passage.parts.send(part).is_ok());
        if !passed {
            mux.taken(channel, bytes);
        }
        if ends {
            self.ours.remove(&channel);
        }
    }

    /// The agent takes more on a channel.
    pub fn credit(&self, channel: u32, bytes: u32) {
        let ours = self.ours.get(&channel).map(|passage| &passage.credit);
        let theirs = self.theirs.get(&channel).map(|asking| &asking.credit);
        if let Some(credit) = ours.or(theirs)
            && credit.available_permits() < MOST_CREDIT
        {
            credit.add_permits(bytes as usize);
        }
    }

    /// Code of the host asks on this channel; `outer` is its own link.
    pub fn answer(&mut self, channel: u32, outer: Outer) -> Answer {
        let credit = Arc::new(Semaphore::new(WINDOW as usize));
        let (stop, stopped) = oneshot::channel();
        self.theirs.insert(channel, Asking { credit: Arc::clone(&credit), stop: Some(stop) });
        Answer { outer, channel, credit, stopped }
    }

    /// It does not want the answer any more.
    pub fn stop(&mut self, channel: u32) {
        if let Some(stop) = self.theirs.get_mut(&channel).and_then(|asking| asking.stop.take()) {
            let _ = stop.send(());
        }
    }
}

impl Answer {
    /// Sends all parts, as credit allows. False: nobody is there any more.
    pub async fn send(&self, parts: Vec<Part>) -> bool {
        for part in parts {
            let Ok(permit) = self.credit.acquire_many(part.bytes.len() as u32).await else { return false };
            permit.forget();
            self.outer.ask(Request::Send { channel: self.channel, part });
        }
        true
    }

    /// Waits until the answer is not wanted any more, or whoever asked is gone.
    pub async fn stopped(&mut self) {
        let _ = (&mut self.stopped).await;
    }

    /// Passes on what comes on a channel of another link, until that is over or nobody wants it any more.
    pub async fn pass(mut self, mut channel: Channel, from: Outer) {
        let mut wanted = true;
        loop {
            let part = tokio::select! {
                part = channel.parts.recv() => part,
                () = self.stopped(), if wanted => {
                    wanted = false;
                    from.ask(Request::Stop { channel: channel.number });
                    continue;
                }
            };
            let Some(part) = part else {
                self.send(Part::refusal("the link to it ended")).await;
                return;
            };
            let (bytes, ends) = (part.bytes.len(), part.ends());
            self.send(vec![part]).await;
            from.ask(Request::Taken { channel: channel.number, bytes });
            if ends {
                return;
            }
        }
    }
}
