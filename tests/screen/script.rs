//! A script is named, read by whoever owns the terminal, and run on this machine.

use hailer::engine::code::{Code, Script};
use hailer::engine::command::{Command, RunSpec};
use hailer::engine::event::{Cell, RunChange};
use hailer::engine::target::Origin;
use hailer::tui::msg::{Effect, Msg};
use hailer::wire::value::Value;

use crate::drive::Drive;

fn script() -> Script {
    Script {
        path: "/srv/due.py".into(),
        arguments: vec!["-n".into(), "two words".into()],
        text: "main()".into(),
    }
}

/// The run that was asked for on this machine, begun on `local`.
fn begun(drive: &mut Drive) -> RunSpec {
    let mut effects = drive.effects();
    let Some(Effect::Engine(Command::RunHere(spec))) = effects.pop() else { panic!("{effects:?}") };
    assert_eq!(effects, []);
    let spec = RunSpec { targets: vec![drive.id("local")], ..spec };
    drive.run(spec.id, RunChange::Started(spec.clone()));
    spec
}

#[test]
fn a_line_is_read_and_what_it_names_runs_here() {
    let mut drive = Drive::new(100, 30).fleet(&["web1"]);
    drive.keys("kept<alt-s>due.py -n 'two words'<enter>");
    let arguments = vec!["-n".into(), "two words".into()];
    assert_eq!(drive.effects(), [Effect::ReadScript { path: "due.py".into(), arguments }]);
    assert!(drive.screen().contains("run a script"), "it stays until the file has been read");

    drive.msg(Msg::Script(Ok(script())));
    drive.found("local", Origin::BuiltIn);
    let spec = begun(&mut drive);
    assert_eq!(spec.code, Code::Script(script()));
    assert_eq!((spec.id.0, spec.timeout, spec.fanout), (1, None, None));
    let screen = drive.screen();
    assert!(!screen.contains("run a script") && screen.contains("run 1 · due.py · "), "{screen}");
    assert!(screen.contains("kept") && screen.contains("→ 1 host · web1"), "{screen}");

    drive.keys("<alt-s>");
    assert!(drive.screen().contains("due.py -n 'two words'"), "the last line is there again");
    drive.keys("<esc><esc>x");
    assert!(drive.screen().contains("keptx"), "{}", drive.screen());
}

#[test]
fn what_cannot_be_read_is_told_beside_the_line() {
    let mut drive = Drive::new(80, 24).fleet(&["web1"]);
    drive.keys("<alt-s><enter>");
    assert_eq!(drive.effects(), []);
    assert!(drive.screen().contains("which file?"));
    drive.keys("'due.py<enter>");
    assert_eq!(drive.effects(), []);
    assert!(drive.screen().contains("the single quote in column 1 is not closed"), "{}", drive.screen());
    drive.keys("<ctrl-u>none.py<enter>").effects();
    drive.msg(Msg::Script(Err("/srv/none.py: there is no such file".into())));
    assert!(drive.screen().contains("│/srv/none.py: there is no such file"), "{}", drive.screen());
    insta::assert_snapshot!("script_refused", drive.screen());
    drive.keys("x");
    assert!(!drive.screen().contains("no such file"), "it was about another line");
    drive.keys("<esc>");
    assert_eq!(drive.effects(), []);
    assert!(!drive.screen().contains("run a script"));
}

#[test]
fn a_script_is_called_by_its_file_and_its_answer_is_its_exit_code() {
    let mut drive = Drive::new(100, 30);
    drive.found("local", Origin::BuiltIn);
    drive.msg(Msg::Script(Ok(script())));
    begun(&mut drive);
    drive.value(1, "local", 3);
    assert!(drive.screen().contains("exit code 3"), "{}", drive.screen());
    assert!(drive.painted().contains("red bold underline:exit code 3"), "{}", drive.painted());
    drive.msg(Msg::Script(Ok(script())));
    begun(&mut drive);
    drive.cell(2, "local", Cell::Value { value: Value::from(0_i64) });
    assert!(drive.screen().contains("exit code 0") && !drive.painted().contains("red bold underline"));
    drive.keys("<f7>");
    assert!(
        drive.screen().contains("there is no earlier code"),
        "a script is not the editor's: {}",
        drive.screen()
    );
}

#[test]
fn a_script_that_was_lost_runs_again_as_one() {
    let mut drive = Drive::new(100, 30);
    drive.found("local", Origin::BuiltIn);
    drive.msg(Msg::Script(Ok(script())));
    begun(&mut drive);
    drive.cell(1, "local", Cell::Lost { why: "gone".into() });
    drive.keys("<alt-3>R");
    assert_eq!(drive.runs()[0].code, Code::Script(script()));
}
