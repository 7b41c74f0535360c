//! The loop around a run: events in, text out, signals heed.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use crate::engine::command::{Command, Interrupt, RunId};
use crate::engine::event::Event;
use crate::print::ask::Questions;
use crate::print::form::Said;
use crate::print::outcome::{CANCELLED, UNREACHED};
use crate::print::report::Report;
use crate::print::signals::Asked;
use crate::print::writer::{Writer, say};

/// The longest that a run may take to end after SIGTERM or SIGHUP.
const ENDING: Duration = Duration::from_secs(1);
/// The longest that closing the links may take.
const CLOSING: Duration = Duration::from_secs(3);

/// Follows a run to its end and answers the exit status.
///
/// Ctrl-C cancels the calls; again, it ends the links; a third time, nothing more is waited for. SIGTERM and SIGHUP end the links
/// at once. A reader that has closed our standard output ends the run without a word. What a way in asks waits for the person
/// while all else goes on.
pub async fn follow(
    run: RunId,
    report: &mut Report,
    questions: &mut Questions,
    send: &impl Fn(Command),
    events: &mut Receiver<Vec<Event>>,
    mut asked: impl AsyncFnMut() -> Asked,
) -> u8 {
    let mut writer = Writer::default();
    let mut presses = 0;
    let mut end = None;
    loop {
        if report.is_finished() && !writer.is_busy() {
            return report.exit_code();
        }
        tokio::select! {
            biased;
            word = asked() => match word {
                Asked::End => {
                    report.interrupt();
                    send(Command::Cancel { run, only: None, how: Interrupt::Hard });
                    questions.stop().into_iter().for_each(send);
                    end.get_or_insert_with(|| Instant::now() + ENDING);
                }
                Asked::Cancel if report.is_finished() => return CANCELLED, // nobody reads the rest
                Asked::Cancel => {
                    presses += 1;
                    let how = match presses {
                        1 => Interrupt::Soft,
                        2 => Interrupt::Hard,
                        _ => return CANCELLED,
                    };
                    let told = report.interrupt();
                    tokio::task::spawn_blocking(move || say(&told));
                    send(Command::Cancel { run, only: None, how });
                    questions.stop().into_iter().for_each(send);
                }
            },
            // What a step gave is written before it is asked whether to go on.
            answer = questions.answered(), if !(writer.is_busy() && questions.is_between()) => send(answer),
            () = passed(end) => return CANCELLED,
            written = writer.written() => if written.is_err() {
                return report.exit_code();
            },
            batch = events.recv(), if !writer.is_busy() => {
                let Some(batch) = batch else { return report.exit_code().max(UNREACHED) };
                let mut said = taken(report, &batch);
                batch.iter().filter_map(|event| questions.take(event, &mut said)).for_each(send);
                report.draw(&mut said, !questions.is_asking());
                writer.write(said);
            }
        }
    }
}

/// Waits for this moment; for ever, where there is none.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn taken(report: &mut Report, batch: &[Event]) -> Said {
    let mut said = Said::default();
    for event in batch {
        report.take(event, &mut said);
    }
    said
}

