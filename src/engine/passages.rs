//! The channels of a link that others use: programs relayed for hosts beyond it, calls passed on, answers to its own code.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::link::mux::Mux;
use crate::tunnel::relay::{Channel, Hold, Outer, Request};
use crate::wire::frame::{Kind, WINDOW};
use crate::wire::part::Part;

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

/// Whoever waits for credit of a channel that is over, or of a link that is, waits in vain.
impl Drop for Passage {
    fn drop(&mut self) {
        self.credit.close();
    }
}

/// A channel on which code of the host asked for something.
#[derive(Debug)]
struct Asking {
    credit: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.credit.close();
    }
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
    /// Does what somebody beyond this link asks for; `link` is how they ask. The channel of a call that was begun for them.
    pub fn ask(&mut self, request: Request, link: &Outer, mux: &mut Mux) -> Option<u32> {
        match request {
            Request::Spawn { words, reply } => {
                self.open(mux.spawn(&words.argv, words.terminal), link, reply);
            }
            Request::Eval { name, code, reply } => {
                let channel = mux.eval_for_another(&name, &code);
                self.open(channel, link, reply);
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

    fn open(&mut self, number: u32, link: &Outer, reply: oneshot::Sender<Channel>) {
        // Where nobody waits for it any more, now or before it is looked at, its hold stops it.
        let _ = reply.send(self.begin(number, link));
    }

    /// A channel that was opened just now, for whoever uses it.
    pub fn begin(&mut self, number: u32, link: &Outer) -> Channel {
        let (parts, coming) = mpsc::unbounded_channel();
        let credit = Arc::new(Semaphore::new(WINDOW as usize));
        let hold = Hold { outer: link.clone(), channel: number };
        let channel = Channel { number, parts: coming, credit: Arc::clone(&credit), hold };
        self.ours.insert(number, Passage { parts, credit });
        channel
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
        // Never more than there were at first: the mux sees to it.
        if let Some(credit) = ours.or(theirs) {
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
            if part.kind != Kind::Data {
                self.send(vec![part]).await; // bytes of a file, which nobody asked for, are no part of an answer
            }
            from.ask(Request::Taken { channel: channel.number, bytes });
            if ends {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::time::timeout;

    use super::*;
    use crate::link::mux::Caps;
    use crate::tunnel::words::Words;
    use crate::wire::frame;

    fn link() -> (Passages, Outer, mpsc::UnboundedReceiver<Request>, Mux) {
        let (outer, asked) = Outer::new();
        (Passages::default(), outer, asked, Mux::new(Caps::default()))
    }

    fn spawn(reply: oneshot::Sender<Channel>) -> Request {
        Request::Spawn { words: Words { argv: vec!["cat".into()], terminal: false }, reply }
    }

    #[tokio::test]
    async fn a_program_that_nobody_waits_for_any_more_is_stopped_whenever_they_left() {
        for leaves_late in [false, true] {
            let (mut passages, outer, mut asked, mut mux) = link();
            let (reply, channel) = oneshot::channel();
            let channel = leaves_late.then_some(channel);
            passages.ask(spawn(reply), &outer, &mut mux);
            drop(channel);
            let stop = asked.try_recv();
            assert!(matches!(stop, Ok(Request::Stop { channel: 2 })), "{leaves_late}: {stop:?}");
        }
    }

    #[tokio::test]
    async fn who_waits_for_credit_of_a_link_that_ended_waits_no_more() {
        let (mut passages, outer, mut asked, mut mux) = link();
        let (pipes, ()) =
            tokio::join!(outer.spawn(Words { argv: vec!["cat".into()], terminal: false }), async {
                let _ = passages.ask(asked.recv().await.unwrap(), &outer, &mut mux);
            });
        let mut pipes = pipes.unwrap();
        let all = vec![0; 2 * WINDOW as usize];
        let stuck = timeout(Duration::from_millis(200), pipes.stdin.write_all(&all)).await;
        assert!(stuck.is_err(), "nobody gave credit");
        drop(passages);
        let over = timeout(Duration::from_secs(5), pipes.stdin.write_all(&all)).await;
        assert!(over.expect("an end").is_err(), "its input is closed");
    }

    #[tokio::test]
    async fn a_call_is_stopped_when_who_asked_is_gone_and_gave_no_credit() {
        let (mut asking, asker, _answers, _) = link();
        let (mut passages, outer, mut wanted, mut mux) = link();
        let (reply, channel) = oneshot::channel();
        let eval = Request::Eval { name: "x".into(), code: "y".into(), reply };
        let number = passages.ask(eval, &outer, &mut mux).unwrap();
        let answer = asking.answer(1, asker);
        let passing = tokio::spawn(answer.pass(channel.await.unwrap(), outer));
        for _ in 0..8 {
            let bytes = vec![0; frame::MAX_PAYLOAD].into();
            passages.part(number, Part { kind: Kind::Item, flags: 0, bytes }, &mut mux);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(asking);
        let stopped = timeout(Duration::from_secs(5), async {
            while !matches!(wanted.recv().await, Some(Request::Stop { channel }) if channel == number) {}
        });
        stopped.await.expect("it is stopped");
        Part::refusal("over").into_iter().for_each(|part| passages.part(number, part, &mut mux));
        timeout(Duration::from_secs(5), passing).await.expect("an end").unwrap();
    }
}
