use super::*;

struct Bench {
    watch: Watch,
    now: Instant,
    came: Came,
    slept: Duration,
    at_work: bool,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let watch = Watch::new(Some(Duration::from_secs(30)), now, Duration::ZERO);
        Self { watch, now, came: Came::default(), slept: Duration::ZERO, at_work: false }
    }

    /// The next look, at its time.
    fn look(&mut self) -> Verdict {
        self.now = self.watch.next_look();
        self.watch.look(self.now, self.came, self.slept, self.at_work)
    }

    fn answers(&mut self) -> Verdict {
        self.came.frames += 10;
        self.look()
    }

    fn lives(&mut self) -> Verdict {
        self.came.signs += 1;
        self.look()
    }
}

fn is(health: Health, seconds: u64) -> Verdict {
    Verdict::Is(health, Duration::from_secs(seconds))
}

#[test]
fn one_that_answers_is_well_and_looked_at_seldom() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        assert_eq!(bench.answers(), is(Health::Well, 0));
        assert_eq!(bench.watch.next_look() - bench.now, LOOK);
    }
}

#[test]
fn silence_is_told_by_the_second_and_ends() {
    let mut bench = Bench::new();
    bench.answers();
    assert_eq!(bench.look(), is(Health::Silent, 5));
    for second in 6..30 {
        assert_eq!(bench.look(), is(Health::Silent, second));
    }
    assert_eq!(bench.look(), Verdict::Gone(Duration::from_secs(30)));
}

#[test]
fn one_that_speaks_again_is_well_again() {
    let mut bench = Bench::new();
    bench.answers();
    for _ in 0..20 {
        bench.look();
    }
    assert_eq!(bench.answers(), is(Health::Well, 0));
    assert_eq!(bench.look(), is(Health::Silent, 5));
}

#[test]
fn one_that_shows_life_is_busy_for_as_long_as_it_likes() {
    let mut bench = Bench::new();
    bench.answers();
    assert_eq!(bench.lives(), is(Health::Busy, 5));
    for second in 6..200 {
        assert_eq!(bench.lives(), is(Health::Busy, second));
    }
    // And then it shows none any more.
    let ends = (0..40).map(|_| bench.look()).find(|verdict| matches!(verdict, Verdict::Gone(_)));
    assert_eq!(ends, Some(Verdict::Gone(Duration::from_secs(30))));
}

#[test]
fn when_it_was_we_who_did_not_look_nothing_follows() {
    let mut bench = Bench::new();
    bench.answers();
    bench.now += Duration::from_mins(10);
    assert_eq!(bench.watch.look(bench.now, bench.came, bench.slept, false), is(Health::Well, 0));
    assert_eq!(bench.look(), is(Health::Silent, 5));
}

#[test]
fn after_a_sleep_dead_links_are_found_soon_and_live_ones_stay() {
    let (mut dead, mut live) = (Bench::new(), Bench::new());
    for bench in [&mut dead, &mut live] {
        bench.answers();
        bench.slept = Duration::from_hours(1);
        bench.look();
    }
    assert_eq!(live.answers(), is(Health::Well, 0));
    assert_eq!(live.look(), is(Health::Silent, 5), "a silence after that is as any other");
    assert!((0..10).all(|_| live.look() != Verdict::Gone(Duration::from_secs(10))));
    assert!((0..6).map(|_| dead.look()).any(|verdict| verdict == Verdict::Gone(Duration::from_secs(10))));
}

#[test]
fn without_a_limit_it_may_be_silent_for_ever() {
    let mut bench = Bench::new();
    bench.watch.limit = None;
    bench.answers();
    assert!((0..10_000).all(|_| !matches!(bench.look(), Verdict::Gone(_))));
}

#[test]
fn while_code_runs_there_it_may_be_silent_for_longer() {
    let mut bench = Bench::new();
    bench.at_work = true;
    bench.answers();
    for second in 5..120 {
        assert_eq!(bench.look(), is(Health::Silent, second));
    }
    assert_eq!(bench.look(), Verdict::Gone(Duration::from_mins(2)));
}
