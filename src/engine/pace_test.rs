//! Room for connects, and the refusals of one target, at times that the test makes up.

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn room_grows_fast_until_a_refusal_and_slowly_after_it() {
    let (mut rate, now) = (Rate::new(32), Instant::now());
    assert_eq!(rate.room, FIRST);
    for _ in 0..10 {
        rate.came_up(now, true);
    }
    assert_eq!(rate.room, 20);
    rate.refused(now);
    assert_eq!(rate.room, 10);
    for _ in 0..10 + 11 {
        rate.came_up(now, true);
    }
    assert_eq!(rate.room, 12);
    for _ in 0..1000 {
        rate.came_up(now, true);
    }
    assert_eq!(rate.room, 32);
}

#[test]
fn connects_that_take_long_make_no_room() {
    let (mut rate, now) = (Rate::new(32), Instant::now());
    for _ in 0..100 {
        rate.came_up(now, false);
    }
    assert_eq!((rate.room, rate.came_up), (FIRST, Some(now)));
}

#[test]
fn refusals_that_come_together_halve_once_and_never_below_the_least() {
    let (mut rate, now) = (Rate::new(32), Instant::now());
    for after in [0, 10, 499] {
        rate.refused(now + ms(after));
    }
    assert_eq!(rate.room, 5);
    for after in [500, 1000, 1500, 2000] {
        rate.refused(now + ms(after));
    }
    assert_eq!(rate.room, LEAST);
    let mut narrow = Rate::new(0);
    narrow.refused(now);
    assert_eq!(narrow.room, 1);
}

#[test]
fn a_target_that_nobody_gets_past_gives_up_after_six_refusals() {
    let (mut refusals, now) = (Refusals::default(), Instant::now());
    let pauses: Vec<_> = (0..7).map_while(|at| refusals.one_more(now + ms(at), None)).collect();
    assert_eq!(pauses, [250, 500, 1000, 2000, 4000].map(ms));
    let mut slow = Refusals::default();
    assert!(slow.one_more(now, None).is_some() && slow.one_more(now + ms(19_000), None).is_some());
    assert_eq!(slow.one_more(now + ms(20_000), None), None);
}

#[test]
fn while_others_come_up_it_goes_on_for_a_minute() {
    let (mut refusals, now) = (Refusals::default(), Instant::now());
    for second in 0..60 {
        let at = now + ms(second * 1000);
        let pause = refusals.one_more(at, (second > 0).then_some(at));
        assert!(pause.is_some_and(|pause| pause <= LONGEST), "{second}");
    }
    let at = now + ms(60_000);
    assert_eq!(refusals.one_more(at, Some(at)), None);
}

#[test]
fn time_in_line_is_no_try() {
    let (mut refusals, now) = (Refusals::default(), Instant::now());
    for minute in 0..5 {
        let at = now + ms(minute * 60_000);
        assert!(refusals.one_more(at, Some(at)).is_some(), "{minute}");
    }
}

#[test]
fn pauses_differ_and_stay_near() {
    let pauses: Vec<_> = (0..50).map(|_| about(ms(1000))).collect();
    assert!(pauses.iter().all(|pause| (ms(500)..=ms(1500)).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause != pauses[0]));
}

/// How many turns can be had at once.
async fn at_once(pace: &Pace) -> usize {
    let mut turns = Vec::new();
    while let Ok(turn) = tokio::time::timeout(ms(5), pace.turn()).await {
        turns.push(turn);
    }
    turns.len()
}

#[tokio::test]
async fn there_are_as_many_turns_as_there_is_room() {
    let pace = Pace::new(12);
    assert_eq!(at_once(&pace).await, 10);
    let (first, second) = (pace.turn().await, pace.turn().await);
    first.came_up(LONGEST);
    second.came_up(LONGEST);
    pace.turn().await.came_up(LONGEST);
    assert_eq!(at_once(&pace).await, 12);
    let refused = pace.turn().await;
    let others = [pace.turn().await, pace.turn().await];
    assert!(refused.refused(&mut Refusals::default()).is_some());
    assert_eq!(at_once(&pace).await, 4);
    drop(others);
    assert_eq!(at_once(&pace).await, 6);
}

#[tokio::test]
async fn a_halving_holds_when_every_turn_was_taken() {
    let pace = Pace::new(10);
    let mut turns = Vec::new();
    for _ in 0..10 {
        turns.push(pace.turn().await);
    }
    let refused = turns.remove(0).refused(&mut Refusals::default());
    assert!(refused.is_some());
    assert_eq!(at_once(&pace).await, 0);
    turns.truncate(5);
    assert_eq!(at_once(&pace).await, 0);
    turns.truncate(4);
    assert_eq!(at_once(&pace).await, 1);
    drop(turns);
    assert_eq!(at_once(&pace).await, 5);
}
