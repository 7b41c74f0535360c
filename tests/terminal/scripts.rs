//! A script run from the console, and the hosts that it opens.

use std::fs;
use std::process::Command;

use crate::console::Console;

const ALT_S: &str = "\x1bs";

/// A container of the test fleet with a Python, if it is up, and where its engine listens.
fn container() -> Option<(&'static str, String)> {
    const NAME: &str = "hailer-c2";
    let said = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(text)
    };
    let is_up = said(&["inspect", "--format", "{{.State.Running}}", NAME])? == "true";
    let socket = said(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])?;
    is_up.then_some((NAME, socket))
}

#[test]
fn a_script_opens_a_container_which_stands_in_the_fleet_until_it_ends() {
    let Some((container, socket)) = container() else {
        return eprintln!("SKIPPED: no container of the test fleet is up");
    };
    let console = Console::start(&["--no-config", "local"], &[("DOCKER_HOST", &socket)], 120, 30);
    let screen = &console.screen;
    screen.wait_for("1 ready");
    let go_on = console.home.path().join("go-on");
    let text = format!(
        "import os, sys, time\n\
         from hailer import Docker\n\
         def there(word):\n    print('spoken', word)\n    return 6 * 7\n\
         print('answer', Docker('{container}').call(there, sys.argv[1]))\n\
         while not os.path.exists({go_on:?}):\n    time.sleep(0.02)\n\
         sys.exit(3)\n"
    );
    fs::write(console.home.path().join("nest.py"), text).expect("a script");

    screen.keys(ALT_S);
    screen.wait_for("run a script");
    screen.keys("~/nest.py 'two words'\r");
    let row = format!("docker:{container}");
    let screen_now = screen.wait("the container's words and the answer", |text| {
        text.contains("spoken two words") && text.contains("answer 42")
    });
    let spoken = screen_now.lines().find(|line| line.contains("spoken two words")).expect("the line");
    assert!(spoken.contains(&row), "its lines bear its name:\n{screen_now}");
    assert!(screen_now.contains("run 1 · nest.py") && screen_now.contains("2 ready"), "{screen_now}");
    assert!(screen_now.contains("opened by code 1"), "{screen_now}");

    fs::write(go_on, "").expect("a file");
    let ended = screen.wait("its end", |text| text.contains("exit code 3") && text.contains("1 gone"));
    assert!(ended.contains("1 ready"), "{ended}");
    screen.keys(ALT_S);
    screen.wait_for("~/nest.py 'two words'");
}

#[test]
fn what_a_script_does_not_catch_is_printed_and_its_exit_code_is_one() {
    let console = Console::ready();
    fs::write(console.home.path().join("bad.py"), "def broken():\n    return 1 / 0\nbroken()\n")
        .expect("a script");
    console.screen.keys(ALT_S);
    console.screen.wait_for("run a script");
    console.screen.keys("~/none.py\r");
    console.screen.wait_for("none.py: there is no such file");
    console.screen.keys("\x15~/bad.py\r");
    let text = console.screen.wait_for("exit code 1");
    assert!(text.contains("ZeroDivisionError") && text.contains("in broken"), "{text}");
}
