//! From typed code to what the engine is asked.

use hailer::engine::code::Script;
use hailer::engine::command::{Command, Interrupt, RunId};
use hailer::engine::event::{Cell, Event, Millis, Phase, RunChange, TargetChange};
use hailer::engine::rollout::Steps;
use hailer::engine::target::{AgentInfo, LinkState, Origin, TargetId};
use hailer::inventory::protected::Protected;
use hailer::tui::care::Care;
use hailer::tui::msg::{Effect, Msg};
use ratatui::crossterm::event::Event as Input;

use crate::drive::Drive;

#[test]
fn what_was_named_is_what_a_run_hits_until_the_person_chooses() {
    let mut drive = Drive::new(120, 40).fleet(&["web1", "web2", "db1"]);
    drive.found("alias", Origin::SshConfig);
    assert!(drive.screen().contains("→ 3 hosts"), "{}", drive.screen());
    drive.keys("uptime()<f5>");
    let specs = drive.runs();
    assert_eq!(specs[0].code.text(), "uptime()");
    let mut targets = specs[0].targets.clone();
    targets.sort();
    assert_eq!(targets, [TargetId(0), TargetId(1), TargetId(2)]);
}

#[test]
fn this_machine_is_selected_where_nothing_was_named() {
    let mut drive = Drive::new(120, 40);
    drive.found("local", Origin::BuiltIn);
    drive.found("web1", Origin::SshConfig);
    assert!(drive.screen().contains("→ 1 host · local"), "{}", drive.screen());
}

#[test]
fn who_is_only_on_the_way_or_was_opened_by_code_is_not_run_on_by_itself() {
    let mut drive = Drive::new(120, 40);
    drive.found("bastion", Origin::Hop);
    drive.found("web1/docker:app", Origin::Code);
    assert!(drive.screen().contains("→ no host"), "{}", drive.screen());
    drive.found("bastion/web1", Origin::Named);
    assert!(drive.screen().contains("→ 1 host · bastion/web1"), "{}", drive.screen());
    drive.keys("1<f5>");
    assert_eq!(drive.runs()[0].targets, [TargetId(2)]);
}

#[test]
fn runs_are_numbered_from_one_and_enter_runs_a_complete_line() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    let ids: Vec<_> = ["1<enter>", "<alt-enter>", "<ctrl-enter>"]
        .into_iter()
        .flat_map(|keys| drive.keys(keys).runs())
        .map(|spec| spec.id.0)
        .collect();
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn files_are_put_and_fetched_from_the_editor() {
    for (typed, ends) in [("%put /etc/hosts /tmp/", "<f5>"), ("%fetch /etc/hosts /tmp/{host}", "<enter>")] {
        let mut drive = Drive::new(120, 40).fleet(&["web1"]);
        let specs = drive.input(Input::Paste(typed.to_owned())).keys(ends).runs();
        assert_eq!(specs.len(), 1, "{typed}: {}", drive.screen());
        assert_eq!(specs[0].code.files().expect("files").text, typed);
        assert_eq!(specs[0].timeout, None);
    }
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.input(Input::Paste("%put a".into()));
    assert!(drive.keys("<f5>").runs().is_empty());
    assert!(drive.screen().contains("it is %put LOCAL REMOTE"), "{}", drive.screen());
}

#[test]
fn nothing_is_sent_without_hosts_without_code_or_with_doubtful_code_at_first() {
    let mut drive = Drive::new(120, 40);
    assert_eq!(drive.keys("1<f5>").effects(), []);
    assert!(drive.screen().contains("no host is selected"));
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    assert_eq!(drive.keys("<f5>").effects(), []);
    assert!(drive.screen().contains("there is no code"));
    assert_eq!(drive.keys("print 'x'<f5>").effects(), []);
    assert!(drive.screen().contains("nothing was sent"), "{}", drive.screen());
    assert_eq!(drive.keys("<f5>").runs().len(), 1);
}

#[test]
fn a_paste_never_runs_and_is_not_indented() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.input(Input::Paste("if x:\n  rm()\nrm()\n".into()));
    assert_eq!(drive.effects(), []);
    let code = drive.keys("<f5>").runs().remove(0).code;
    assert_eq!(code.text(), "if x:\n  rm()\nrm()\n");
}

