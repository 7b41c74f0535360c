use super::*;
use crate::tui::keys::macro_keys;
use crate::tui::theme::Depth;

fn editor() -> EditorPane {
    EditorPane::new(&Theme::plain(Depth::True))
}

fn typed(editor: &mut EditorPane, keys: &str) -> Vec<Typed> {
    let keys = macro_keys(keys).expect("a macro");
    keys.into_iter().map(|chord| editor.key(chord.event())).filter(|typed| *typed != Typed::Taken).collect()
}

#[test]
fn enter_runs_only_a_complete_single_line() {
    let mut editor = editor();
    assert_eq!(typed(&mut editor, "1 + 1<enter>"), [Typed::Run]);
    let mut editor = self::editor();
    assert_eq!(typed(&mut editor, "for i in x:<enter>emit(i)<enter>"), []);
    assert_eq!(editor.code(), "for i in x:\n    emit(i)\n    ");
    let mut editor = self::editor();
    assert_eq!(typed(&mut editor, "f(1)<left><enter>"), []);
    assert_eq!(editor.code(), "f(1\n)");
}

#[test]
fn a_paste_is_taken_as_it_is() {
    let mut editor = editor();
    editor.paste("if x:\r\n\tpass\r\n\u{1b}[31mrm()\n").expect("room");
    assert_eq!(editor.code(), "if x:\n\tpass\n[31mrm()\n");
    assert!(editor.paste(&"x".repeat(LONGEST)).is_err());
}

#[test]
fn backspace_takes_a_whole_step_of_indentation() {
    let mut editor = editor();
    typed(&mut editor, "if x:<enter>a<backspace>");
    assert_eq!(editor.code(), "if x:\n    ");
    typed(&mut editor, "<backspace>");
    assert_eq!(editor.code(), "if x:\n");
}

#[test]
fn a_control_enter_that_comes_as_control_j_destroys_nothing() {
    let mut editor = editor();
    typed(&mut editor, "abc<ctrl-j>");
    assert_eq!(editor.code(), "abc\n");
}

#[test]
fn doubtful_code_is_ready_only_when_asked_again_unchanged() {
    let mut editor = editor();
    typed(&mut editor, "print 'x'");
    assert!(matches!(editor.ready(), Ready::Doubtful(why) if why.starts_with("line 1, column ")));
    assert_eq!(editor.ready(), Ready::Yes("print 'x'".into()));
    typed(&mut editor, " ");
    assert!(matches!(editor.ready(), Ready::Doubtful(_)));
}

#[test]
fn an_empty_editor_has_nothing_to_send_and_ends_at_control_d() {
    let mut editor = editor();
    assert_eq!(typed(&mut editor, "<ctrl-d>"), [Typed::End]);
    typed(&mut editor, "  ");
    assert_eq!(editor.ready(), Ready::Empty);
}

#[test]
fn loading_can_be_undone() {
    let mut editor = editor();
    typed(&mut editor, "first");
    editor.load("second\nline");
    assert_eq!(editor.code(), "second\nline");
    editor.area.undo();
    editor.area.undo();
    assert_eq!(editor.code(), "first");
}