/// Closes every link, and waits until that is done. What hosts still say meanwhile is printed.
pub async fn close(report: &mut Report, send: &impl Fn(Command), events: &mut Receiver<Vec<Event>>) {
    send(Command::Shutdown);
    let drained = async {
        let mut writer = Writer::default();
        while let Some(batch) = events.recv().await {
            writer.write(taken(report, &batch));
            if writer.is_busy() && writer.written().await.is_err() {
                return; // nobody reads any more
            }
        }
    };
    if tokio::time::timeout(CLOSING, drained).await.is_err() {
        tracing::warn!("some links were not closed within {CLOSING:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::sync::mpsc;

    use super::*;
    use crate::engine::event::{Cell, Millis, Question, QuestionId, RunChange, Wants};
    use crate::engine::target::TargetId;
    use crate::print::json::Json;

    const RUN: RunId = RunId(1);

    /// Who has no terminal.
    fn nobody() -> Questions {
        Questions::new([(TargetId(0), "web1".into())], "/nowhere/tty")
    }

    /// What a run that is told these things sends, and its exit status. The engine answers each order with a batch.
    fn told(words: &[Asked], answer: impl Fn(&Command) -> Vec<Event>) -> (Vec<Command>, u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (tell, mut events) = mpsc::channel(8);
        let (say, mut said) = mpsc::channel(8);
        for word in words {
            say.try_send(*word).expect("room");
        }
        let orders = RefCell::new(Vec::new());
        let send = |command: Command| {
            tell.try_send(answer(&command)).expect("room");
            orders.borrow_mut().push(command);
        };
        let mut report = Report::new(RUN, [(TargetId(0), "web1".into())], Box::new(Json), false);
        let asked = async || match said.recv().await {
            Some(word) => word,
            None => std::future::pending().await,
        };
        let mut questions = nobody();
        let code = runtime.block_on(follow(RUN, &mut report, &mut questions, &send, &mut events, asked));
        drop(say);
        (orders.into_inner(), code)
    }

    fn cancel(how: Interrupt) -> Command {
        Command::Cancel { run: RUN, only: None, how }
    }

    fn silent(_: &Command) -> Vec<Event> {
        Vec::new()
    }

    #[test]
    fn the_first_press_asks_the_second_insists_the_third_goes() {
        let (sent, code) = told(&[Asked::Cancel; 3], silent);
        assert_eq!(sent, [cancel(Interrupt::Soft), cancel(Interrupt::Hard)]);
        assert_eq!(code, CANCELLED);
    }

    #[test]
    fn a_run_that_was_cancelled_ends_by_itself() {
        let over = |_: &Command| {
            let cell = RunChange::Cell { target: TargetId(0), cell: Cell::Cancelled };
            let event = |change| Event::Run { id: RUN, at: Millis(1), change };
            vec![event(cell), event(RunChange::Finished)]
        };
        let (sent, code) = told(&[Asked::Cancel], over);
        assert_eq!((sent, code), (vec![cancel(Interrupt::Soft)], CANCELLED));
    }

    #[test]
    fn a_terminate_ends_the_links_and_waits_only_a_moment() {
        let begun = std::time::Instant::now();
        assert_eq!(told(&[Asked::End], silent), (vec![cancel(Interrupt::Hard)], CANCELLED));
        assert!(begun.elapsed() < ENDING * 3);
    }

    #[tokio::test]
    async fn an_engine_that_ends_early_is_no_success() {
        let (tell, mut events) = mpsc::channel(1);
        drop(tell);
        let mut report = Report::new(RUN, [(TargetId(0), "web1".into())], Box::new(Json), false);
        let asked = async || std::future::pending().await;
        let code = follow(RUN, &mut report, &mut nobody(), &|_| {}, &mut events, asked).await;
        assert_eq!(code, UNREACHED);
    }

    #[tokio::test]
    async fn what_nobody_can_be_asked_is_answered_with_nothing_and_the_run_goes_on() {
        let (tell, mut events) = mpsc::channel(8);
        let question = Question {
            id: QuestionId(7),
            target: TargetId(0),
            text: "password: ".into(),
            wants: Wants::Secret,
            others: 0,
            note: None,
        };
        tell.try_send(vec![Event::Asked(question)]).expect("room");
        let send = |command: Command| {
            assert_eq!(command, Command::Answer { question: QuestionId(7), answer: None });
            let value = Cell::Value { value: 1.into() };
            let change = RunChange::Cell { target: TargetId(0), cell: value };
            let event = |change| Event::Run { id: RUN, at: Millis(1), change };
            tell.try_send(vec![event(change), event(RunChange::Finished)]).expect("room");
        };
        let mut report = Report::new(RUN, [(TargetId(0), "web1".into())], Box::new(Json), false);
        let asked = async || std::future::pending().await;
        assert_eq!(follow(RUN, &mut report, &mut nobody(), &send, &mut events, asked).await, 0);
    }
}