#[test]
fn many_hosts_are_asked_about_with_the_focus_on_cancel() {
    let names: Vec<_> = (1..=60).map(|number| format!("web{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut drive = Drive::new(120, 40).fleet(&names);
    drive.keys("reboot()<f5>");
    assert_eq!(drive.effects(), []);
    assert!(drive.screen().contains("run this on 60 hosts?"));
    drive.keys("<enter>");
    assert_eq!(drive.effects(), []);
    drive.keys("<f5>").input(Input::Paste("\t\n\n".into()));
    assert_eq!(drive.effects(), []);
    assert_eq!(drive.keys("<tab><enter>").runs()[0].targets.len(), 60);
    drive.keys("<f5><right><esc>");
    assert_eq!(drive.effects(), []);
    assert!(!drive.screen().contains("run this on"));
}

#[test]
fn earlier_code_is_loaded_and_never_run() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("first()<f5>").runs();
    drive.keys("<ctrl-c><ctrl-c>").wait(6_000);
    drive.keys("second()<f7>");
    assert!(drive.screen().contains("first()"), "{}", drive.screen());
    drive.keys("<f8>");
    assert!(drive.screen().contains("second()"), "{}", drive.screen());
    assert!(drive.runs().is_empty());
}

#[test]
fn the_palette_adds_targets_and_reaches_actions_of_other_panes() {
    let mut drive = Drive::new(120, 40).fleet(&["web1"]);
    drive.keys("<f2>add db[1-2]<enter>");
    let command = Command::Add { text: "db[1-2]".into(), connect: true };
    assert_eq!(drive.effects(), [Effect::Engine(command)]);
    drive.keys("<f2>mark-none<enter>");
    assert!(drive.screen().contains("→ no host"), "{}", drive.screen());
    assert!(drive.screen().contains("▸fleet"), "{}", drive.screen());
}

#[test]
fn a_users_choice_stays_when_more_is_found() {
    let mut drive = Drive::new(120, 40).fleet(&["web1", "web2"]);
    drive.keys("<alt-1>A");
    drive.found("web3", Origin::Named);
    assert!(drive.screen().contains("→ no host"), "{}", drive.screen());
}

#[test]
fn one_host_runs_first_and_a_key_lets_the_others_begin() {
    let mut drive = Drive::new(120, 40).fleet(&["web1", "web2", "web3"]);
    drive.keys("restart()<alt-o>");
    let spec = drive.runs().remove(0);
    assert_eq!((spec.targets.len(), spec.steps), (3, Some(Steps::ONE_THEN_ASK)));
    let phase = Phase { step: 1, steps: 2, size: 1, left: 2, waits: false };
    drive.run(RunId(1), RunChange::Step(phase)).cell(1, "web1", Cell::Running);
    assert!(drive.screen().contains("step 1/2: then it waits for you"), "{}", drive.screen());
    assert_eq!(drive.keys("<alt-g>").effects(), [], "the step is not over");
    drive.value(1, "web1", 1).run(RunId(1), RunChange::Step(Phase { waits: true, ..phase }));
    drive.wait(6_000);
    assert!(drive.screen().contains("run 1 waits after step 1 of 2: Alt-g goes on"), "{}", drive.screen());
    insta::assert_snapshot!("held", drive.screen());
    drive.link(drive.id("web2"), LinkState::Lost { why: "gone".into() });
    assert!(drive.screen().contains("run 1 waits after step 1 of 2"), "{}", drive.screen());
    let go_on = Command::GoOn { run: RunId(1), yes: true };
    assert_eq!(drive.keys("<alt-g>").effects(), [Effect::Engine(go_on)]);
    let phase = Phase { step: 2, steps: 2, size: 2, left: 0, waits: false };
    drive.run(RunId(1), RunChange::Step(phase));
    assert!(!drive.screen().contains("waits"), "{}", drive.screen());
    let cancel = Command::Cancel { run: RunId(1), only: None, how: Interrupt::Soft };
    assert_eq!(drive.keys("<ctrl-c>").effects(), [Effect::Engine(cancel)]);
}

#[test]
fn runs_are_cut_into_the_steps_that_the_palette_was_told_of() {
    let mut drive = Drive::new(120, 40).fleet(&["web1", "web2", "web3"]);
    drive.keys("<f2>steps first 1 batch 50% halt-at 2<enter>");
    assert!(drive.screen().contains("· first 1, batches of 50%, gate none, halt at 2"), "{}", drive.screen());
    let steps = "first 1 batch 50% halt-at 2".parse::<Steps>().expect("steps");
    assert_eq!(drive.keys("1<f5>").runs()[0].steps, Some(steps));
    drive.keys("<f2>steps first none<enter>");
    assert!(drive.screen().contains("`none` is no number of targets"), "{}", drive.screen());
    drive.keys("<f2>steps off<enter>");
    assert_eq!(drive.keys("<f5>").runs()[0].steps, None);
}

/// Hosts of which some are protected.
fn guarded(names: &[&str]) -> Drive {
    let patterns = ["web-prod*".to_owned(), "db1".to_owned()];
    let protected = Protected::read(&patterns).expect("patterns");
    Drive::with_care(120, 40, Care { confirm_over: 50, protected, ..Care::default() }).fleet(names)
}

#[test]
fn protected_hosts_turn_the_title_and_want_their_number_typed() {
    let mut drive = guarded(&["web-prod1", "web-prod2", "web1", "web2"]);
    assert!(drive.screen().contains("→ ▲ 2 protected · 4 hosts"), "{}", drive.screen());
    let title =
        drive.painted().lines().find(|line| line.contains("2 protected")).unwrap_or_default().to_owned();
    assert!(title.contains("red") && title.contains("bold"), "{title}");
    drive.keys("restart()<f5>");
    assert_eq!(drive.effects(), []);
    insta::assert_snapshot!("protected", drive.screen());
    drive.input(Input::Paste("2\n".into()));
    assert!(drive.screen().contains("what is pasted confirms nothing"), "{}", drive.screen());
    assert_eq!(drive.keys("4<enter>").effects(), [], "all of them is not how many are protected");
    assert!(drive.screen().contains("That is not how many"), "{}", drive.screen());
    assert_eq!(drive.keys("<backspace>2<enter>").runs()[0].targets.len(), 4);
    drive.keys("<f5><enter>");
    assert_eq!(drive.effects(), [], "Enter alone leaves it");
    assert!(!drive.screen().contains("run this on"), "{}", drive.screen());
    drive.keys("<f5>2<esc>");
    assert_eq!(drive.effects(), []);
}

#[test]
fn running_on_one_and_running_again_ask_for_the_same_consent() {
    let mut drive = guarded(&["db1", "web1"]);
    drive.keys("restart()<alt-o>");
    assert!(drive.effects().is_empty() && drive.screen().contains("in steps: first 1, gate ask"));
    let spec = drive.keys("1<enter>").runs().remove(0);
    assert_eq!(spec.steps, Some(Steps::ONE_THEN_ASK));
    drive.raised(1, "db1", "ValueError", "x").value(1, "web1", 1).run(RunId(1), RunChange::Finished);
    drive.keys("<alt-3>R");
    assert!(
        drive.effects().is_empty() && drive.screen().contains("run this on 1 host?"),
        "{}",
        drive.screen()
    );
    assert_eq!(drive.keys("1<enter>").runs()[0].targets, [TargetId(0)]);
}

#[test]
fn without_a_protected_host_nobody_is_asked() {
    let mut drive = guarded(&["db1", "web1"]);
    drive.keys("<alt-1>A").keys("<down>m<alt-2>1<f5>");
    assert_eq!(drive.runs()[0].targets, [TargetId(1)]);
    assert!(!drive.screen().contains("protected"), "{}", drive.screen());
}

#[test]
fn what_a_run_costs_is_told_before_it_begins() {
    let names: Vec<_> = (1..=60).map(|number| format!("web{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut drive = Drive::new(120, 40).fleet(&names);
    let old = AgentInfo { python: (3, 6, 15), implementation: "CPython".into(), ..AgentInfo::default() };
    drive.link(drive.id("web7"), LinkState::Ready(old));
    drive.link(drive.id("web9"), LinkState::Lost { why: "gone".into() });
    drive.keys("<alt-1>A<space><alt-2>(x := 1)<f5>").runs();
    drive.value(1, "web1", 1).wait(2_000).run(RunId(1), RunChange::Finished).wait(6_000);
    drive.keys("<alt-1>a<alt-2><f5>");
    let screen = drive.screen();
    for words in [
        "59 more than last time, in run 1",
        "59 ready, 1 to be connected first",
        "Python too old on web7: named assignment expression (`:=`) on Python 3.6",
        "the same code took 2.0s in run 1",
    ] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    insta::assert_snapshot!("costs", screen);
}

#[test]
fn a_broken_configuration_lets_nothing_run_unasked() {
    let care = Care { unsure: true, ..Care::default() };
    let mut drive = Drive::with_care(80, 24, care).fleet(&["web1"]);
    drive.keys("1<f5>");
    assert!(drive.effects().is_empty() && drive.screen().contains("what it protects is not known"));
    assert_eq!(drive.keys("<tab><enter>").runs().len(), 1);
}

#[test]
fn a_read_only_console_runs_nothing_by_whatever_way() {
    let care = Care { read_only: true, confirm_over: 1, ..Care::default() };
    let mut drive = Drive::with_care(120, 40, care).fleet(&["web1", "web2"]);
    assert!(drive.screen().contains("→ read-only · 2 hosts"), "{}", drive.screen());
    let script = Script { path: "x.py".into(), arguments: Vec::new(), text: "1".into() };
    for step in 0..5 {
        match step {
            0 => drive.keys("1<f5>"),
            1 => drive.keys("<alt-o>"),
            2 => drive.keys("<alt-1>A<space><alt-2><f5>"),
            3 => drive.keys("<f2>run<enter>"),
            _ => drive.msg(Msg::Script(Ok(script.clone()))),
        };
        assert_eq!(drive.effects(), [], "{step}");
        assert!(drive.screen().contains("this console is read-only"), "{}", drive.screen());
        drive.wait(6_000);
    }
    drive.keys("<alt-1>r");
    assert_eq!(drive.effects(), [Effect::Engine(Command::Connect(vec![TargetId(0)]))], "looking is allowed");
}

#[test]
fn a_script_is_asked_about_where_it_may_reach_protected_hosts() {
    let script = || Msg::Script(Ok(Script { path: "x.py".into(), arguments: Vec::new(), text: "1".into() }));
    let mut drive = guarded(&["web1"]);
    drive.msg(script());
    assert!(drive.effects().is_empty() && drive.screen().contains("a script may reach protected hosts"));
    let run = drive.keys("<tab><enter>").effects();
    assert!(matches!(&run[..], [Effect::Engine(Command::RunHere(_))]), "{run:?}");
}

#[test]
fn a_guarded_run_says_so_and_whom_it_will_skip() {
    let care = Care { guard: true, confirm_over: 1, ..Care::default() };
    let mut drive = Drive::with_care(120, 40, care).fleet(&["web1", "web2"]);
    let old = AgentInfo { python: (3, 7, 16), implementation: "CPython".into(), ..AgentInfo::default() };
    drive.link(drive.id("web2"), LinkState::Ready(old));
    assert!(drive.screen().contains("→ guarded · 2 hosts"), "{}", drive.screen());
    drive.keys("look()<f5>");
    let screen = drive.screen();
    assert!(screen.contains("Python too old on web2: 3.7 has no guard rail, skipped"), "{screen}");
    assert!(screen.contains("under the guard rail"), "{screen}");
    assert!(drive.keys("<tab><enter>").runs()[0].guard);
}

#[test]
fn a_saved_module_runs_the_last_run_again_only_where_that_was_armed() {
    let mut drive = Drive::new(120, 40).fleet(&["web1", "web2"]);
    let saved = |drive: &mut Drive, id: u32| {
        let change = TargetChange::Outdated(true);
        drive.event(Event::Target { id: TargetId(id), at: Millis(1_000_001), change });
        drive.runs()
    };
    drive.keys("import ops<f5>");
    let first = drive.runs().remove(0);
    let finish = |drive: &mut Drive, id| {
        for target in [TargetId(0), TargetId(1)] {
            let cell = Cell::Skipped { why: "for the test".into() };
            drive.run(id, RunChange::Cell { target, cell });
        }
        drive.run(id, RunChange::Finished);
    };
    finish(&mut drive, first.id);
    assert_eq!(saved(&mut drive, 0), [], "it is not armed");
    drive.keys("<alt-w>");
    assert!(drive.screen().contains("saving a module runs the last run again"), "{}", drive.screen());
    let again = saved(&mut drive, 0);
    assert_eq!((again[0].code.text(), &again[0].targets), ("import ops", &first.targets));
    assert_eq!(saved(&mut drive, 1), [], "it is under way already");
    finish(&mut drive, again[0].id);
    drive.keys("<alt-w>");
    assert_eq!(saved(&mut drive, 1), [], "it is not armed any more");
}
