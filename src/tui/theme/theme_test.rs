use std::fs;

use ratatui::style::{Color, Modifier};

use super::*;

fn own(text: &str) -> Result<Theme, String> {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("own.toml"), text).expect("a file");
    Theme::load("own", Some(dir.path()), Depth::True)
        .map_err(|error| error.to_string().replace(&format!("{}/", dir.path().display()), ""))
}

#[test]
fn roles_stand_in_the_order_of_the_enum_and_have_one_name_each() {
    for (index, (role, name)) in ROLES.iter().enumerate() {
        assert_eq!(*role as usize, index, "{name}");
        assert_eq!(ROLES.iter().filter(|(_, other)| other == name).count(), 1, "{name}");
    }
}

#[test]
fn every_built_in_theme_loads_and_names_every_root_role() {
    for (name, _) in BUILT_IN {
        Theme::load(name, None, Depth::True).expect(name);
    }
    let default = BUILT_IN[0].1;
    for (_, role) in ROLES.iter().filter(|(_, role)| !role.contains('.')) {
        assert!(default.lines().any(|line| line.starts_with(&format!("{role} = "))), "{role}");
    }
}

#[test]
fn the_default_uses_the_terminals_own_colours_only() {
    let theme = Theme::plain(Depth::True);
    for (role, name) in ROLES {
        let style = theme.style(role);
        assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{name}");
        assert_eq!(style.bg, None, "{name}");
        assert!(!matches!(style.fg, Some(Color::White | Color::Black | Color::Gray)), "{name}");
    }
}

#[test]
fn without_colour_the_cursor_the_focus_and_errors_still_show() {
    for (name, _) in BUILT_IN {
        let theme = Theme::load(name, None, Depth::Plain).expect(name);
        for (role, label) in ROLES {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{name} {label}");
        }
        for role in [Role::RowFocus, Role::TitleFocus, Role::Error, Role::Warn, Role::Mark, Role::Match] {
            assert!(!theme.style(role).add_modifier.is_empty(), "{name}: {} is invisible", role.name());
        }
    }
}

#[test]
fn colours_come_down_to_what_the_terminal_has() {
    let rgb = Style::new().fg(Color::Rgb(240, 120, 127)).bg(Color::Rgb(47, 59, 96));
    let indexed = Depth::Indexed.degrade(rgb);
    assert_eq!((indexed.fg, indexed.bg), (Some(Color::Indexed(210)), Some(Color::Indexed(23))));
    assert_eq!(Depth::Ansi.degrade(rgb).fg, Some(Color::LightRed));
    assert_eq!(Depth::Ansi.degrade(Style::new().fg(Color::Rgb(200, 211, 245))).fg, Some(Color::Reset));
    assert_eq!(Depth::Plain.degrade(rgb), Style::new());
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    assert_eq!(Depth::of(Some("1"), Some("truecolor"), Some("xterm")), Depth::Plain);
    assert_eq!(Depth::of(Some(""), Some("truecolor"), None), Depth::True);
    assert_eq!(Depth::of(None, None, Some("xterm-256color")), Depth::Indexed);
    assert_eq!(Depth::of(None, None, Some("linux")), Depth::Ansi);
    assert_eq!(Depth::of(None, None, Some("dumb")), Depth::Plain);
}

#[test]
fn a_users_theme_inherits_and_falls_back_at_the_dot() {
    let theme = own(concat!(
        "inherits = \"default\"\n[palette]\nmine = \"#010203\"\n",
        "[roles]\nok = { fg = \"mine\", bold = true }\n"
    ))
    .expect("a good theme");
    assert_eq!(theme.style(Role::Ok), Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
    assert_eq!(theme.style(Role::Error), Theme::plain(Depth::True).style(Role::Error));
    let bare = own("[roles]\nborder = \"42\"\ntext = \"red\"\n").expect("a good theme");
    assert_eq!(bare.style(Role::BorderFocus).fg, Some(Color::Indexed(42)));
    assert_eq!(bare.style(Role::Ok).fg, Some(Color::Red));
}

#[test]
fn a_users_theme_wins_over_the_built_in_one_of_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = "inherits = \"dusk\"\n[roles]\nok = \"blue\"\n";
    fs::write(dir.path().join("dusk.toml"), text).expect("a file");
    let theme = Theme::load("dusk", Some(dir.path()), Depth::True).expect("a good theme");
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Blue));
    assert_eq!(theme.style(Role::Text).fg, Some(Color::Rgb(0xc8, 0xd3, 0xf5)));
}

#[test]
fn errors_name_file_and_line() {
    let told = |text: &str| own(text).expect_err("a broken theme");
    assert_eq!(told("[roles]\n\nfoo = \"red\"\n"), "own.toml, line 3: there is no role `foo`");
    assert_eq!(told("[roles]\nok = \"grue\"\n"), "own.toml, line 2: `grue` is no colour");
    assert_eq!(told("[roles]\nok = { bold = 1 }\n"), "own.toml, line 2: `bold` is true or false");
    assert!(told("[roles\n").starts_with("own.toml, line 1: "));
    assert!(told("inherits = \"nobody\"\n").starts_with("own.toml, line 1: no theme is called `nobody`"));
    let error = Theme::load("../x", None, Depth::True).expect_err("a path");
    assert!(error.to_string().starts_with("no theme is called"));
}
